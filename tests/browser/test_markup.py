"""Names, values, questions and words of models that a browser must show as text, whatever they look like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from genie_ext.models.scripted import Asked, Scripted, ScriptedServer
from tests.browser.conftest import TOKEN, Lab
from tests.browser.steps import LONG_MS, ask, open_notebook, open_panel, picture, put, run_all, widen

CORPUS = (
    "<img src=x onerror=window.__pwned=1>",
    "<script>window.__pwned=2</script>",
    "[go](javascript:window.__pwned=3)",
    '"><svg onload="window.__pwned=4">',
    "\u202egnp.exe\u200b\u2066",
    "'; DROP TABLE parts; --",
    "</script></style></textarea><script>window.__pwned=5</script>",
    '<a href="javascript:window.__pwned=6">go</a>',
    '<iframe srcdoc="<script>parent.__pwned=7</script>"></iframe>',
    "![go](x onerror=window.__pwned=8)",
    "{{constructor.constructor('window.__pwned=9')()}}",
)
NAMED = '<svg onload="window.__pwned=10"> size'
TABLE = "<img src=x onerror=window.__pwned=11>"
SAID = "<img src=x onerror=window.__pwned=12> or <script>window.__pwned=13</script>"
BEYOND = "Which flumphy parts did we gronk?"
MODEL = """
[models.cloud]
provider = "openai"
model = "planner"
tier = "frontier"
base_url = "{url}"
"""
FOUND = """() => [
    window.__pwned === undefined ? [] : ["ran " + window.__pwned],
    ...[...document.querySelectorAll("img[src='x'], [onerror], [onload], iframe[srcdoc], a[href^='javascript']")]
        .map(node => node.outerHTML),
    ...[...document.scripts].filter(node => node.textContent.startsWith("window.__pwned")).map(node => node.outerHTML),
].flat()"""


def say(asked: Asked) -> Scripted:
    """Be a model that was talked into writing markup."""
    choices = [f"Total stock? {SAID}", "Total stock by part name"]
    return Scripted(data={"kind": "clarify", "question": f"Which ones? {SAID}", "choices": choices})


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return a JupyterLab over a lake whose names and values are markup, and whose model writes it, too."""
    root = tmp_path_factory.mktemp("markup")
    with duckdb.connect(root / "parts.duckdb") as lake:
        lake.execute(f"CREATE TABLE parts (part_name TEXT, stock INT, {quoted(NAMED)} INT)")
        lake.executemany("INSERT INTO parts VALUES (?, ?, 7)", [[text, 10 + i] for i, text in enumerate(CORPUS)])
        lake.execute(f"CREATE TABLE {quoted(TABLE)} AS SELECT 1 AS n")
        lake.execute("COMMENT ON TABLE parts IS '<img src=x onerror=window.__pwned=14>'")
    with ScriptedServer(say) as server:
        (root / "genie.toml").write_text(MODEL.format(url=server.openai_url))
        with Lab(root, lake=root / "parts.duckdb") as running:
            yield running


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def expect_texts(place: Locator, page: Page) -> None:
    """Expect the corpus as text, and nothing of it as elements."""
    shown = place.locator(".genie-Grid td:first-child").all_text_contents()
    assert [text for text in CORPUS if text.isascii() and text not in shown] == []
    # Marks that turn the direction of a text, or hide in it, are shown for what they are.
    assert "[U+202E]gnp.exe[U+200B][U+2066]" in shown
    page.wait_for_timeout(300)
    assert page.evaluate(FOUND) == []


@pytest.mark.usefixtures("panel_built")
def test_panel_shows_markup_as_text(hostile: Lab, page: Page) -> None:
    panel = open_panel(page, hostile.address)
    widen(page)
    answer = ask(panel, "Show all parts")
    expect(answer.locator(".genie-Grid th").last).to_contain_text(NAMED)
    expect_texts(answer, page)
    answer.locator("summary").first.click()
    answer.get_by_text("SQL", exact=True).click()
    picture(page, "markup-panel")
    drawn = ask(panel, "Total stock by part name").locator(".genie-Chart svg")
    # The axis cuts what is long.
    expect(drawn).to_contain_text("<img src=x", timeout=30_000)
    drawn.locator("path[aria-roledescription='bar']").first.hover()
    expect_texts(answer, page)
    picture(page, "markup-chart")
    for question in CORPUS[:4]:
        refused = put(panel, question)
        expect(refused.locator(".genie-Answer, [role=alert]").first).to_be_visible(timeout=LONG_MS)
        expect(refused.locator(".genie-asked")).to_contain_text(question)
    panel.get_by_role("button", name="Threads").click()
    expect(panel.locator(".genie-Threads li").first).to_be_visible()
    assert page.evaluate(FOUND) == []
    picture(page, "markup-questions")


@pytest.mark.usefixtures("panel_built")
def test_panel_shows_the_words_of_a_model_as_text(hostile: Lab, page: Page) -> None:
    panel = open_panel(page, hostile.address)
    widen(page)
    asked = ask(panel, BEYOND)
    expect(asked).to_contain_text(SAID)
    expect(asked.get_by_role("button").first).to_contain_text(SAID)
    assert page.evaluate(FOUND) == []
    picture(page, "markup-model")


@pytest.mark.usefixtures("panel_built")
def test_cell_and_its_fallbacks_show_markup_as_text(hostile: Lab, page: Page) -> None:
    cells = [
        "%load_ext genie_ext\n%genie connect parts.duckdb",
        "%%ask parts\nShow all parts",
        "from IPython.display import HTML\nHTML(_result._repr_mimebundle_()['text/html'])",
        f"%ask {BEYOND}",
    ]
    open_notebook(page, hostile.address, "markup.ipynb", cells)
    run_all(page)
    answer = page.locator(".jp-OutputArea-output .genie-Answer")
    expect(answer).to_have_count(2, timeout=LONG_MS)
    expect_texts(answer.first, page)
    expect(page.locator(".jp-RenderedHTMLCommon", has_text=CORPUS[0]).first).to_be_visible(timeout=60_000)
    expect(answer.last).to_contain_text(SAID)
    assert page.evaluate(FOUND) == []
    picture(page, "markup-cell")


def test_phone_page_shows_markup_as_text(hostile: Lab, browser: Browser) -> None:
    if not (Path(__file__).parents[2] / "genie_ext" / "static" / "mobile.html").is_file():
        pytest.skip("the phone page is not built: run jlpm build:prod in labextension/")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{hostile.address}/genie?token={TOKEN}")
    chat = page.locator("#genie")
    answer = ask(chat, "Show all parts")
    expect_texts(answer, page)
    expect(ask(chat, BEYOND)).to_contain_text(SAID)
    assert page.evaluate(FOUND) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "markup-phone")
    context.close()
