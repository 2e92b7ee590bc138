"""Folds: databases are split by a hash of their name, never by question."""

from __future__ import annotations

import hashlib

HELD_OUT = 6
"""One database in so many is held out from training."""


def is_held_out(database: str) -> bool:
    """Tell whether a database is kept from training."""
    return fold_of(database, HELD_OUT) == 0


def fold_of(database: str, folds: int) -> int:
    """Return the fold of a database, from 0 on."""
    return int(hashlib.sha256(database.encode()).hexdigest(), 16) % folds
