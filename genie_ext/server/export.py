"""A thread as a plain notebook: questions and answers in words, and queries that run without this project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genie_ext.frames import name_of
from genie_ext.server.history import Kept

_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]()<>#+-.!|~$&"})


def to_notebook(setup: Sequence[str], title: str, kept: Sequence[Kept]) -> dict[str, Any]:
    """Return a notebook of format 4; its code needs duckdb and pandas.

    Args:
        setup: Statements that make the lake visible on a fresh connection.
        title: Its heading.
        kept: The turns, in order; the query of one about a frame is shown only, since the frame is not there.
    """
    cells = [("markdown", f"# {_plain(title)}"), ("code", _connect(setup))]
    for one in kept:
        turn = one.turn
        if one.about and turn["sql"] is not None:
            cells.append(("markdown", f"{_told(turn)}\n\n{_shown(one)}"))
            continue
        cells.append(("markdown", _told(turn)))
        if turn["sql"] is not None:
            cells.append(("code", f"lake.sql({_literal(str(turn['sql']['text']))}).df()"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
    }


def _connect(setup: Sequence[str]) -> str:
    return "\n".join(["import duckdb", "", "lake = duckdb.connect()", *(f"lake.execute({text!r})" for text in setup)])


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    more: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"id": f"cell-{number}", "cell_type": kind, "metadata": {}, "source": text, **more}


def _literal(sql: str) -> str:
    """Return a Python literal over several lines, where the text allows one."""
    return repr(sql) if '"""' in sql or "\\" in sql or sql.endswith('"') else f'"""\n{sql}\n"""'


def _shown(kept: Kept) -> str:
    """Return the query about a frame as Markdown."""
    lines = str(kept.turn["sql"]["text"]).splitlines()
    return "\n".join([f"Asked about the frame {_plain(name_of(kept.about))}:", "", *(f"    {line}" for line in lines)])


def _told(turn: Mapping[str, Any]) -> str:
    lines = [f"## {_plain(str(turn['question']['text']))}", ""]
    if turn["answer"] is not None:
        lines.append(_plain(str(turn["answer"]["text"])))
    if turn["plan"] is not None:
        lines += ["", f"*Understood as:* {_plain(str(turn['plan']['interpretation']))}"]
    if turn["clarification"] is not None:
        lines.append(_plain(str(turn["clarification"]["question"])))
        lines += [f"- {_plain(str(choice))}" for choice in turn["clarification"]["choices"]]
    if turn["refusal"] is not None:
        lines.append(_plain(str(turn["refusal"]["reason"])))
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return " ".join(text.split()).translate(_SIGNS)
