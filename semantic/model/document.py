"""One file of the model under edit: what people wrote stays as they wrote it, comments and order included."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString

from semantic.errors import ModelError
from semantic.model.files import Key
from semantic.model.yaml_text import UnreadableError, parse, writer

_NEW = "a:\n  - b\n"
"""How lists stand in files that are made here."""


class Document:
    """One YAML file; a new one begins with the lines given.

    Args:
        path: The file, there or not.
        heading: Comment lines of a new file.
        content: What a new file holds.
    """

    def __init__(self, path: Path, *, heading: tuple[str, ...], content: Mapping[str, Any]) -> None:
        self.path = path
        self._old = ""
        self.root: CommentedMap = CommentedMap()
        found = None
        if path.is_file():
            try:
                found, self._old = parse(path)
            except UnreadableError as error:
                hint = "Mend the file; genie model check says more."
                raise ModelError(f"{path}:{error.line}: {error}.", hint=hint) from error
        self._yaml = writer(self._old if "\n" in self._old.strip() else _NEW)
        if isinstance(found, CommentedMap):
            self.root = found
        elif not self._old.strip():
            self.root = CommentedMap(content)
            self.root.yaml_set_start_comment("\n".join(heading))
        else:
            self.root = CommentedMap(content)

    def at(self, key: Key) -> Any:
        """Return an entry."""
        here: Any = self.root
        for part in key:
            here = here[part]
        return here

    def items(self, within: CommentedMap, name: str) -> CommentedSeq:
        """Return a list of a mapping, an empty one where it is not there yet."""
        found = within.get(name)
        if not isinstance(found, CommentedSeq):
            found = CommentedSeq()
            put(within, name, found)
        return found

    def mapping(self, within: CommentedMap, name: str) -> CommentedMap:
        """Return a mapping of a mapping, an empty one where it is not there yet; a text becomes its instructions."""
        found = within.get(name)
        if not isinstance(found, CommentedMap):
            found = CommentedMap({"instructions": found} if isinstance(found, str) else {})
            put(within, name, found)
        return found

    def text(self) -> str:
        """Return the file as it would be written."""
        stream = io.StringIO()
        self._yaml.dump(self.root, stream)
        return stream.getvalue()

    def save(self) -> bool:
        """Write the file where it changed, in one step; tell whether it did.

        Raises:
            ModelError: It cannot be written.
        """
        text = self.text()
        if text == self._old:
            return False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self.path, text)
        except OSError as error:
            hint = "Free some space there, or choose another folder."
            raise ModelError(f"{self.path} cannot be written: {error.strerror}.", hint=hint) from error
        return True


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def put(within: CommentedMap, name: str, value: Any) -> None:
    """Set a key, a new one where readers expect it."""
    if name not in within and name in _ORDER:
        later = set(_ORDER[_ORDER.index(name) + 1 :])
        position = next((number for number, key in enumerate(within) if key in later), len(within))
        within.insert(position, name, value)
    else:
        within[name] = value


_ORDER = (
    "version", "name", "source", "primary_key", "unique_keys", "expression", "dimension", "label", "description",
    "instructions", "synonyms", "ai_context", "datasets", "relationships", "fields", "metrics", "proposed", "sources",
    "queries", "segments", "terms", "rules", "rejected",
)  # fmt: skip
"""Keys in the order in which files of this format usually have them."""


def block(text: str) -> str:
    """Return a text as a block of lines where it has several."""
    lines = text.rstrip("\n").split("\n")
    return LiteralScalarString(text) if len(lines) > 1 and not any(line != line.rstrip() for line in lines) else text


def flow(value: Mapping[str, Any]) -> CommentedMap:
    """Return a mapping on one line."""
    found = CommentedMap({key: _flow(item) for key, item in value.items()})
    found.fa.set_flow_style()
    return found


def _flow(value: Any) -> Any:
    if isinstance(value, Mapping):
        return flow(value)
    if isinstance(value, list | tuple):
        found = CommentedSeq([_flow(item) for item in value])
        found.fa.set_flow_style()
        return found
    return value
