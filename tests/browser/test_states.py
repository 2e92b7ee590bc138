"""The states of the panel that people meet on a bad day, looked at by a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from genie_ext.demo.lake import DEMO_DAY, build_demo_lake
from genie_ext.models.scripted import Scripted, ScriptedServer
from tests.browser.conftest import Lab
from tests.browser.steps import LONG_MS, ask, choose_lake, open_panel, picture, put, widen

pytestmark = pytest.mark.usefixtures("panel_built")

BEYOND = "Which share of the flumphy orders did we gronk?"
"""Words that the embedded tier cannot read, so that a model is asked."""
MODEL = """
{budget}
[models.cloud]
provider = "openai"
model = "planner"
tier = "frontier"
base_url = "{url}"
local = false
price_in = 5.00
price_out = 25.00
"""


@pytest.fixture(scope="module")
def stalled() -> Iterator[ScriptedServer]:
    """Return a server of a model that never comes to an answer."""
    with ScriptedServer([Scripted(text="{}", stall_s=300)]) as server:
        yield server


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, stalled: ScriptedServer) -> Iterator[Lab]:
    """Return a JupyterLab with a slow lake, one whose budget is spent, and one without an index."""
    root = tmp_path_factory.mktemp("states")
    for name, budget in (("slow", ""), ("spent", "budget_day = 0.0001")):
        (root / name).mkdir()
        (root / name / "orders.csv").write_text("number,channel,amount\n1,web,10\n2,store,20\n3,web,30\n")
        (root / name / "genie.toml").write_text(MODEL.format(budget=budget, url=stalled.openai_url))
    build_demo_lake(root / "unread", scale=0.05)
    (root / "unread" / "genie.toml").write_text(f"today = {DEMO_DAY.isoformat()}\n")
    with Lab(root, lake=root / "slow") as running:
        yield running


def test_panel_asks_back_with_buttons_and_goes_on_with_the_one_that_is_pressed(lab: str, page: Page) -> None:
    panel = open_panel(page, lab)
    widen(page)
    asked = ask(panel, "Number of orders by country")
    expect(asked).to_contain_text("Which one is meant?")
    expect(asked.get_by_role("button")).to_have_count(2)
    picture(page, "panel-clarification")
    asked.get_by_role("button", name="customers country").click()
    answer = panel.locator(".genie-exchange").nth(1).locator(".genie-Answer")
    expect(answer.locator(".genie-Grid tbody tr").first).to_be_visible(timeout=LONG_MS)
    expect(answer).to_contain_text("country")
    picture(page, "panel-clarified")


def test_panel_asks_again_with_the_value_of_a_changed_chip(lab: str, page: Page) -> None:
    panel = open_panel(page, lab)
    widen(page)
    first = ask(panel, "Total order amount in the web channel")
    first.get_by_role("button", name="“web” = web").click()
    value = first.get_by_label("Another value for web")
    value.fill("store")
    value.press("Enter")
    second = panel.locator(".genie-exchange").nth(1)
    expect(second.locator(".genie-asked")).to_have_text("Total order amount in the store channel")
    expect(second.get_by_role("button", name="“store” = store")).to_be_visible(timeout=LONG_MS)
    assert second.locator(".genie-figure").inner_text() != first.locator(".genie-figure").inner_text()
    picture(page, "panel-chip")


def test_panel_shows_the_progress_of_an_index_that_is_built(own: Lab, page: Page) -> None:
    panel = open_panel(page, own.address)
    widen(page)
    expect(panel.get_by_label("Lake").locator("option", has_text="unread")).to_have_count(1, timeout=60_000)
    choose_lake(panel, "unread")
    exchange = put(panel, "Total order amount by channel")
    expect(exchange.locator(".genie-step-index").first).to_be_visible(timeout=60_000)
    picture(page, "panel-indexing")
    expect(exchange.locator(".genie-Answer")).to_contain_text("web", timeout=LONG_MS)


def test_panel_stops_a_question_and_the_call_to_a_model_with_it(own: Lab, page: Page, stalled: ScriptedServer) -> None:
    panel = open_panel(page, own.address)
    stalled.broken.clear()
    calls = len(stalled.requests)
    exchange = put(panel, BEYOND)
    expect(exchange.locator(".genie-steps")).to_contain_text("Planning", timeout=60_000)
    wait_for(page, lambda: len(stalled.requests) > calls)
    panel.get_by_role("button", name="Stop").click()
    expect(exchange.get_by_role("alert")).to_contain_text("Stopped.")
    wait_for(page, stalled.broken.is_set)
    picture(page, "panel-stopped")
    expect(ask(panel, "Total amount by channel")).to_contain_text("web")


def test_panel_says_that_the_budget_is_spent_and_calls_no_model(own: Lab, page: Page, stalled: ScriptedServer) -> None:
    panel = open_panel(page, own.address)
    choose_lake(panel, "spent")
    calls = len(stalled.requests)
    answer = ask(panel, BEYOND)
    expect(answer).to_contain_text("budget")
    expect(panel.get_by_label("Budget of the day")).to_be_visible()
    assert len(stalled.requests) == calls
    picture(page, "panel-budget")


def test_panel_says_that_the_server_is_gone_and_goes_on_when_it_is_back(own: Lab, page: Page) -> None:
    panel = open_panel(page, own.address)
    choose_lake(panel, "slow")
    ask(panel, "Total amount by channel")
    own.stop()
    exchange = put(panel, "How many orders are there?")
    expect(exchange.get_by_role("alert")).to_contain_text("cannot be reached", timeout=30_000)
    gone = panel.get_by_role("button", name="Try again")
    expect(gone).to_be_visible(timeout=30_000)
    picture(page, "panel-server-gone")
    own.start()
    expect(gone).to_have_count(0, timeout=60_000)
    # Lab itself asks whether to go on; the panel does not wait for it.
    exchange.get_by_role("button", name="Ask again").dispatch_event("click")
    again = panel.locator(".genie-exchange").nth(2)
    expect(again.locator(".genie-Answer")).to_contain_text("3", timeout=LONG_MS)
    picture(page, "panel-server-back")


def wait_for(page: Page, reached: Callable[[], bool]) -> None:
    for _ in range(300):
        if reached():
            return
        page.wait_for_timeout(100)
    pytest.fail("it was not reached within half a minute")


def test_states_leave_nothing_beside_the_lakes(own: Lab) -> None:
    left = {path.name for name in ("slow", "spent") for path in Path(own.root / name).iterdir()}
    assert left <= {"orders.csv", "genie.toml", ".genie"}
