"""HTML pages: their text under its headings, read like Markdown; scripts and styles are left out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers.markdown import extract
from semantic.mining.readers.sections import Line, sections

_LEFT_OUT = frozenset(
    {"script", "style", "noscript", "template", "svg", "nav", "iframe", "head", "button", "form", "textarea", "object"}
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MARKS = {**_HEADINGS, "li": "- ", "dd": ": "}
_BLOCKS = frozenset({
    *_MARKS, "p", "dt", "dl", "ul", "ol", "table", "blockquote", "figcaption", "caption", "div", "section", "article",
    "body", "main", "header", "footer", "br", "hr",
})  # fmt: skip


def fits(file: SourceFile) -> bool:
    """Tell whether this is an HTML page."""
    return file.suffix in {".html", ".htm"}


def read(file: SourceFile) -> Extract:
    """Return the passages, terms and queries of a page.

    Raises:
        SourceError: It is no text, or no page.
    """
    from bs4 import BeautifulSoup
    from bs4.exceptions import ParserRejectedMarkup

    try:
        # What it says about markup that looks like something else is of no use here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            page = BeautifulSoup(file.text, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise SourceError(f"{file.place}: not HTML: {str(error).splitlines()[-1].strip()}") from error
    title = page.title.get_text(" ", strip=True) if page.title else ""
    author = page.find("meta", attrs={"name": "author"})
    owner = str(author.get("content") or "") if author else ""
    return extract(sections(_lines(page), title or file.path.stem), file.place, owner=owner)


def _lines(page: Any) -> Iterator[Line]:
    # A walk with its own stack: pages may be nested deeper than Python calls.
    said: list[str] = []
    blocks, line = [("", 1)], 1
    walks = [iter(page.children)]
    names = [""]
    while walks:
        child = next(walks[-1], None)
        name = names[-1] if child is None else getattr(child, "name", None)
        if child is not None and name is None:
            said += [str(child)] if _is_text(child) else []
            continue
        if name in _BLOCKS:
            yield from _flushed(said, *blocks[-1])
            line = line if child is None else child.sourceline or line
            blocks.append((name, line)) if child is not None else blocks.pop()
        if child is None:
            walks.pop()
            names.pop()
        elif (whole := _whole(child, said)) is not None:
            yield from (Line(child.sourceline or line, text) for text in whole)
            blocks = blocks[:-1] if name in _BLOCKS else blocks
        else:
            walks.append(iter(child.children))
            names.append(name or "")


def _is_text(child: Any) -> bool:
    from bs4.element import NavigableString

    # Comments and declarations are kinds of their own.
    return type(child) is NavigableString


def _flushed(said: list[str], name: str, line: int) -> Iterator[Line]:
    text = " ".join("".join(said).split())
    said.clear()
    if text:
        yield Line(line, _MARKS.get(name, "") + text)
        # A definition follows its term, and an entry of a list the one before.
        if name not in {"li", "dt"}:
            yield Line(line, "")


def _whole(element: Any, said: list[str]) -> list[str] | None:
    name = element.name
    if name in _LEFT_OUT:
        return []
    if name == "pre":
        code = element.find("code") or element
        language = next((c.removeprefix("language-") for c in code.get("class") or element.get("class") or []), "")
        return [f"```{language}", *element.get_text().strip("\n").splitlines(), "```"]
    if name == "tr":
        cells = [
            cell.get_text(" ", strip=True).replace("|", "/") for cell in element.find_all(["td", "th"], recursive=False)
        ]
        return [f"| {' | '.join(' '.join(cell.split()) for cell in cells)} |"]
    if name in {"b", "strong"} and not "".join(said).strip():
        # Bold words at the start of a paragraph are how pages explain a term.
        said.append(f"**{element.get_text(' ', strip=True)}**")
        return []
    return None
