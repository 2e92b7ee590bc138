"""Mine metrics from dbt, dashboards, notebooks and views: how many of the defined ones are found, how many are right.

*Found* is the share of the metrics that files or views define (a metric of a model file; an aggregate with an alias
that is a column of a view) for which a metric of that name or with that synonym was mined from there; days and windows
that describe each row of a view are proposed as no metrics and count as not found. *Equal* is the share of the mined
view figures that give the same total as the view when they are computed over base tables. *Right* is judged on a sample
drawn by a fixed seed: `--sample` prints it, and verdicts are read from `judged.tsv` (id, verdict, why), which holds no
text of the materials.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import duckdb

from bench.semantics.materials import Material, materials, past_queries
from semantic.facts import Dimension, Facts, Metric, Segment
from semantic.mining.mine import mine
from semantic.mining.writing import shown
from semantic.names import split_words
from semantic.profile import quote_table
from semantic.types import Relationship

SAMPLE = 40
_SEED = 20
_JUDGED = Path(__file__).with_name("judged.tsv")
_Fact = Metric | Dimension | Segment


@dataclass(slots=True)
class Score:
    """What was mined from one material."""

    material: str
    tables: int = 0
    queries: int = 0
    seconds: float = 0.0
    defined: int = 0
    found: int = 0
    compared: int = 0
    equal: int = 0
    metrics: int = 0
    dimensions: int = 0
    segments: int = 0
    joins: int = 0
    past: int = 0
    lost: int = 0
    missing: tuple[str, ...] = ()
    different: tuple[str, ...] = ()


@click.command("mining")
@click.option("--bench", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder that holds the sets.")  # fmt: skip
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=Path("out/bench/mining"),
              show_default=True, help="Folder for the lakes that are made.")  # fmt: skip
@click.option("--queries", "sets", multiple=True, help="Also mine the gold queries of this set, as a log.")
@click.option("--sample", is_flag=True, help=f"Print {SAMPLE} proposals to be judged.")
@click.option("--errors", is_flag=True, help="List what was not found and what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def mining(bench: Path, work: Path, sets: tuple[str, ...], *, sample: bool, errors: bool, as_json: bool) -> None:
    """Mine metrics and compare them with the defined ones."""
    work.mkdir(parents=True, exist_ok=True)
    scores: list[Score] = []
    proposed: list[tuple[str, _Fact]] = []
    for material in materials(bench, work):
        facts, seconds = _timed(material)
        scores.append(score(material, facts, seconds))
        proposed += [(material.name, fact) for fact in (*facts.metrics, *facts.dimensions, *facts.segments)]
    scores += [_together(name, past_queries(bench, name, work)) for name in sets]
    # Drawn by a hash of the id, so that a proposal more or less moves no other.
    drawn = sorted(proposed, key=lambda p: hashlib.sha256(f"{_SEED}{p[1].id}".encode()).hexdigest())[:SAMPLE]
    if sample:
        click.echo("\n".join(_proposal(name, fact) for name, fact in drawn))
    elif as_json:
        click.echo(json.dumps({"materials": [asdict(s) for s in scores], "right": _judged(drawn)}, indent=2))
    else:
        click.echo("\n".join(_lines(scores, _judged(drawn), errors=errors)))


def score(material: Material, facts: Facts, seconds: float) -> Score:
    """Compare the facts mined from a material with what it defines."""
    missing = tuple(f"{place}: {name}" for place, name in material.defined if not _is_found(place, name, facts))
    compared = list(_compared(material, facts)) if material.lake else []
    return Score(
        material=material.name,
        tables=len(material.tables),
        queries=len(material.extract.queries) + sum(t.kind == "view" for t in material.tables),
        seconds=seconds,
        defined=len(material.defined),
        found=len(material.defined) - len(missing),
        compared=len(compared),
        equal=sum(same for _, same in compared),
        metrics=len(facts.metrics),
        dimensions=len(facts.dimensions),
        segments=len(facts.segments),
        joins=len(facts.joins),
        past=len(facts.queries),
        lost=len(facts.lost),
        missing=missing,
        different=tuple(name for name, same in compared if not same),
    )


def as_query(metric: Metric, joins: Iterable[Relationship]) -> str | None:
    """Write a metric as a query, parents joined to the table it is about; None where no join is known."""
    joined, sources, edges = [metric.tables[0]], quote_table(metric.tables[0]), list(joins)
    left = list(metric.tables[1:])
    while left:
        step = next(((t, e) for t in left for e in edges if e.parent == t and e.child in joined), None)
        if step is None:
            return None
        table, edge = step
        pairs = zip(edge.child_columns, edge.parent_columns, strict=True)
        on = " AND ".join(f'{quote_table(edge.child)}."{c}" = {quote_table(table)}."{p}"' for c, p in pairs)
        sources += f" LEFT JOIN {quote_table(table)} ON {on}"
        joined.append(table)
        left.remove(table)
    where = f" WHERE {' AND '.join(f'({f})' for f in metric.filters)}" if metric.filters else ""
    return f"SELECT {metric.expression} FROM {sources}{where}"


def _timed(material: Material) -> tuple[Facts, float]:
    start = time.perf_counter()
    facts = mine(material.extract, material.tables)
    return facts, time.perf_counter() - start


def _is_found(place: str, name: str, facts: Facts) -> bool:
    wanted = "".join(split_words(name))
    return any(
        wanted in {"".join(split_words(n)) for n in (m.name, m.label, *m.synonyms)}
        and (not place.count(".") or any(s.place == place for s in m.sources))
        for m in facts.metrics
    )


def _compared(material: Material, facts: Facts) -> Iterator[tuple[str, bool]]:
    """Yield each figure of a view that adds up, with whether it is the same over base tables."""
    con = duckdb.connect(":memory:")
    try:
        name = material.tables[0].id.catalog if material.name != "demo" else "warehouse"
        con.execute(f"ATTACH '{material.lake}' AS \"{name}\" (READ_ONLY)")
        views = {str(t.id): t for t in material.tables if t.kind == "view"}
        for metric in facts.metrics:
            text = as_query(metric, [j.relationship for j in facts.joins])
            fold = metric.expression.split("(")[0].replace("COUNT", "SUM").lower()
            for view in [views[s.place] for s in metric.sources if s.place in views]:
                names = (metric.name, *(s.replace(" ", "_") for s in metric.synonyms))
                column = next((view.column(n) for n in names if view.column(n)), None)
                if column and text and fold in {"sum", "min", "max"} and "DISTINCT" not in metric.expression:
                    expected = con.execute(f'SELECT {fold}("{column.name}") FROM {quote_table(view.id)}').fetchall()
                    yield f"{view.id}.{column.name}", _plain(con.execute(text).fetchall()) == _plain(expected)
    finally:
        con.close()


def _plain(rows: list[tuple[object, ...]]) -> str:
    value = rows[0][0]
    return str(value) if value is None or not hasattr(value, "__float__") else f"{float(value):.6g}"  # type: ignore[arg-type]


def _together(name: str, parts: Iterable[Material]) -> Score:
    total = Score(material=f"{name} (gold queries)")
    for material in parts:
        facts, seconds = _timed(material)
        one = score(material, facts, seconds)
        for field in ("tables", "queries", "seconds", "metrics", "dimensions", "segments", "joins", "past", "lost"):
            setattr(total, field, getattr(total, field) + getattr(one, field))
    return total


def _proposal(material: str, fact: _Fact) -> str:
    text = fact.condition if isinstance(fact, Segment) else fact.expression
    where = (
        f" WHERE {' AND '.join(shown(f, {}) for f in fact.filters)}"
        if isinstance(fact, Metric) and fact.filters
        else ""
    )
    tables = ", ".join(t.name for t in fact.tables)
    return f"{fact.id}\t{material}\t{fact.name} = {shown(text, {})}{where}\tof {tables}\tfrom {fact.sources[0].place}"


def _judged(drawn: list[tuple[str, _Fact]]) -> dict[str, int]:
    lines = _JUDGED.read_text(encoding="utf-8").splitlines() if _JUDGED.exists() else []
    verdicts = dict(line.split("\t")[:2] for line in lines if line and not line.startswith("#"))
    told = [verdicts.get(fact.id, "open") for _, fact in drawn]
    return {verdict: told.count(verdict) for verdict in ("right", "useless", "wrong", "open")}


def _lines(scores: list[Score], right: dict[str, int], *, errors: bool) -> Iterator[str]:
    for s in scores:
        speed = f"{1000 * s.seconds / s.queries:.1f} ms a query" if s.queries else "no queries"
        yield f"{s.material}: {s.tables} tables, {s.queries} queries and views in {s.seconds:.1f} s ({speed})"
        if s.defined:
            yield f"  defined metrics found: {s.found} of {s.defined} ({s.found / s.defined:.2f})"
        if s.compared:
            yield f"  view figures equal over base tables: {s.equal} of {s.compared}"
        yield (f"  proposed: {s.metrics} metrics, {s.dimensions} dimensions, {s.segments} segments, {s.joins} joins, "
               f"{s.past} past queries; {s.lost} lines lost")  # fmt: skip
        if errors:
            yield from (f"  not found: {name}" for name in s.missing)
            yield from (f"  differs: {name}" for name in s.different)
    judged = sum(right.values()) - right["open"]
    share = f"{right['right'] / judged:.2f}" if judged else "-"
    others = f"{right['useless']} useless, {right['wrong']} wrong"
    yield f"judged sample: {right['right']} of {judged} right ({share}), {others}"
    yield f"not judged yet: {right['open']} of {sum(right.values())}"
