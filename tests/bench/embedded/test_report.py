"""The table of figures, and the command that prints it again from collected rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.embedded.__main__ import main
from bench.embedded.report import block, head

WEIGHTS = {"share": 1.0, "bias": 0.0}


def make_row(number: int, *, right: bool, name: str = "shops", slices: tuple[str, ...] = ()) -> dict[str, Any]:
    group = {"chance": 0.95, "right": right, "sources": ["rules"]}
    own = {"id": str(number), "set": name, "db": "shop", "cpu": 0.25, "warm": number > 0, "slices": list(slices)}
    return {**own, "settled": "final", "groups": [group]}


ROWS = [make_row(0, right=True, slices=("joins",)), make_row(1, right=False), make_row(2, right=True)]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_block_has_a_line_for_the_set_and_one_for_each_slice_in_it() -> None:
    lines = list(block(ROWS, WEIGHTS, 0.6))
    assert [cells(line)[:3] for line in lines] == [["shops", "all", "3"], ["shops", "joins", "1"]]
    columns = dict(zip(cells(next(head(0.6))), cells(lines[0]), strict=True))
    assert columns["right (95 %)"] == "66.7% (20.8% to 93.9%)"
    assert columns["from 0.9"] == "100.0%: 66.7%"
    assert columns["from 0.6 (default)"] == "100.0%: 66.7%"
    assert columns["ECE"] == "0.283"
    assert columns["CPU s"] == "0.25 / 0.25"


def test_block_shows_a_dash_where_there_is_nothing_to_count() -> None:
    row = make_row(0, right=True) | {"settled": "Refusal", "groups": []}
    (line,) = block([row], WEIGHTS, 0.6)
    columns = dict(zip(cells(next(head(0.6))), cells(line), strict=True))
    assert columns["from 0.9"] == "0.0%: –"
    assert (columns["ECE"], columns["CPU s"]) == ("–", "–")


def test_main_reports_collected_rows_set_by_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, ranking = tmp_path / "rows.jsonl", tmp_path / "ranking.json"
    both = [*ROWS, make_row(0, right=True, name="farms")]
    rows.write_text("".join(json.dumps(row) + "\n" for row in both))
    ranking.write_text(json.dumps({"weights": WEIGHTS}))
    monkeypatch.setattr(sys, "argv", ["bench.embedded", "--from", str(rows), "--ranking", str(ranking)])
    main()
    printed = [cells(line)[:3] for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert printed[1:] == [["shops", "all", "3"], ["shops", "joins", "1"], ["farms", "all", "1"]]


def test_main_asks_for_what_it_needs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["bench.embedded", "--bench", "somewhere"])
    with pytest.raises(SystemExit):
        main()
    assert "name --bench and --home, or rows to report with --from" in capsys.readouterr().err
