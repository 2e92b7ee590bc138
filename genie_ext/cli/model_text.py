"""The differences between a model's files and what was mined, as a table for people."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from genie_ext.display_width import columns_of, one_line

if TYPE_CHECKING:
    from semantic.model.diff import Difference
    from semantic.model.proposals import Proposal

_HEADINGS = (
    ("new", "Not in the files yet; genie model init writes these"),
    ("changed", "Worded anew where they were found; genie model init brings them up to date"),
    ("waiting", "In the files, waiting for a decision"),
    ("rival", "Of the same name as another proposal; accept one of them"),
    ("against", "Mined otherwise than people say; genie model reject ID hides these"),
)
_COLUMNS = ("ID", "KIND", "NAME", "WHAT", "SOURCE", "USES")
_WIDEST = (14, 11, 28, 60, 34, 6)
"""Columns that each part may take; in a pipe nothing is cut."""


def lines_of(difference: Difference) -> Iterator[str]:
    """Yield the differences, proposals by what is to be done about them."""
    for state, heading in _HEADINGS:
        rows = [_row(proposal) for proposal in difference.proposals if proposal.state == state]
        if rows:
            yield f"{heading}:"
            yield from _table([_COLUMNS, *rows])
            yield ""
    for heading, problems in (
        ("In the files, but not in the lake", difference.broken),
        ("In the files, but no longer mined", difference.gone),
    ):
        if problems:
            yield f"{heading}:"
            yield from (f"  {_printable(str(problem))}" for problem in problems)
            yield ""


def summary(difference: Difference) -> str:
    """Return the counts on one line."""
    counts = [
        (sum(p.state == state for p in difference.proposals), word)
        for state, word in (
            ("new", "new"),
            ("changed", "changed"),
            ("waiting", "waiting"),
            ("rival", "in conflict"),
            ("against", "against what people say"),
        )
    ]
    counts += [(len(difference.broken), "broken"), (len(difference.gone), "no longer mined")]
    found = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    return f"{found}." if found else "The files hold all that was mined, and the lake all that they name."


def _row(proposal: Proposal) -> tuple[str, ...]:
    first = proposal.sources[0] if proposal.sources else None
    more = f" +{len(proposal.sources) - 1}" if len(proposal.sources) > 1 else ""
    source = f"{first.kind} {first.place}{more}" if first else ""
    return proposal.id, proposal.kind, proposal.name, proposal.what, source, str(proposal.uses)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100_000
    cells = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(columns_of(row[n]) for row in cells) for n in range(len(_COLUMNS))]
    if sum(widths) + 2 * len(widths) + 2 > width:
        widths = [min(known, most) for known, most in zip(widths, _WIDEST, strict=True)]
        # The text of a proposal gives way first.
        widths[3] = max(12, widths[3] - max(0, sum(widths) + 2 * len(widths) + 2 - width))
    for row in cells:
        parts = (_padded(cell, size) for cell, size in zip(row, widths, strict=True))
        yield ("  " + "  ".join(parts)).rstrip()


def _padded(text: str, width: int) -> str:
    shown = one_line(text, width)
    return shown + " " * (width - columns_of(shown))


def _printable(text: str) -> str:
    """Return a text without characters that would steer the terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
