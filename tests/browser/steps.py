"""What the browser tests do over and over: open the panel, ask, look, take a picture."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PICTURES, TOKEN, write_notebook

LONG_MS = 45_000
IDLE = "Python 3 (ipykernel) | Idle"


def open_panel(page: Page, lab: str, address: str = "lab?reset&") -> Locator:
    page.goto(f"{lab}/{address}token={TOKEN}")
    return show_panel(page)


def open_notebook(page: Page, lab: str, name: str, cells: list[str]) -> Locator:
    """Open a new notebook, with the panel beside it."""
    write_notebook(lab, name, cells)
    panel = open_panel(page, lab, f"lab/tree/{name}?reset&")
    # The indicator in the toolbar says "idle" before there is a kernel; the status bar does not.
    page.get_by_role("button", name=IDLE).wait_for(timeout=90_000)
    return panel


def show_panel(page: Page) -> Locator:
    """Open the panel where Lab has not done so itself."""
    page.locator(".jp-Launcher, .jp-Notebook").first.wait_for(timeout=90_000)
    tab = page.locator('[data-id="genie-panel"]')
    if tab.get_attribute("aria-selected") != "true":
        tab.click()
    panel = page.locator("#genie-panel")
    expect(panel.get_by_label("Question", exact=True)).to_be_visible()
    return panel


def put(panel: Locator, question: str) -> Locator:
    """Ask, and return what is shown of it from then on."""
    panel.get_by_label("Question", exact=True).fill(question)
    panel.get_by_label("Question", exact=True).press("Enter")
    return panel.locator(".genie-exchange").last


def ask(panel: Locator, question: str) -> Locator:
    panel.get_by_label("Question", exact=True).fill(question)
    panel.get_by_label("Question", exact=True).press("Enter")
    answer = panel.locator(".genie-exchange", has_text=question).last.locator(".genie-Answer")
    expect(answer).to_be_visible(timeout=LONG_MS)
    return answer


def choose_lake(panel: Locator, name: str) -> None:
    panel.get_by_label("Lake").select_option(label=name)


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def widen(page: Page) -> None:
    """Pull the side panel to the width that people give it."""
    handle = page.locator(".lm-SplitPanel-handle:visible").last
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 1, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] - 260, box["y"] + 300, steps=4)
    page.mouse.up()
