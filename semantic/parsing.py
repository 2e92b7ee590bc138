"""What sqlglot says about a text that it cannot read: kept off the screen, and short enough for a message."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 160


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the parser's own log lines off the screen; what it finds is raised."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def first_line(error: Exception) -> str:
    """Return the first line of a parser's message without its terminal colours."""
    line = (str(error).strip() or type(error).__name__).split("\n")[0]
    return line.replace("\x1b[4m", "").replace("\x1b[0m", "")[:_LONGEST]
