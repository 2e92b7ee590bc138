"""The published JSON Schemas of both files, for editors that complete and check them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from semantic.mining.ossie_forms import Form, OssieFile
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE
from semantic.model.knowledge import Knowledge

SCHEMA_FOLDER = "schema"
SCHEMA_NAMES: Mapping[str, str] = {
    MODEL_FILE: "model.ossie.schema.json",
    KNOWLEDGE_FILE: "knowledge.schema.json",
}
_FORMS: Mapping[str, type[Form]] = {MODEL_FILE: OssieFile, KNOWLEDGE_FILE: Knowledge}


def schemas() -> Mapping[str, str]:
    """Return the text of each schema by its file name."""
    return {SCHEMA_NAMES[file]: json.dumps(schema(form), indent=2) + "\n" for file, form in _FORMS.items()}


def schema(form: type[Form]) -> dict[str, Any]:
    """Return the JSON Schema of a form, with a text for every key."""
    found = form.model_json_schema(by_alias=True)
    texts = dict(_texts(Form))
    for name, node in ((form.__name__, found), *found.get("$defs", {}).items()):
        for branch in (node, *node.get("anyOf", ())):
            if "properties" in branch:
                _describe(branch, texts[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidy(found)}


def write_schemas(folder: Path) -> None:
    """Write the schemas into a folder, where they are not there as they should be."""
    for name, text in schemas().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _describe(node: dict[str, Any], texts: Mapping[str, str]) -> None:
    node["description"] = texts[""]
    for key, item in node["properties"].items():
        if text := texts.get(key.removesuffix("_")):
            item["description"] = text


def _texts(form: type[Form]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the forms below one by name, each with its first sentence under "" and the texts of its keys."""
    for child in form.__subclasses__():
        found: dict[str, str] = {}
        for one in (one for one in reversed(child.__mro__) if issubclass(one, Form)):
            head, _, section = (one.__doc__ or "").partition("Attributes:")
            found |= {"": " ".join(head.split()), **_attributes(section, one)}
        yield child.__name__, found
        yield from _texts(child)


def _attributes(section: str, form: type[Form]) -> dict[str, str]:
    texts: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        word, colon, rest = line.strip().partition(": ")
        if colon and word in form.model_fields:
            name, texts[word] = word, rest
        elif name and line.strip():
            texts[name] += " " + line.strip()
    return texts


def _tidy(node: Any) -> Any:
    """Return a schema without the titles and empty defaults that pydantic adds; an empty key is allowed in YAML."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _tidy(item) for key, item in node.items() if not (key == "default" and item in (None, "", []))}
    if isinstance(found.get("title"), str):
        del found["title"]
    return found
