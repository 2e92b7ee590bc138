"""Every notebook runs from top to bottom on a demo lake, offline, and is kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from genie_ext.demo.lake import DEMO_DAY, build_demo_lake

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks") / "lake"
    build_demo_lake(folder, scale=0.05)
    (folder / "genie.toml").write_text(f"today = {DEMO_DAY.isoformat()}\n")
    return folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs_and_answers(path: Path, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    monkeypatch.setenv("GENIE_LAKE", str(lake))
    monkeypatch.setenv("HOME", str(lake.parent))
    NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
    asked = [cell for cell in notebook.cells if cell.source.startswith(("%ask", "%%ask"))]
    assert asked
    for cell in asked:
        shown = "".join(str(output.get("data", {}).get("text/html", "")) for output in cell.outputs)
        assert "genie-turn" in shown, cell.source
    assert not any(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", []))
