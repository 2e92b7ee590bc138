"""Notes on stderr while something runs: one line that is written over on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType
from typing import Self

from genie_ext.display_width import one_line
from semantic.types import Progress

_CLEAR = "\r\x1b[K"


def say(text: str) -> None:
    """Write a note to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def describe(progress: Progress) -> str:
    """Return a bar with the figures of a build; what has no figures, such as waiting, is only named."""
    if not progress.total:
        return f"{progress.phase} …"
    share = progress.done / progress.total
    return f"{progress.phase:<12} {'█' * int(share * 24):<24} {progress.done:,} of {progress.total:,}"


class Line:
    """A progress line.

    Args:
        quiet: True to write nothing where stderr is no terminal.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.live = sys.stderr.isatty()
        self.quiet = quiet
        self._phase = ""

    def show(self, text: str) -> None:
        """Show a text in place of the one before, as one line that the terminal does not break."""
        if self.live:
            sys.stderr.write(_CLEAR + one_line(text, shutil.get_terminal_size().columns - 1))
            sys.stderr.flush()
        elif not self.quiet:
            say(text)

    def update(self, progress: Progress) -> None:
        """Show how far a build is; elsewhere than on a terminal one line a phase."""
        if self.live:
            self.show(describe(progress))
        elif progress.phase != self._phase:
            self.show(f"{progress.phase} …")
        self._phase = progress.phase

    def clear(self) -> None:
        """Remove the line."""
        if self.live:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the line."""
        self.clear()
