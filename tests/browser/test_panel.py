"""The panel in JupyterLab and the phone page, looked at by a browser; every test leaves a picture in out/pictures."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TOKEN
from tests.browser.steps import LONG_MS, ask, open_notebook, open_panel, picture, show_panel, widen

QUESTION = "Total order amount by channel"


pytestmark = pytest.mark.usefixtures("panel_built")


def test_panel_answers_with_chart_rows_checks_and_reasons(lab: str, page: Page) -> None:
    panel = open_panel(page, lab)
    widen(page)
    answer = ask(panel, QUESTION)
    expect(answer).to_contain_text("web")
    expect(answer.get_by_text("How I understood it")).to_be_visible()
    expect(answer.locator(".genie-checks > summary")).to_contain_text("passed")
    expect(answer.locator(".genie-sure")).to_contain_text("% sure")
    drawing = answer.locator(".genie-Chart svg").first
    expect(drawing).to_be_visible(timeout=60_000)
    box = drawing.bounding_box()
    assert box is not None
    assert box["width"] > 150
    assert box["height"] > 40
    picture(page, "panel-answer")


def test_panel_sorts_rows_and_runs_edited_sql_through_the_guard(lab: str, page: Page) -> None:
    panel = open_panel(page, lab)
    answer = ask(panel, QUESTION)
    first = answer.locator(".genie-Grid tbody tr").first
    answer.locator(".genie-Grid th button").first.click()
    ascending = first.inner_text()
    answer.locator(".genie-Grid th button").first.click()
    expect(first).not_to_have_text(ascending)
    answer.get_by_text("SQL", exact=True).click()
    answer.get_by_role("button", name="Edit").click()
    answer.get_by_label("Edit the SQL").fill("DROP TABLE orders")
    answer.get_by_role("button", name="Run").click()
    expect(answer.get_by_role("alert")).to_contain_text("DROP statements are not allowed", timeout=30_000)
    answer.get_by_label("Edit the SQL").fill("SELECT 41 + 1 AS figure")
    answer.get_by_role("button", name="Run").click()
    expect(answer.get_by_label("Rows of the edited SQL")).to_contain_text("42", timeout=30_000)
    picture(page, "panel-sql")


def test_panel_keeps_its_thread_over_a_reload_and_lists_it(lab: str, page: Page) -> None:
    panel = open_panel(page, lab)
    ask(panel, "How many customers are there?")
    page.reload()
    show_panel(page)
    expect(panel.locator(".genie-exchange")).to_have_count(1, timeout=60_000)
    expect(panel.locator(".genie-asked")).to_have_text("How many customers are there?")
    panel.get_by_role("button", name="Threads").click()
    entry = panel.locator(".genie-Threads li").first
    expect(entry).to_contain_text("How many customers are there?")
    entry.get_by_role("button", name="Rename").click()
    entry.get_by_label("Title").fill("Customers, counted")
    entry.get_by_label("Title").press("Enter")
    expect(panel.locator(".genie-Threads li", has_text="Customers, counted")).to_be_visible()
    picture(page, "panel-threads")


def test_panel_shows_a_refusal_and_a_failing_server_in_words(lab: str, page: Page) -> None:
    panel = open_panel(page, lab)
    refused = ask(panel, "How much carbon dioxide did our deliveries cause?")
    expect(refused).to_contain_text("without guessing")
    asking = re.compile(r"/genie/api/ask")
    page.route(asking, lambda route: route.abort())
    panel.get_by_label("Question", exact=True).fill("How many orders are there?")
    panel.get_by_label("Question", exact=True).press("Enter")
    expect(panel.get_by_role("alert").last).to_contain_text("cannot be reached", timeout=30_000)
    page.unroute(asking)
    panel.get_by_role("button", name="Ask again").click()
    expect(panel.locator(".genie-Answer").last).to_contain_text("orders", timeout=LONG_MS)
    picture(page, "panel-problems")


def test_panel_puts_a_question_and_a_frame_into_the_notebook(lab: str, page: Page) -> None:
    panel = open_notebook(page, lab, "insert.ipynb", ["1 + 1"])
    answer = ask(panel, QUESTION)
    answer.get_by_role("button", name="DataFrame to kernel").click()
    output = page.locator(".jp-OutputArea-output table.dataframe").last
    expect(output).to_contain_text("web", timeout=60_000)
    answer.get_by_role("button", name="Ask in notebook").click()
    expect(page.locator(".jp-Notebook .jp-CodeCell").last).to_contain_text("%ask " + QUESTION)
    picture(page, "panel-notebook")


def test_panel_in_the_dark_theme(lab: str, page: Page) -> None:
    set_theme(lab, "JupyterLab Dark")
    try:
        panel = open_panel(page, lab)
        page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
        widen(page)
        ask(panel, QUESTION)
        background = panel.locator(".genie-Chat").evaluate("node => getComputedStyle(node).backgroundColor")
        assert max(int(part) for part in re.findall(r"\d+", background)[:3]) < 100
        picture(page, "panel-dark")
    finally:
        set_theme(lab, "JupyterLab Light")


def set_theme(lab: str, name: str) -> None:
    address = f"{lab}/lab/api/settings/@jupyterlab/apputils-extension:themes?token={TOKEN}"
    body = json.dumps({"raw": json.dumps({"theme": name})}).encode()
    urllib.request.urlopen(urllib.request.Request(address, data=body, method="PUT")).close()


def test_phone_page_answers_without_sideways_scroll(lab: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{lab}/genie?token={TOKEN}")
    chat = page.locator("#genie")
    chat.get_by_label("Question", exact=True).fill(QUESTION)
    chat.get_by_role("button", name="Ask", exact=True).tap()
    drawn = chat.locator(".genie-Answer .genie-Chart img")
    expect(drawn).to_be_visible(timeout=LONG_MS)
    page.wait_for_function("document.querySelector('.genie-Chart img').naturalWidth > 200")
    drawn.scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(url.startswith((lab, "data:", "blob:")) for url in asked)
    picture(page, "phone")
    context.close()
