"""The two files of the semantic model: where they are, and what they hold when both have the right form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from semantic.mining.ossie_forms import OssieFile, SemanticModel
from semantic.model.knowledge import Knowledge

MODEL_FILE = "model.ossie.yaml"
KNOWLEDGE_FILE = "knowledge.yaml"
Key = tuple[str | int, ...]
"""The way to an entry of a file: keys of mappings and positions in lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong or doubtful in a file.

    Attributes:
        level: Whether what is written there can be used.
        file: Name of the file.
        line: Line, from 1.
        key: The way to the entry, such as "metrics[2].expression".
        text: What is wrong and, where it can be told, what is right.
    """

    level: Literal["error", "warning"]
    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        """Return one line as editors and compilers write it."""
        return f"{self.file}:{self.line}: {self.key + ': ' if self.key else ''}{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What people and mining wrote into the files of one lake; empty where there are none.

    Attributes:
        folder: Where the files are.
        ossie: Tables, columns, joins and metrics.
        knowledge: Everything else.
        lines: Line of every entry, by file and the way to it.
    """

    folder: Path
    ossie: OssieFile = field(default_factory=lambda: OssieFile(version="0.1.1"))
    knowledge: Knowledge = field(default_factory=Knowledge)
    lines: Mapping[str, Mapping[Key, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def parts(self) -> tuple[tuple[int, SemanticModel], ...]:
        """The semantic models of the Ossie file with their positions."""
        return tuple(enumerate(self.ossie.semantic_model))

    def problem(self, level: Literal["error", "warning"], file: str, key: Key, text: str) -> Problem:
        """Return a problem at an entry."""
        return Problem(level=level, file=file, line=self.line(file, key), key=spell(key), text=text)

    def line(self, file: str, key: Key) -> int:
        """Return the line of an entry, of the nearest one around it where it is not written."""
        return nearest_line(self.lines.get(file, {}), key)

    def place(self, file: str, key: Key) -> str:
        """Return file and line of an entry."""
        return f"{file}:{self.line(file, key)}"


def model_files(folder: Path) -> tuple[Path, ...]:
    """Return the files that exist."""
    return tuple(path for name in (MODEL_FILE, KNOWLEDGE_FILE) if (path := folder / name).is_file())


def spell(key: Key) -> str:
    """Return the way to an entry as people write it, less the outer list that nearly every file has one item of."""
    if key[:2] == ("semantic_model", 0) and len(key) > 2:
        key = key[2:]
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def nearest_line(lines: Mapping[Key, int], key: Key) -> int:
    """Return the line of an entry, of the nearest one around it where it has none."""
    return next((lines[key[:length]] for length in range(len(key), -1, -1) if key[:length] in lines), 1)
