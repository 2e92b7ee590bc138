"""Notebooks: the queries of their cells with the text above them, and that text itself. Outputs are never read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, Lineage, RawPassage, RawQuery, RawTerm
from semantic.mining.readers import magics
from semantic.mining.readers.glossary import terms
from semantic.mining.readers.python_queries import PythonQueries
from semantic.mining.readers.sections import numbered, passages, sections
from semantic.mining.readers.statements import Statement, Unread, statements
from semantic.mining.readers.templates import is_template, plain

_LONGEST_TEXT = 400
_AGAIN = "Open it in JupyterLab and save it again."
_UNEXPECTED = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
_PYTHON = frozenset({"", "python", "python3", "ipython"})


def fits(file: SourceFile) -> bool:
    """Tell whether this is a notebook."""
    return file.suffix == ".ipynb"


def read(file: SourceFile) -> Extract:
    """Return the queries and the text of a notebook.

    Raises:
        SourceError: It is no notebook of any version.
    """
    metadata, cells = _notebook(file)
    walk = _Walk(place=file.place, owner=_owner(metadata), title=file.path.stem, language=_language(metadata))
    for number, (kind, text) in enumerate(cells, start=1):
        if kind == "markdown":
            walk.markdown(number, text)
        elif kind == "code":
            walk.code(number, text)
    return walk.extract()


@dataclass(slots=True, kw_only=True)
class _Walk:
    place: str
    owner: str
    title: str
    language: str
    above: str = ""
    python: PythonQueries = field(default_factory=PythonQueries)
    kept: dict[str, str] = field(default_factory=dict)
    queries: list[RawQuery] = field(default_factory=list)
    texts: list[RawPassage] = field(default_factory=list)
    terms: list[RawTerm] = field(default_factory=list)
    lineage: list[Lineage] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def markdown(self, number: int, text: str) -> None:
        place = f"{self.place}:cell {number}"
        found = list(sections(numbered(text), self.title))
        for section in found:
            self.texts += passages(section, place, kind="notebook", owner=self.owner)
            self.terms += terms(section, place)
        self.title = found[-1].title
        said = [line.text.strip() for line in found[-1].lines if line.text.strip()]
        self.above = " ".join(said)[:_LONGEST_TEXT] or found[-1].title

    def code(self, number: int, text: str) -> None:
        if self.language == "sql" and not text.lstrip().startswith("%"):
            self._sql(number, text)
            return
        cell = magics.split(text)
        for _, sql in cell.sql:
            self._sql(number, self._whole(sql, cell.uses), name=cell.name)
        if cell.python.strip() and self.language in _PYTHON:
            try:
                calls = self.python.calls(cell.python)
            except ValueError as error:
                self.lost.append(f"{self.place}:cell {number}: {error}")
                return
            for call in calls:
                self._sql(number, call.sql, call.comment)

    def _whole(self, sql: str, uses: tuple[str, ...]) -> str:
        # jupysql keeps queries under a name and puts them before those that build on them.
        parts = [f"{name} AS ({self.kept[name]})" for name in uses if name in self.kept]
        return f"WITH {', '.join(parts)} {sql}" if parts else sql

    def _sql(self, number: int, sql: str, comment: str = "", name: str = "") -> None:
        place = f"{self.place}:cell {number}"
        for found in statements(plain(sql) if is_template(sql) else sql):
            if isinstance(found, Unread):
                self.lost.append(f"{place}: {found.reason}")
            else:
                self._add(found, place, comment)
                self.kept.update({name: found.sql} if name else {})

    def _add(self, found: Statement, place: str, comment: str) -> None:
        source = Source(kind="notebook", place=place, title=self.title, owner=found.owner or self.owner)
        text = found.text or comment or self.above
        self.queries.append(RawQuery(sql=found.sql, dialect=found.dialect, text=text, source=source))
        if found.fills and found.inputs:
            self.lineage.append(Lineage(name=found.fills, inputs=found.inputs, source=source))

    def extract(self) -> Extract:
        return Extract(
            queries=tuple(self.queries),
            passages=tuple(self.texts),
            terms=tuple(self.terms),
            lineage=tuple(self.lineage),
            lost=tuple(self.lost),
        )


def _notebook(file: SourceFile) -> tuple[Mapping[str, Any], list[tuple[str, str]]]:
    data = file.data
    if isinstance(data, dict) and data.get("nbformat") != 4:
        data = _upgraded(file)
    metadata, cells = (data.get("metadata"), data.get("cells")) if isinstance(data, dict) else (None, None)
    if not isinstance(metadata, Mapping) or not isinstance(cells, list):
        raise SourceError(f"{file.place}: not a notebook", hint=_AGAIN)
    return metadata, [_checked(cell) for cell in cells if isinstance(cell, Mapping)]


def _upgraded(file: SourceFile) -> Any:
    # Only notebooks of old versions need the library, whose import takes seconds; today's are plain JSON.
    import nbformat

    try:
        # The upgrade alone: validating would complain about what does not matter here.
        return nbformat.convert(nbformat.reader.reads(file.text), 4)  # type: ignore[no-untyped-call]
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, *_UNEXPECTED) as error:
        raise SourceError(f"{file.place}: not a notebook: {error}", hint=_AGAIN) from error


def _checked(cell: Mapping[str, Any]) -> tuple[str, str]:
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else source
    return str(cell.get("cell_type", "")), text if isinstance(text, str) else ""


def _owner(metadata: Mapping[str, Any]) -> str:
    authors = metadata.get("authors") or []
    names = [a.get("name", "") for a in authors if isinstance(a, Mapping)] if isinstance(authors, list) else []
    return ", ".join(str(name) for name in names if name)


def _language(metadata: Mapping[str, Any]) -> str:
    kernel, databricks = (
        found if isinstance(found := metadata.get(key), Mapping) else {}
        for key in ("kernelspec", "application/vnd.databricks.v1+notebook")
    )
    return str(databricks.get("language") or kernel.get("language") or "").lower()
