"""What the network of the parser reads: token ids, and the items of a question that an action can point to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ItemKind = Literal["table", "column", "value"]
ITEM_KINDS: tuple[ItemKind, ...] = ("table", "column", "value")
FEATURES = 24
"""Width of the row of features that each item has beside its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One question as the network reads it, N items in the order tables, columns, values.

    Attributes:
        ids: Token ids of "[CLS] question [SEP] table : column , column … [SEP]", shape (T,), int64.
        question: First token of the question and the one after its last.
        spans: First token of each item and the one after its last, shape (N, 2), int64; those of a value are the
            words of the question that say it, or else the name of its column.
        kinds: Index of each item's kind in ITEM_KINDS, shape (N,), int64.
        owners: Index of the table of each column and of the column of each value that the question does not say, its
            own index for all others, shape (N,), int64.
        features: What is known of each item beside its words, shape (N, FEATURES), float32.
    """

    ids: NDArray[np.int64]
    question: tuple[int, int]
    spans: NDArray[np.int64]
    kinds: NDArray[np.int64]
    owners: NDArray[np.int64]
    features: NDArray[np.float32]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields as arrays, to be stored."""
        return {
            "ids": self.ids,
            "question": np.array(self.question),
            "spans": self.spans,
            "kinds": self.kinds,
            "owners": self.owners,
            "features": self.features,
        }
