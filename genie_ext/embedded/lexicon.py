"""The lexicon: tables of English words and patterns, kept as data beside the code and read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_lexicon(name: str) -> dict[str, Any]:
    """Return one of the tables of this package, such as "words"."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))
