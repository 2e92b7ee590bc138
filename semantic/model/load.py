"""Read the files of a semantic model; what breaks their form is told all at once, by file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from semantic.errors import ModelError
from semantic.mining.ossie_forms import VERSION, Form, OssieFile
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE, Key, Model, Problem, nearest_line, spell
from semantic.model.knowledge import Knowledge
from semantic.model.yaml_text import UnreadableError, line_numbers, parse, plain

Root = TypeVar("Root", bound=Form)


_WANTED = {
    "string_type": "text", "tuple_type": "a list", "bool_type": "true, false or the reason in words",
    "bool_parsing": "true or false", "dict_type": "a mapping", "mapping_type": "a mapping", "model_type": "a mapping",
    "model_attributes_type": "a mapping", "too_short": "a list with at least one item",
}  # fmt: skip
"""What pydantic's errors ask for, in words of the file."""


def load_model(folder: Path) -> Model:
    """Return what the files in a folder hold; files that are not there are empty.

    Raises:
        ModelError: A file breaks its form; the message has one line for every place, with file, line and key.
    """
    model, problems = read_model(folder)
    if problems:
        lines = "\n".join(str(problem) for problem in problems)
        hint = "Mend these lines; docs/semantic-model.md describes the files."
        raise ModelError(f"The semantic model in {folder} cannot be used:\n{lines}\n", hint=hint)
    return model


def read_model(folder: Path) -> tuple[Model, tuple[Problem, ...]]:
    """Return the same, with what breaks the form as a list; the file it stands in counts as empty."""
    lines: dict[str, Mapping[Key, int]] = {}
    empty = OssieFile(version=VERSION)
    ossie, wrong = _read(folder / MODEL_FILE, empty, lines)
    knowledge, also_wrong = _read(folder / KNOWLEDGE_FILE, Knowledge(), lines)
    return Model(folder=folder, ossie=ossie, knowledge=knowledge, lines=lines), (*wrong, *also_wrong)


def _read(path: Path, empty: Root, lines: dict[str, Mapping[Key, int]]) -> tuple[Root, tuple[Problem, ...]]:
    if not path.is_file():
        return empty, ()
    try:
        document, _ = parse(path)
        data = plain(document)
        lines[path.name] = found = dict(line_numbers(document))
    except UnreadableError as error:
        return empty, (Problem(level="error", file=path.name, line=error.line, key="", text=str(error)),)
    except RecursionError:
        return empty, (Problem(level="error", file=path.name, line=1, key="", text="nested too deeply"),)
    if data is None:
        return empty, ()
    try:
        return type(empty).model_validate(data), ()
    except ValidationError as error:
        return empty, explain(error, data, type(empty), path.name, found)


def explain(
    error: ValidationError, data: Any, form: type[Form], file: str, lines: Mapping[Key, int]
) -> tuple[Problem, ...]:
    """Return what breaks a form, by line."""
    schema = form.model_json_schema()
    found: dict[Key, Problem] = {}
    # A list counts as too short when none of its items is right; the items say more.
    for item in (i for i in error.errors() if i["type"] != "too_short" or not i["input"]):
        key = _written(item["loc"], data, missing=item["type"] == "missing")
        text = _text(dict(item), key, schema)
        problem = Problem(level="error", file=file, line=nearest_line(lines, key), key=spell(key), text=text)
        found.setdefault(key, problem)
    return tuple(sorted(found.values(), key=lambda problem: problem.line))


def _text(item: dict[str, Any], key: Key, schema: Mapping[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return f"unknown key{_meant(str(key[-1]), allowed_keys(schema, key[:-1]))}"
    if item["type"] == "missing":
        return "this key is required"
    wanted = _WANTED.get(item["type"]) or str(item["msg"]).removeprefix("Input should be ")
    if item["type"] == "literal_error":
        near = difflib.get_close_matches(str(item["input"]).lower(), wanted.split("'")[1::2], n=1)
        return f"is {item['input']!r}, must be {wanted}" + (f"; did you mean {near[0]}?" if near else "")
    return f"is {_short(item['input'])}, must be {wanted}"


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "…"


def _meant(word: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(word.lower(), allowed, n=1, cutoff=0.6)
    if near and near[0] != word:
        return f"; did you mean {near[0]}?"
    return f"; allowed are {', '.join(allowed)}" if allowed else ""


def _written(loc: tuple[str | int, ...], data: Any, *, missing: bool) -> Key:
    """Return the part of a pydantic location that the file has, for a missing key with that key."""
    key: list[str | int] = []
    for part in loc[:-1] if missing else loc:
        inside = part in data if isinstance(data, dict) else isinstance(part, int) and isinstance(data, list)
        if not inside:
            break
        key.append(part)
        data = data[part]
    return (*key, loc[-1]) if missing else tuple(key)


def allowed_keys(schema: Mapping[str, Any], key: Key) -> list[str]:
    """Return the keys that a form allows at an entry."""
    here: Any = schema
    for part in key:
        properties = _properties(here, schema)
        here = _resolve(here, schema).get("items", {}) if isinstance(part, int) else properties.get(part, {})
    return list(_properties(here, schema))


def _resolve(node: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    found: Mapping[str, Any] = node
    return found


def _properties(node: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    node = _resolve(node, schema)
    for branch in (node, *(_resolve(item, schema) for item in node.get("anyOf", ()))):
        if "properties" in branch:
            found: Mapping[str, Any] = branch["properties"]
            return found
    return {}
