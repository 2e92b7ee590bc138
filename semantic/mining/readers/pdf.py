"""PDF files: their text, page by page. Encrypted files and scans without text are reported."""

from __future__ import annotations

import logging
import re
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawPassage, RawTerm
from semantic.mining.readers.glossary import terms
from semantic.mining.readers.sections import numbered, passages, sections

# What the reader of pages has to say about a broken file is told as a SourceError; it must not go to the terminal.
logging.getLogger("pypdf").addHandler(logging.NullHandler())

_MOST_PAGES = 2000
_GLOSSARY = re.compile(
    r"^[ \t]*(?:\d+(?:\.\d+)*[ \t]+)?(glossary|definitions|terminology)[ \t]*$", re.IGNORECASE | re.MULTILINE
)
# Besides its own errors the library stumbles over broken files in these ways.
_BROKEN = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, ArithmeticError, NotImplementedError,
    RecursionError, OSError, struct.error, StopIteration,
)  # fmt: skip


def fits(file: SourceFile) -> bool:
    """Tell whether this is a PDF file."""
    return file.suffix == ".pdf"


def read(file: SourceFile) -> Extract:
    """Return the passages and terms of a document, each with its page.

    Raises:
        SourceError: It is broken or encrypted, or has no text.
    """
    lost: list[str] = []
    title, pages = _pages(file.path, file.place, lost)
    texts, known = list[RawPassage](), list[RawTerm]()
    for number, text in pages:
        place = f"{file.place}:page {number}"
        for section in sections(numbered(_GLOSSARY.sub(r"# \1", text)), title):
            texts.extend(passages(section, place))
            known.extend(terms(section, place))
    return Extract(passages=tuple(texts), terms=tuple(known), lost=tuple(lost))


def _pages(path: Path, place: str, lost: list[str]) -> tuple[str, list[tuple[int, str]]]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with path.open("rb") as stream:
                reader = PdfReader(stream)
                if reader.is_encrypted and not reader.decrypt(""):
                    raise SourceError(f"{place}: the PDF is encrypted", hint="Save a copy without a password.")
                title = str(reader.metadata.title or "") if reader.metadata else ""
                pages = [(n, text) for n, text in enumerate(_texts(reader, place, lost), start=1) if text.strip()]
        except (PyPdfError, *_BROKEN) as error:
            raise SourceError(f"{place}: the PDF cannot be read: {error}") from error
    if not pages:
        raise SourceError(f"{place}: the PDF holds no text, only pictures", hint="Run text recognition on it first.")
    return title.strip() or path.stem, pages


def _texts(reader: object, place: str, lost: list[str]) -> Iterator[str]:
    from pypdf.errors import PyPdfError

    for number, page in enumerate(reader.pages, start=1):  # type: ignore[attr-defined]
        if number > _MOST_PAGES:
            lost.append(f"{place}: pages after {_MOST_PAGES}")
            return
        try:
            yield page.extract_text()
        except (PyPdfError, *_BROKEN) as error:
            lost.append(f"{place}:page {number}: {error}")
            yield ""
