"""Execution accuracy: whether two results say the same, and how sure a rate of right answers is."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

Row = tuple[Any, ...]

RELATIVE = 1e-4
"""Numbers this close, relative to the larger one, count as equal."""


def table_rows(table: pa.Table) -> list[Row]:
    """Return the rows of an Arrow table; columns of the same name stay apart."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def same_rows(gold: Sequence[Row], found: Sequence[Row], *, ordered: bool = False) -> bool:
    """Return True where both hold the same rows under some order of the columns.

    Args:
        gold: The rows wanted.
        found: The rows to judge.
        ordered: True where the order of the rows counts as well.
    """
    if len(gold) != len(found):
        return False
    if not gold:
        return True
    wanted, given = ([tuple(map(normal, row)) for row in rows] for rows in (gold, found))
    if len(wanted[0]) != len(given[0]):
        return False
    same = _same_list if ordered else _same_bag
    columns_wanted, columns_given = list(zip(*wanted, strict=True)), list(zip(*given, strict=True))
    return any(True for _ in _permutations(columns_wanted, columns_given, same))


def normal(value: Any) -> Any:
    """Return a cell in the one form that is compared: 1 = 1.0 = TRUE, midnight = its date, strings stripped."""
    if isinstance(value, bool | int | float | Decimal):
        number = float(value)
        return "NaN" if math.isnan(number) else number
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dt.datetime):
        plain = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
        return plain.date() if plain.time() == dt.time.min else plain
    if isinstance(value, Mapping):
        return tuple((str(key), normal(value[key])) for key in sorted(value, key=str))
    if isinstance(value, list | tuple):
        return tuple(map(normal, value))
    return value


def same_cell(left: Any, right: Any) -> bool:
    """Return True where two normal cells are equal, numbers to a relative 1e-4."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right or math.isclose(left, right, rel_tol=RELATIVE)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same_cell, left, right))
    return type(left) is type(right) and bool(left == right)


def holds_answer(answer: Sequence[tuple[str, str]], rows: Sequence[Row]) -> bool:
    """Return True where rows hold every value of a list of (name, value) answers.

    A number equals a cell that rounds to it at the number's own decimals; a text equals a cell ignoring case.
    A result with more rows than there are values does not count: the whole table would hold everything.
    """
    if not rows or len(rows) > max(1, len(answer)):
        return False
    cells = [normal(cell) for row in rows for cell in row]
    return all(any(_is_value(value, cell) for cell in cells) for _, value in answer)


def order_matters(sql: str) -> bool:
    """Return True where the query sorts its result at the top and not only to pick one row."""
    from sqlglot import exp, parse_one

    tree = parse_one(sql, dialect="duckdb")
    limit = tree.args.get("limit")
    single = isinstance(limit, exp.Limit) and limit.expression.name == "1"
    return tree.args.get("order") is not None and not single


def wilson(right: int, total: int, *, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a rate, (0, 1) where nothing was counted."""
    if not total:
        return 0.0, 1.0
    rate, spread = right / total, z * z / total
    centre = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / total + spread / total / 4) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration(pairs: Iterable[tuple[float, bool]], *, bins: int = 5) -> list[dict[str, float]]:
    """Return per bin of confidence how many answers it holds, their mean confidence and the share that is right."""
    grouped: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in pairs:
        grouped[min(bins - 1, int(confidence * bins))].append((confidence, right))
    return [
        {
            "from": number / bins,
            "to": (number + 1) / bins,
            "n": len(group),
            "confidence": sum(confidence for confidence, _ in group) / len(group),
            "right": sum(right for _, right in group) / len(group),
        }
        for number, group in sorted(grouped.items())
    ]


def _permutations(
    gold: list[Row], found: list[Row], same: Any, chosen: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    """Yield the orders of the found columns that give the gold rows, growing them one column at a time."""
    depth = len(chosen)
    if depth == len(gold):
        yield chosen
        return
    wanted = list(zip(*gold[: depth + 1], strict=True))
    tried: list[Row] = []
    for number, column in enumerate(found):
        # Equal columns are interchangeable, so one of them stands for all.
        if (
            number in chosen
            or column in tried
            or not same([(cell,) for cell in gold[depth]], [(cell,) for cell in column])
        ):
            continue
        tried.append(column)
        if same(wanted, list(zip(*(found[index] for index in (*chosen, number)), strict=True))):
            yield from _permutations(gold, found, same, (*chosen, number))


def _same_list(gold: Sequence[Row], found: Sequence[Row]) -> bool:
    return all(same_cell(left, right) for left, right in zip(gold, found, strict=True))


def _same_bag(gold: Sequence[Row], found: Sequence[Row]) -> bool:
    groups_gold, groups_found = _groups(gold), _groups(found)
    return groups_gold.keys() == groups_found.keys() and all(
        _same_numbers(numbers, groups_found[key]) for key, numbers in groups_gold.items()
    )


def _groups(rows: Sequence[Row]) -> dict[str, list[tuple[float, ...]]]:
    """Group rows by all that is compared exactly; the numbers of each row stay for the comparison with tolerance."""
    groups: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for row in rows:
        numbers: list[float] = []
        key = repr([_exact(cell, numbers) for cell in row])
        groups[key].append(tuple(numbers))
    return groups


def _exact(cell: Any, numbers: list[float]) -> Any:
    if isinstance(cell, float):
        numbers.append(cell)
        return ...
    return [_exact(part, numbers) for part in cell] if isinstance(cell, tuple) else cell


def _same_numbers(gold: list[tuple[float, ...]], found: list[tuple[float, ...]]) -> bool:
    if len(gold) != len(found):
        return False
    if all(map(same_cell, sorted(gold), sorted(found))):
        return True
    # Sorting can pair rows wrongly where numbers are equal only within the tolerance; then a matching decides.
    return len(gold[0]) > 1 and _matched(gold, found)


def _matched(gold: list[tuple[float, ...]], found: list[tuple[float, ...]]) -> bool:
    found = sorted(found)
    partners = [_partners(wanted, found) for wanted in gold]
    taken: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for partner in partners[row]:
            if partner not in seen:
                seen.add(partner)
                if partner not in taken or place(taken[partner], seen):
                    taken[partner] = row
                    return True
        return False

    return all(partners) and all(place(row, set()) for row in range(len(gold)))


def _partners(wanted: tuple[float, ...], found: list[tuple[float, ...]]) -> list[int]:
    """Return the places of the sorted rows that equal the wanted one; a little more than the tolerance is looked at."""
    margin = 2 * RELATIVE * abs(wanted[0])
    first, last = bisect_left(found, (wanted[0] - margin,)), bisect_right(found, (wanted[0] + margin, math.inf))
    return [number for number in range(first, last) if same_cell(wanted, found[number])]


def _is_value(value: str, cell: Any) -> bool:
    text = value.strip()
    try:
        wanted = float(text)
    except ValueError:
        return isinstance(cell, str) and cell.lower() == text.lower()
    decimals = len(text.partition(".")[2])
    return isinstance(cell, float) and (same_cell(wanted, cell) or math.isclose(round(cell, decimals), wanted))
