"""The notebooks run offline on the demo lake, and what they hold is what a run gives, whole for every reader."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.notebook_runs import CHART, NOTEBOOKS, asks, make_lake, run, texts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

LARGEST = 300_000
"""Bytes; larger ones are slow to open and to review."""
OF_A_MACHINE = re.compile(r"/(?:tmp|home|root|Users|var)/|(?<![\w.])\d+\.\d+ s\b|127\.0\.0\.1:\d")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("notebooks").resolve())


def cells_of(path: Path) -> list[Any]:
    return list(nbformat.read(path, as_version=4).cells)


def code_of(path: Path) -> list[Any]:
    return [cell for cell in cells_of(path) if cell.cell_type == "code"]


def answers_below(cell: Any) -> list[Any]:
    shown = [output.get("data", {}) for output in cell.outputs]
    return [data for data in shown if "genie-turn" in data.get("text/html", "")]


def questions_of(cell: Any) -> int:
    return len(re.findall(r"^%%?ask\b", cell.source, re.MULTILINE))


def test_there_are_five_notebooks_that_lead_from_one_to_the_next():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]
    for path, following in pairwise(NOTEBOOKS):
        assert f"]({following.name})" in "".join(cell.source for cell in cells_of(path))


@every_notebook
def test_a_run_from_top_to_bottom_gives_what_the_notebook_holds(path, lake):
    fresh = [cell for cell in run(path, lake).cells if cell.cell_type == "code"]
    for held, given in zip(code_of(path), fresh, strict=True):
        if "varies" in held.metadata.get("tags", ()):
            assert given.outputs
        else:
            said = "It is meant to change? python -m tests.notebook_runs writes the outputs anew.\n" + held.source
            assert texts(given) == texts(held), said


@every_notebook
def test_every_answer_is_held_as_html_and_as_text(path):
    asked = [cell for cell in code_of(path) if asks(cell)]
    assert asked
    for cell in asked:
        found = answers_below(cell)
        assert len(found) == questions_of(cell), cell.source
        assert all(len(data["text/plain"]) > 100 for data in found), cell.source


@every_notebook
def test_every_chart_is_held_as_a_picture(path):
    for cell in code_of(path):
        for output in cell.outputs:
            if CHART in output.get("data", {}):
                assert output.data["image/svg+xml"].startswith("<svg"), cell.source


@every_notebook
def test_outputs_are_small_and_name_no_machine_and_no_time(path):
    cells = cells_of(path)
    assert 8 <= len(cells) <= 16
    assert path.stat().st_size < LARGEST
    for cell in code_of(path):
        assert cell.outputs or "_ = " in cell.source or "%load_ext" in cell.source or "def " in cell.source, cell.source
        assert all(output.output_type != "error" for output in cell.outputs), cell.source
        assert not OF_A_MACHINE.search(str(cell.outputs)), cell.source
    assert set(nbformat.read(path, as_version=4).metadata) == {"kernelspec", "language_info"}


@every_notebook
def test_nbconvert_shows_every_answer_and_chart(path):
    notebook = nbformat.read(path, as_version=4)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    answers = [data for cell in notebook.cells if cell.cell_type == "code" for data in answers_below(cell)]
    charts = [1 for cell in notebook.cells for out in cell.get("outputs", []) if CHART in out.get("data", {})]
    assert page.count('class="genie-turn"') == len(answers) > 0
    assert page.count('src="data:image/svg+xml;base64,') == len(charts)
    assert "(a chart)" not in page
