"""Runs the notebooks on the demo lake and writes their outputs without what differs from run to run.

`python -m tests.notebook_runs` writes those of notebooks/ anew; `python -m tests.notebook_runs 02` one of them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from genie_ext.chart_files import save_chart
from genie_ext.config import load_settings
from genie_ext.demo.lake import DEMO_DAY, build_demo_lake
from genie_ext.session import Session

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
ANSWER = "application/vnd.genie.answer+json"
CHART = "application/vnd.vegalite.v5+json"

# A time that something took, and the port that a server was given.
_CHANCE = (
    (re.compile(r"(?<![\w.,])\d+(?:\.\d+)? s(?![\w/])"), "… s"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d{4,5}"), r"\1:PORT"),
)
# How sure a trained part is, and what it would rather be asked: it changes with each training, and in the last digit
# with the machine. What a call to a model would cost: it changes with the words of the prompt.
_MEASURED = (
    (re.compile(r"^Confidence .*(?:\n {13}.*)*\n?", re.MULTILINE), ""),
    (re.compile(r"^(?:I am only|Try ).*(?:\n(?! *$|Missing).*)*\n?", re.MULTILINE), ""),
    (re.compile(r"\d+(?:\.\d+)?(?= ?%)"), "N"),
    (re.compile(r"\$\d+\.\d+"), "$N"),
)
_FIGURE = re.compile(r"  [\d,]+(?:\.\d+)?$")


def make_lake(folder: Path) -> Path:
    """Write the lake of `genie demo` into a folder, with its index, and return it."""
    lake = folder / "demo-lake"
    build_demo_lake(lake)
    (lake / "genie.toml").write_text(f"today = {DEMO_DAY.isoformat()}\n")
    Session(lake, settings=load_settings(lake)).close()
    return lake


def run(path: Path, lake: Path) -> Any:
    """Return a notebook as it is after a run from top to bottom, without what differs from run to run."""
    notebook = nbformat.read(path, as_version=4)
    home = lake.parent / f"home-{path.stem}"
    for folder in (home, home / "tmp"):
        folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GENIE_", "IPYTHON"))}
    own = {"GENIE_LAKE": str(lake), "HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONWARNINGS": "ignore"}
    client = NotebookClient(notebook, timeout=180, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(home), env={**kept, **own})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_settled(output, lake) for output in _joined(cell.outputs)]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def asks(cell: Any) -> bool:
    """Tell whether a cell asks a question."""
    return bool(cell.cell_type == "code" and re.search(r"^%%?ask\b", cell.source, re.MULTILINE))


def texts(cell: Any) -> list[str]:
    """Return what a reader without HTML sees below a cell, but for how sure and how dear it was.

    Neighbouring rows of a table that end in the same figure come in any order; here they are sorted.
    """
    shown = [str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in cell.outputs]
    for pattern, put in _MEASURED:
        shown = [pattern.sub(put, text) for text in shown]
    return ["\n".join(line for rows in _rows_with_ties(text) for line in rows) for text in shown]


def _rows_with_ties(text: str) -> Iterator[list[str]]:
    """Yield the lines of a text, those next to each other that end in the same figure together and sorted."""
    for figure, found in groupby(text.splitlines(), key=lambda line: (_FIGURE.search(line) or ("",))[0]):
        lines = list(found)
        yield sorted(lines) if figure else lines


def _joined(outputs: list[Any]) -> list[Any]:
    """Return outputs with neighbouring pieces of one stream as one, and without what was only shown on the way."""
    found: list[Any] = []
    for output in outputs:
        if found and output.output_type == "stream" == found[-1].output_type and output.name == found[-1].name:
            found[-1].text += output.text
        elif output.get("data", {}).get("text/plain") != "":
            found.append(output)
    return found


def _settled(output: Any, lake: Path) -> Any:
    if "data" in output:
        # JupyterLab's own view of an answer is drawn anew with every run; a saved notebook is read in the other forms.
        output.data.pop(ANSWER, None)
        output.metadata = {}
        if CHART in output.data:
            output.data["image/svg+xml"] = _drawn(output.data[CHART], lake.parent)
    for place, key, text in list(_strings(output)):
        place[key] = _without_chance(text, lake)
    return output


def _drawn(chart: dict[str, Any], folder: Path) -> str:
    """Return a chart as a picture, for readers that draw no charts."""
    path = folder / "chart.svg"
    save_chart(chart, path)
    return path.read_text(encoding="utf-8")


def _strings(output: Any) -> Iterator[tuple[Any, str, str]]:
    """Yield each text of an output with the place where it stands."""
    for place in (output, output.get("data", {})):
        for key, value in place.items():
            if isinstance(value, str) and key in {"text", "text/plain", "text/html"}:
                yield place, key, value


def _without_chance(text: str, lake: Path) -> str:
    for pattern, put in _CHANCE:
        text = pattern.sub(put, text)
    return re.sub(rf"{re.escape(str(lake.parent))}/(?:[^\s'\"<]*/)?(?=demo-lake\b)", "", text)


def main(names: list[str]) -> None:
    """Write the outputs of all notebooks anew, or of those whose names begin so."""
    chosen = [path for path in NOTEBOOKS if not names or path.name.startswith(tuple(names))]
    with tempfile.TemporaryDirectory() as folder:
        lake = make_lake(Path(folder).resolve())
        for path in chosen:
            nbformat.write(run(path, lake), path)


if __name__ == "__main__":
    main(sys.argv[1:])
