from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from semantic.mining.canonical import filter_keys, key, metric_key
from semantic.mining.writing import shown, written


def tree(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect="duckdb")


def form(sql: str) -> tuple[str, tuple[str, ...]]:
    return metric_key(tree(sql), [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sum(a * b)", "SUM((B)*(A))"),
        ("count(*)", "count(1)"),
        ("sum(CASE WHEN p = 'x' THEN 1 ELSE 0 END)", "count(*) FILTER (WHERE 'x' = p)"),
        ("sum(CASE WHEN p THEN 1 END)", "count_if(p)"),
        ("sum(CASE WHEN p > 1 THEN a ELSE 0 END)", "sum(a) FILTER (WHERE 1 < p)"),
        ("sum((p > 1)::INT)", "count(*) FILTER (WHERE p > 1)"),
        ("count(CASE WHEN p > 1 THEN 'y' END)", "count(*) FILTER (WHERE p > 1)"),
        ("count(DISTINCT CASE WHEN p > 1 THEN a END)", "count(DISTINCT a) FILTER (WHERE p > 1)"),
        ("round(coalesce(sum(a), 0), 2)", "sum(a::DECIMAL(10, 2))"),
        ("sum(a) / nullif(count(*), 0)", "sum(a) / count(1)"),
        ("1.0 * sum(a) / count(*)", "sum(a) / count(*)"),
        ("sum(a) FILTER (WHERE p IS NOT NULL AND p <> '')", "sum(a) FILTER (WHERE p != '')"),
        ("sum(a) FILTER (WHERE p IN ('x'))", "sum(a) FILTER (WHERE p = 'x')"),
        ("sum(a) FILTER (WHERE NOT p = 'x')", "sum(a) FILTER (WHERE p <> 'x')"),
        ("sum(a) FILTER (WHERE p BETWEEN 1 AND 2)", "sum(a) FILTER (WHERE p <= 2 AND 1 <= p)"),
        ("sum(a) FILTER (WHERE p = TRUE)", "sum(a) FILTER (WHERE p)"),
        ("sum(a) FILTER (WHERE p IN (2, 1))", "sum(a) FILTER (WHERE p IN (1, 2, 2))"),
    ],
)
def test_metric_key_is_equal_for_two_ways_to_write_a_figure(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sum(a - b)", "sum(b - a)"),
        ("sum(a)", "sum(DISTINCT a)"),
        ("count(a)", "count(*)"),
        ("count(DISTINCT a)", "count(a)"),
        ("sum(a) / sum(b)", "sum(b) / sum(a)"),
        ("sum(a) FILTER (WHERE p > 1)", "sum(a) FILTER (WHERE p >= 1)"),
        ("sum(a) FILTER (WHERE p <> 'x')", "sum(a) FILTER (WHERE p = 'x')"),
        ("avg(CASE WHEN p THEN a ELSE 0 END)", "avg(CASE WHEN p THEN a END)"),
        ("count(DISTINCT a::DATE)", "count(DISTINCT a)"),
        ("sum(a) * 100", "sum(a)"),
        ("sum(a / 2)", "sum(a // 2)"),
    ],
)
def test_metric_key_differs_for_different_figures(one: str, other: str) -> None:
    assert form(one) != form(other)


COLUMNS = st.sampled_from(["a", "b", "c", "A", "t.x"])
NUMBERS = st.one_of(COLUMNS, st.integers(0, 9).map(str))


def _binary(parts: st.SearchStrategy[str], *signs: str) -> st.SearchStrategy[str]:
    return st.tuples(parts, st.sampled_from(signs), parts).map(lambda t: f"({t[0]} {t[1]} {t[2]})")


AMOUNTS = st.recursive(NUMBERS, lambda parts: _binary(parts, "+", "*", "-", "/"), max_leaves=6)
TESTS = _binary(AMOUNTS, "=", "<>", "<", ">=")
CONDITIONS = st.recursive(
    TESTS, lambda parts: st.one_of(_binary(parts, "AND", "OR"), parts.map(lambda p: f"(NOT {p})")), max_leaves=4
)


def _swapped(node: exp.Expr) -> exp.Expr:
    mirror: dict[type[exp.Expr], type[exp.Binary]] = {exp.LT: exp.GT, exp.GTE: exp.LTE}
    swap = (exp.Add, exp.Mul, exp.EQ, exp.NEQ, exp.And, exp.Or)
    if isinstance(node, swap):
        return type(node)(this=node.expression.copy(), expression=node.this.copy())
    if type(node) in mirror:
        return mirror[type(node)](this=node.expression.copy(), expression=node.this.copy())
    return node


def _cased(sql: str) -> str:
    return sql.swapcase() if not any(q in sql for q in "'\"") else sql


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CONDITIONS, st.sampled_from([str.lower, _cased, lambda s: f"(({s}))"]))
def test_key_ignores_case_parentheses_and_order(sql: str, change: Callable[[str], str]) -> None:
    assert key(tree(sql).transform(_swapped)) == key(tree(sql))
    assert key(tree(change(sql))) == key(tree(sql))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CONDITIONS, CONDITIONS)
def test_filter_keys_ignore_how_conditions_are_cut(one: str, other: str) -> None:
    apart = filter_keys([tree(other), tree(one)])
    assert filter_keys([tree(f"{one} AND {other}")]) == apart == filter_keys([tree(one), tree(other), tree(one)])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.one_of(CONDITIONS, AMOUNTS))
def test_written_keeps_the_tree(sql: str) -> None:
    assert key(tree(written(tree(sql)))) == key(tree(sql))
    assert written(tree(written(tree(sql)))) == written(tree(sql))


def test_shown_shortens_by_the_number_of_tables() -> None:
    one, two = '"c"."s"."t"."Net Pay"', '"c"."s"."u"."y"'
    assert shown(f"SUM({one})", {}) == 'SUM("Net Pay")'
    assert shown(f"SUM({one}) / SUM({two})", {}) == 'SUM(t."Net Pay") / SUM(u.y)'
    assert shown(f"SUM({one}) / SUM({two})", lambda table: f"s_{table.name}") == 'SUM(s_t."Net Pay") / SUM(s_u.y)'
    assert shown("not (( sql", {}) == "not (( sql"
