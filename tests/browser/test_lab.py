"""An answer in JupyterLab, looked at by a browser; every test leaves a picture in out/pictures."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import PICTURES, TOKEN, write_notebook
from tests.browser.steps import IDLE, run_all

CONNECT = "%load_ext genie_ext\n%genie connect lake"
ASK = "%%ask by_channel\nTotal order amount by channel"
FRAME = "by_channel.shape"


def open_notebook(page: Page, lab: str, name: str, cells: list[str]) -> None:
    """Open a new notebook, whether or not there is a panel."""
    write_notebook(lab, name, cells)
    page.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    page.get_by_role("button", name=IDLE).wait_for(timeout=90_000)


def test_lab_shows_an_answer_with_its_chart_and_frame(lab: str, page: Page) -> None:
    open_notebook(page, lab, "answer.ipynb", [CONNECT, ASK, FRAME])
    run_all(page)
    answer = page.locator(".jp-OutputArea-output .genie-Answer").first
    expect(answer).to_be_visible(timeout=120_000)
    expect(answer).to_contain_text("web")
    expect(page.locator(".jp-OutputArea-output", has_text="(3, 2)").last).to_be_visible(timeout=60_000)
    drawing = page.locator(".vega-embed canvas, .vega-embed svg").first
    expect(drawing).to_be_visible(timeout=60_000)
    box = drawing.bounding_box()
    assert box is not None
    assert box["width"] > 200
    assert box["height"] > 60
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "lab-answer.png")


def test_lab_shows_a_refusal_as_an_answer_not_as_a_traceback(lab: str, page: Page) -> None:
    open_notebook(page, lab, "refusal.ipynb", [CONNECT, "%ask How much carbon dioxide did our deliveries cause?"])
    run_all(page)
    expect(page.locator(".jp-OutputArea-output", has_text="without guessing").first).to_be_visible(timeout=120_000)
    assert page.locator(".jp-OutputArea-output", has_text="Traceback").count() == 0
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "lab-refusal.png")


def test_lab_shows_markup_in_data_as_text(lab: str, page: Page) -> None:
    make = (
        "import duckdb\ncon = duckdb.connect()\n"
        "con.sql(\"CREATE TABLE parts AS SELECT '<img src=x onerror=document.title=1>' AS part_name, 3 AS stock\")"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    cells = ["%load_ext genie_ext", make, "%genie connect con", "%ask Show the part name and stock of parts"]
    open_notebook(page, lab, "markup.ipynb", cells)
    run_all(page)
    expect(page.locator(".genie-Answer", has_text="onerror").first).to_be_visible(timeout=120_000)
    assert page.locator(".genie-Answer img").count() == 0
    assert not [url for url in asked if not url.startswith((lab, lab.replace("http", "ws"), "data:", "blob:"))]
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "lab-markup.png")
