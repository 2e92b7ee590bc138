from __future__ import annotations

import io
import sys

import pytest

from genie_ext.display_width import columns_of, cut, one_line
from genie_ext.progress import Line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_line_shows_text_of_many_lines_on_one_that_fits(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("COLUMNS", "30")
    with Line() as line:
        line.show("SELECT\n  *,\n\tname\nFROM orders WHERE status = 'a long one'")
        shown = terminal.getvalue().removeprefix("\r\x1b[K")
    assert shown == "SELECT *, name FROM orders W…"
    assert terminal.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("東京都", 4, "東…"), ("e\u0301e", 2, "e\u0301e")],
)
def test_cut_counts_columns_of_the_terminal(text, width, shown):
    assert cut(text, width) == shown
    assert columns_of(shown) <= width


def test_one_line_looks_only_at_what_fits():
    assert one_line("a\n" * 100_000, 5) == "a a …"
    assert one_line("a\x1b[2Jb\u202ec", 20) == "a[2Jbc"
