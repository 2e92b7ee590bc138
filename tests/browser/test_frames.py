"""A DataFrame of a notebook as the table of a question, looked at by a browser."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import TOKEN
from tests.browser.steps import LONG_MS, ask, open_notebook, picture, run_all, widen

pytestmark = pytest.mark.usefixtures("panel_built")

MAKE = (
    "import numpy\nimport pandas as pd\n"
    "orders = pd.DataFrame({'ship': ['Ada', 'Bea', 'Ada', 'Cleo'] * 250, 'crates': range(1000)})\norders.tail(2)\n"
    "orders"
)
LARGE = "large = pd.DataFrame({'size': numpy.random.default_rng(1).random(1_000_000)})"
TOO_LARGE = "huge = pd.DataFrame({'size': numpy.random.default_rng(1).random(4_000_000)})"
FIGURE = "figure = 41"


def choose(page: Page, cell: int) -> None:
    """Open the menu of a cell and ask about its frame."""
    page.locator(".jp-Notebook .jp-CodeCell").nth(cell).locator(".jp-InputPrompt").click(button="right")
    page.get_by_role("menuitem", name="Ask About This DataFrame").click()


def told(page: Page) -> Locator:
    return page.locator(".Toastify__toast").last


def test_panel_asks_a_frame_of_the_notebook_until_it_is_taken_away(lab: str, page: Page) -> None:
    panel = open_notebook(page, lab, "frame.ipynb", [MAKE, LARGE])
    widen(page)
    run_all(page)
    expect(page.locator(".jp-OutputArea-output table.dataframe").last).to_be_visible(timeout=60_000)
    choose(page, 0)
    chip = panel.locator(".genie-about")
    expect(chip).to_contain_text("about orders, 1,000 rows", timeout=30_000)
    answer = ask(panel, "Total crates by ship")
    expect(answer.locator(".genie-Grid tbody")).to_contain_text("124,750")
    expect(panel.locator(".genie-asked").last).to_contain_text("about orders")
    # Its query means nothing over the lake, which has a table of that name, too.
    answer.get_by_text("SQL", exact=True).click()
    assert answer.get_by_role("button", name="Edit").count() == 0
    assert panel.get_by_role("button", name="Verify this").count() == 0
    picture(page, "panel-frame")
    chip.get_by_role("button").click()
    expect(chip).to_have_count(0)
    expect(ask(panel, "Total order amount by channel")).to_contain_text("web")
    choose(page, 1)
    expect(chip).to_contain_text("about large, 1,000,000 rows", timeout=30_000)
    expect(ask(panel, "How many large are there?")).to_contain_text("1,000,000")


def test_panel_says_what_is_wrong_with_a_frame_or_a_kernel(lab: str, page: Page) -> None:
    panel = open_notebook(page, lab, "no-frame.ipynb", ["import numpy, pandas as pd", FIGURE, TOO_LARGE, "later = 1"])
    choose(page, 3)
    expect(told(page)).to_contain_text("has not run as it stands", timeout=30_000)
    run_all(page)
    expect(page.locator(".jp-InputPrompt", has_text="[4]:")).to_be_visible(timeout=60_000)
    choose(page, 1)
    expect(told(page)).to_contain_text("This cell ends with no DataFrame.", timeout=30_000)
    choose(page, 2)
    expect(told(page)).to_contain_text("huge is over 24 MiB as Parquet.", timeout=30_000)
    picture(page, "panel-frame-faults")
    assert panel.locator(".genie-about").count() == 0
    answer = ask(panel, "Total order amount by channel")
    end_kernels(lab)
    page.get_by_role("button", name="Python 3 (ipykernel) | Idle").wait_for(state="detached", timeout=30_000)
    choose(page, 2)
    expect(told(page)).to_contain_text("No kernel runs for this notebook.", timeout=30_000)
    count = page.locator(".jp-Notebook .jp-CodeCell").count()
    answer.get_by_role("button", name="DataFrame to kernel").click()
    expect(page.locator(".Toastify__toast", has_text="No kernel runs")).to_have_count(2)
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == count
    picture(page, "panel-no-kernel")


def end_kernels(lab: str) -> None:
    """End all kernels, as a server does that runs out of memory."""
    with urllib.request.urlopen(f"{lab}/api/kernels?token={TOKEN}") as reply:
        kernels = json.load(reply)
    for kernel in kernels:
        address = f"{lab}/api/kernels/{kernel['id']}?token={TOKEN}"
        urllib.request.urlopen(urllib.request.Request(address, method="DELETE"), timeout=LONG_MS / 1000).close()
