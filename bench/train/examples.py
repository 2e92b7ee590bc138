"""Examples the parser is trained on, and the one file of flat arrays they are stored in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genie_ext.embedded.parser.inputs import Inputs

ROLES = ("show", "figure", "filter", "group", "having", "order")
"""What an item can be to a question, in the order of the columns of `Example.roles`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question with the actions that write its plan.

    Attributes:
        inputs: What the network reads.
        actions: The whole sequence, first word and last word included, shape (L + 1,), int64.
        allowed: For each of the L actions after the first, the words and then the kinds of item that the grammar
            allows there, shape (L, V + 3), bool.
        roles: 1 where an item plays a role of ROLES, shape (N, 6), float32.
        id: Name of the example.
        db: Name of its database; held-out examples come from databases that are not trained on.
    """

    inputs: Inputs
    actions: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    roles: NDArray[np.float32]
    id: str
    db: str

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields as arrays, to be stored."""
        own = {"actions": self.actions, "allowed": self.allowed, "roles": self.roles}
        return self.inputs.arrays() | own | {"id": _text(self.id), "db": _text(self.db)}


def save_examples(path: Path, examples: Sequence[Example]) -> None:
    """Write examples into one .npz file.

    Raises:
        ValueError: The shapes of an example do not fit each other, or there is no example.
    """
    if not examples:
        raise ValueError(f"There are no examples to write into {path}.")
    for example in examples:
        _check(example)
    rows = [example.arrays() for example in examples]
    stored: dict[str, NDArray[Any]] = {}
    for name in rows[0]:
        parts = [row[name] for row in rows]
        stored[name] = np.concatenate(parts)
        stored[f"{name}.ends"] = np.cumsum([len(part) for part in parts])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, **stored)  # type: ignore[arg-type]


def load_examples(path: Path) -> list[Example]:
    """Return the examples of a file that `save_examples` wrote, in order."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    names = [name for name in stored if not name.endswith(".ends")]
    parts = {name: np.split(stored[name], stored[f"{name}.ends"][:-1]) for name in names}
    return [_example({name: parts[name][i] for name in names}) for i in range(len(parts["ids"]))]


def _example(row: dict[str, NDArray[Any]]) -> Example:
    first, last = (int(token) for token in row["question"])
    inputs = Inputs(
        ids=row["ids"],
        question=(first, last),
        **{name: row[name] for name in ("spans", "kinds", "owners", "features")},
    )
    own = {name: row[name] for name in ("actions", "allowed", "roles")}
    return Example(inputs=inputs, **own, id=row["id"].tobytes().decode(), db=row["db"].tobytes().decode())


def _text(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _check(example: Example) -> None:
    inputs, length, items = example.inputs, len(example.actions) - 1, len(example.inputs.kinds)
    words = example.allowed.shape[1] - 3
    fits = {
        "spans": inputs.spans.shape == (items, 2) and bool((inputs.spans[:, 1] > inputs.spans[:, 0]).all()),
        "spans within ids": items == 0 or bool(inputs.spans.max() <= len(inputs.ids)),
        "owners": inputs.owners.shape == (items,),
        "features": len(inputs.features) == items,
        "actions": length > 0 and bool(example.actions.max() < words + items),
        "allowed": len(example.allowed) == length,
        "roles": example.roles.shape == (items, len(ROLES)),
    }
    wrong = [name for name, good in fits.items() if not good]
    if wrong or not _reachable(example, words):
        raise ValueError(f"Example {example.id} does not fit together: {', '.join(wrong) or 'an action not allowed'}.")


def _reachable(example: Example, words: int) -> bool:
    kinds = np.append(np.arange(words), words + example.inputs.kinds)
    return bool(example.allowed[np.arange(len(example.allowed)), kinds[example.actions[1:]]].all())
