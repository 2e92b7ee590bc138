"""Write mined facts into the files: as proposals, or as accepted where a person said so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from semantic.facts import Dimension, Metric, MinedJoin, Note, PastQuery, Rule, Segment, Source, Term
from semantic.mining.ossie_forms import VERSION
from semantic.model.document import Document, block, flow, put
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE
from semantic.model.queries import many_lines
from semantic.model.said import Fact, Said, evidence, key_of
from semantic.model.schema import SCHEMA_FOLDER, SCHEMA_NAMES
from semantic.model.short import Shortener, free_name
from semantic.types import TableId

_MARKS = {"hidden": "hidden", "deprecated": "deprecated", "certified": "certified"}
_TEXTS = {"unit": "unit", "personal": "personal", "filter": "default_filter"}


class Files:
    """Both files under edit; nothing is on the disk before `save`.

    Args:
        said: What the files say now.
        name: Name of the semantic model where a new file is made.
    """

    def __init__(self, said: Said, name: str = "lake") -> None:
        folder = said.model.folder
        model = CommentedMap({"name": name, "datasets": CommentedSeq()})
        self.model = Document(
            folder / MODEL_FILE, heading=_heading(MODEL_FILE), content={"version": VERSION, "semantic_model": [model]}
        )
        self.knowledge = Document(folder / KNOWLEDGE_FILE, heading=_heading(KNOWLEDGE_FILE), content={"version": 1})
        self.short = Shortener(said)
        self._datasets = {table: number for table, (part, number) in said.tables.items() if part == 0}
        self._name = name

    @property
    def documents(self) -> Mapping[str, Document]:
        """The files by name."""
        return {MODEL_FILE: self.model, KNOWLEDGE_FILE: self.knowledge}

    def save(self) -> tuple[Path, ...]:
        """Write what changed and return the paths."""
        return tuple(document.path for document in self.documents.values() if document.save())

    def add(self, fact: Fact, sources: tuple[Source, ...], *, proposed: bool) -> bool:
        """Write a fact; tell whether the form of the files can hold it."""
        if isinstance(fact, Note):
            self._add_note(fact, proposed=proposed)
            return True
        state: dict[str, Any] = {"status": "proposed", "id": key_of(fact)} if proposed else {}
        if sources:
            state["sources"] = list(evidence(sources))
        match fact:
            case Metric():
                return self._add_metric(fact, state)
            case Dimension():
                return self._add_dimension(fact, state)
            case MinedJoin():
                self._add_join(fact, state)
            case _:
                return self._add_knowledge(fact, state)
        return True

    def part(self) -> CommentedMap:
        """Return the semantic model that is written to."""
        models = self.model.items(self.model.root, "semantic_model")
        if not models:
            models.append(CommentedMap({"name": self._name, "datasets": CommentedSeq()}))
        found: CommentedMap = models[0]
        return found

    def dataset(self, table: TableId) -> CommentedMap:
        """Return the dataset of a table, a new one where there is none."""
        datasets = self.model.items(self.part(), "datasets")
        if table not in self._datasets:
            self._datasets[table] = len(datasets)
            datasets.append(CommentedMap({"name": self.short.dataset(table), "source": self.short.source(table)}))
        found: CommentedMap = datasets[self._datasets[table]]
        return found

    def field(self, table: TableId, column: str) -> CommentedMap:
        """Return the field of a column, a new one where there is none."""
        fields = self.model.items(self.dataset(table), "fields")
        for item in fields:
            if _is_column(item, column):
                found: CommentedMap = item
                return found
        text = column if column.isidentifier() else '"' + column.replace('"', '""') + '"'
        expression = flow({"dialects": [{"dialect": "ANSI_SQL", "expression": text}]})
        name = free_name(column, (str(item.get("name", "")) for item in fields))
        fields.append(CommentedMap({"name": name, "expression": expression}))
        added: CommentedMap = fields[-1]
        return added

    def _add_note(self, note: Note, *, proposed: bool) -> None:
        entry = self.field(note.table, note.column) if note.column else self.dataset(note.table)
        if note.kind == "description":
            put(entry, "description", block(note.text))
        context = self.model.mapping(entry, "ai_context") if note.kind != "description" or proposed else None
        if context is None:
            return
        if note.kind == "synonym":
            self.model.items(context, "synonyms").append(note.text)
        elif note.kind in _MARKS:
            context[note.kind] = note.text or True
        elif note.kind in _TEXTS:
            context[_TEXTS[note.kind]] = note.text
        if proposed:
            what = f"{note.kind}, {evidence((note.source,))[0]}"
            self.model.mapping(context, "proposed")[note.id] = what

    def _add_metric(self, fact: Metric, state: dict[str, Any]) -> bool:
        expression = self.short.expression(fact.expression, sort="metric")
        filters = [self.short.expression(condition, sort="row") for condition in fact.filters]
        if expression is None or None in filters or not fact.tables:
            return False
        for table in fact.tables:
            self.dataset(table)
        home = "" if self.short.leads(expression, fact.tables[0]) else self.short.dataset(fact.tables[0])
        context = {
            "label": fact.label, "synonyms": list(fact.synonyms), "unit": fact.unit,
            "dataset": home, "filters": filters, "time": self._column(fact.time),
            "snapshot": self._column(fact.snapshot), "deprecated": fact.deprecated, **state,
        }  # fmt: skip
        metrics = self.model.items(self.part(), "metrics")
        name = free_name(fact.name, (str(item.get("name", "")) for item in metrics))
        metrics.append(_item({"name": name, **_body(expression, fact.description, context)}))
        return name == fact.name

    def _column(self, column: tuple[TableId, str] | None) -> str:
        return f"{self.short.dataset(column[0])}.{_quoted(column[1])}" if column else ""

    def _add_dimension(self, fact: Dimension, state: dict[str, Any]) -> bool:
        table = fact.tables[0]
        expression = self.short.expression(fact.expression, sort="row", home=table)
        if expression is None:
            return False
        context = {"synonyms": list(fact.synonyms), **state}
        fields = self.model.items(self.dataset(table), "fields")
        if fact.name.lower() in {str(item.get("name", "")).lower() for item in fields}:
            return False
        fields.append(_item({"name": fact.name, **_body(expression, fact.description, context)}))
        return True

    def _add_join(self, fact: MinedJoin, state: dict[str, Any]) -> None:
        r = fact.relationship
        child, parent = self.short.dataset(r.child), self.short.dataset(r.parent)
        self.dataset(r.child)
        self.dataset(r.parent)
        items = self.model.items(self.part(), "relationships")
        taken = [str(item.get("name", "")) for item in items]
        name = f"{child}_to_{parent}"
        if name in taken:
            name = free_name(f"{name}_by_{'_'.join(r.child_columns)}", taken)
        # Fields may rename columns, so the names that expressions use are written.
        columns = {"from_columns": list(r.child_columns), "to_columns": list(r.parent_columns)}
        context = {"cardinality": r.cardinality, **state}
        items.append(_item({"name": name, "from": child, "to": parent, **columns, "ai_context": context}))

    def _add_knowledge(self, fact: Fact, state: dict[str, Any]) -> bool:
        root = self.knowledge.root
        match fact:
            case PastQuery():
                item: dict[str, Any] = {"question": fact.text, "sql": block(many_lines(fact.sql))}
                self.knowledge.items(root, "queries").append(_item({**item, **state}))
            case Segment():
                condition = self.short.expression(fact.condition, sort="row")
                if condition is None:
                    return False
                for table in fact.tables:
                    self.dataset(table)
                item = {"name": fact.name, "condition": condition, "description": fact.description}
                more = {"synonyms": list(fact.synonyms), **state}
                self.knowledge.items(root, "segments").append(_item({**item, **more}))
            case Term():
                item = {"term": fact.term, "definition": block(fact.definition), "synonyms": list(fact.synonyms)}
                self.knowledge.items(root, "terms").append(_item({**item, **state}))
            case Rule():
                item = {"kind": fact.kind, "words": list(fact.words), "text": fact.text, "choices": list(fact.choices)}
                self.knowledge.items(root, "rules").append(_item({**item, **state}))
        return True


def _heading(file: str) -> tuple[str, ...]:
    return (
        f"yaml-language-server: $schema={SCHEMA_FOLDER}/{SCHEMA_NAMES[file]}",
        "What people write here wins over what was mined. To accept a proposal, delete its line `status: proposed` or",
        "its line under `proposed`, or run: genie model accept ID. docs/semantic-model.md describes this file.",
    )


def _item(values: Mapping[str, Any]) -> CommentedMap:
    """Return a mapping less what is empty, short lists on one line."""
    found = CommentedMap()
    for key, value in values.items():
        if value in ("", [], None, False) or value == {}:
            continue
        inner = _item(value) if isinstance(value, dict) and not isinstance(value, CommentedMap) else value
        found[key] = flow({"x": inner})["x"] if isinstance(inner, list) and key != "sources" else inner
    return found


def _body(expression: str, description: str, context: Mapping[str, Any]) -> dict[str, Any]:
    dialects = CommentedSeq([CommentedMap({"dialect": "ANSI_SQL", "expression": expression})])
    body = {"expression": CommentedMap({"dialects": dialects}), "description": block(description)}
    return {**body, "ai_context": dict(context)}


def _is_column(item: Any, column: str) -> bool:
    """Tell whether a field is nothing but the column."""
    expression = item.get("expression") or {}
    texts = [str(one.get("expression", "")) for one in expression.get("dialects") or ()]
    return any(text.strip().strip('"').lower() == column.lower() for text in texts)


def _quoted(name: str) -> str:
    return name if name.isidentifier() else '"' + name.replace('"', '""') + '"'
