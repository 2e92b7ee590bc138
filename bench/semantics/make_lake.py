"""Make a lake of any size from word lists: schemas, tables with keys, comments, typed columns, a few hundred rows."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

_TABLES_A_SCHEMA = 100
_TABLES_A_TRANSACTION = 500
_MOST_ROWS = 500
# Columns are drawn from a pool that is computed once, since binding fifty expressions costs more than filling them.
_VARIANTS = 40


def _words(text: str) -> list[str]:
    return text.split()


_AREAS = _words(
    "sales finance marketing logistics support inventory billing payroll recruiting procurement compliance insurance "
    "clinical retail banking energy telecom travel education manufacturing"
)
_SYSTEMS = _words("core crm erp web mobile legacy partner lake mart archive")
_ENTITIES = _words(
    "customer order invoice payment shipment product supplier employee contract claim policy account ticket campaign "
    "lead visit session store warehouse vehicle route driver patient doctor appointment prescription diagnosis "
    "student course grade teacher flight booking passenger hotel room guest meter tariff outage subscriber plan "
    "device tower asset machine part batch inspection defect budget forecast ledger journal transfer loan deposit "
    "card branch refund return coupon review rating survey response lesson exam license permit audit incident project "
    "task milestone timesheet expense vendor quote proposal opportunity contact region territory quota commission "
    "bonus benefit dependent parcel carrier container port customs declaration recipe ingredient menu reservation "
    "event venue artist album track playlist article author publisher"
)
_QUALIFIERS = _words(
    "daily weekly monthly active pending regional global external internal online offline premium basic annual "
    "seasonal historic planned actual adjusted consolidated verified disputed wholesale direct domestic foreign "
    "primary secondary shared private"
)
_NOUNS = _words(
    "shipping billing delivery contact home work primary backup origin target start end opening closing net gross "
    "unit total average estimated actual planned approved rejected previous current next legal internal external "
    "public customer product service"
)
_STATES = _words("open closed pending shipped cancelled approved rejected expired draft active suspended archived")
_CITIES = _words(
    "Berlin Paris Madrid Rome Vienna Oslo Lisbon Dublin Prague Warsaw Athens Helsinki Zurich Geneva Lyon Milan "
    "Hamburg Munich Porto Seville Boston Chicago Denver Seattle Austin Dallas Atlanta Toronto Montreal Lima Bogota "
    "Santiago Tokyo Osaka Kyoto Seoul Taipei Manila Jakarta Hanoi Bangkok Delhi Mumbai Karachi Dubai Cairo Nairobi "
    "Lagos Accra"
)
_PEOPLE = _words("Ada Grace Alan Edsger Barbara Donald Margaret Ken Dennis Frances Radia John Linus Guido Bjarne")
_FAMILIES = _words("Lovelace Hopper Turing Dijkstra Liskov Knuth Hamilton Ritchie Allen Perlman Backus Wirth Codd")
_COLOURS = _words("red green blue black white silver gold grey orange purple")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A sort of column: how it is named, and the expression over the row number `i` and a seed that fills it."""

    ending: str
    fill: str


def _pick(words: list[str]) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"([{quoted}])[(1 + hash(i + {{seed}}) % {len(words)})::INTEGER]"


_KINDS = (
    _Kind("amount", "(hash(i + {seed}) % 1000000) / 100.0"),
    _Kind("price", "((hash(i + {seed}) % 50000) / 100.0)::DECIMAL(10, 2)"),
    _Kind("quantity", "(hash(i + {seed}) % 100)::INTEGER"),
    _Kind("count", "(hash(i + {seed}) % 20)::INTEGER"),
    _Kind("rate", "(hash(i + {seed}) % 1000) / 1000.0"),
    _Kind("score", "(hash(i + {seed}) % 100)::SMALLINT"),
    _Kind("date", "DATE '2020-01-01' + (hash(i + {seed}) % 1800)::INTEGER"),
    _Kind("time", "TIMESTAMP '2020-01-01' + INTERVAL (hash(i + {seed}) % 40000000) SECOND"),
    _Kind("status", _pick(_STATES)),
    _Kind("city", _pick(_CITIES)),
    _Kind("name", f"{_pick(_PEOPLE)} || ' ' || {_pick(_FAMILIES)}"),
    _Kind("code", "upper(substr(md5((i + {seed})::VARCHAR), 1, 6))"),
    _Kind("colour", _pick(_COLOURS)),
    _Kind("flag", "hash(i + {seed}) % 2 = 0"),
    _Kind("days", "(hash(i + {seed}) % 365)::INTEGER"),
    _Kind("weight", "(hash(i + {seed}) % 10000) / 10.0"),
    _Kind("note", "CASE WHEN hash(i + {seed}) % 3 = 0 THEN 'checked by ' || (hash(i + {seed}) % 9) END"),
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One table to be made."""

    schema: str
    name: str
    entity: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    parents: tuple[tuple[str, str, str], ...]


def make_lake(path: Path, *, tables: int, columns: int, seed: int = 7) -> float:
    """Write a DuckDB file with so many tables of so many columns and return the seconds it took."""
    start = time.perf_counter()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    con = duckdb.connect(str(path))
    try:
        con.execute("SET enable_progress_bar = false; SET memory_limit = '2GB'")
        con.execute(_pool(random.Random(seed)))
        schemas = set[str]()
        plans = list(_plans(tables, columns, random.Random(seed)))
        for first in range(0, len(plans), _TABLES_A_TRANSACTION):
            chosen = plans[first : first + _TABLES_A_TRANSACTION]
            new = {p.schema for p in chosen} - schemas
            schemas |= new
            statements = [f"CREATE SCHEMA {name}" for name in sorted(new)]
            statements += [statement for plan in chosen for statement in _statements(plan)]
            con.execute(f"BEGIN; {'; '.join(statements)}; COMMIT; CHECKPOINT")
    finally:
        con.close()
    return time.perf_counter() - start


def change_tables(path: Path, share: float, seed: int = 11) -> int:
    """Insert rows into so large a share of the tables and return how many that are."""
    con = duckdb.connect(str(path))
    try:
        names = con.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY 1, 2").fetchall()
        chosen = random.Random(seed).sample(names, max(1, round(len(names) * share)))
        for schema, name in chosen:
            con.execute(f"CREATE TEMP TABLE more AS SELECT * FROM {schema}.{name} LIMIT 5")
            key = con.execute("SELECT column_name FROM (DESCRIBE more) LIMIT 1").fetchone()
            assert key is not None
            con.execute(f"UPDATE more SET {key[0]} = {key[0]} + 1000000")
            con.execute(f"INSERT INTO {schema}.{name} SELECT * FROM more")
            con.execute("DROP TABLE more")
        con.execute("CHECKPOINT")
    finally:
        con.close()
    return len(chosen)


def questions(count: int, seed: int = 5) -> list[str]:
    """Return questions in the words of the lists, with a city or a state in every second."""
    rng = random.Random(seed)
    forms = (
        "What is the {noun} {end} of {qualifier} {entity}s?",
        "How many {entity}s in {area} have status {state}?",
        "{end} per {entity} by month",
        "List the {qualifier} {entity}s from {city} with their {noun} {end}",
        "Which {entity} had the highest {noun} {end} in {city} last year?",
        "Compare {noun} {end} and {other} of {entity}s between {city} and Boston",
    )
    return [
        rng.choice(forms).format(
            noun=rng.choice(_NOUNS), end=rng.choice(_KINDS).ending, qualifier=rng.choice(_QUALIFIERS),
            entity=rng.choice(_ENTITIES), area=rng.choice(_AREAS), state=rng.choice(_STATES), city=rng.choice(_CITIES),
            other=rng.choice(_KINDS).ending,
        )
        for _ in range(count)
    ]  # fmt: skip


def _plans(tables: int, columns: int, rng: random.Random) -> Iterator[_Plan]:
    schemas = [f"{area}_{system}" for system in _SYSTEMS for area in _AREAS]
    for number in range(-(-tables // _TABLES_A_SCHEMA)):
        schema = schemas[number] if number < len(schemas) else f"{schemas[number % len(schemas)]}_{number}"
        made: list[_Plan] = []
        used = set[str]()
        for _ in range(min(_TABLES_A_SCHEMA, tables - number * _TABLES_A_SCHEMA)):
            entity, name = _table_name(rng, used)
            used.add(name)
            made.append(_plan(rng, (schema, name), entity, columns, made))
        yield from made


def _table_name(rng: random.Random, used: set[str]) -> tuple[str, str]:
    while True:
        entity = rng.choice(_ENTITIES)
        name = f"{entity}s" if rng.random() < 0.5 else f"{rng.choice(_QUALIFIERS)}_{entity}s"
        if name not in used:
            return entity, name


def _plan(rng: random.Random, place: tuple[str, str], entity: str, columns: int, made: list[_Plan]) -> _Plan:
    fields: dict[str, str] = {f"{entity}_id": "i"}
    parents: list[tuple[str, str, str]] = []
    for parent in rng.sample(made, min(len(made), rng.choice((0, 1, 2, 3)))):
        if (key := f"{parent.entity}_id") not in fields:
            fields[key] = f"(hash(i + {rng.randrange(999)}) % {parent.rows})::BIGINT"
            parents.append((key, parent.name, parent.columns[0][0]))
    while len(fields) < columns:
        kind = rng.choice(_KINDS)
        column = f"{rng.choice(_NOUNS)}_{kind.ending}" if rng.random() < 0.9 else f"{entity}_{kind.ending}"
        fields.setdefault(column, f"{kind.ending}_{rng.randrange(_VARIANTS)}")
    return _Plan(*place, entity, rng.randrange(100, _MOST_ROWS), tuple(fields.items()), tuple(parents))


def _pool(rng: random.Random) -> str:
    filled = [
        f"{kind.fill.replace('{seed}', str(rng.randrange(10**6)))} AS {kind.ending}_{variant}"
        for kind in _KINDS
        for variant in range(_VARIANTS)
    ]
    return f"CREATE TEMP TABLE pool AS SELECT i, {', '.join(filled)} FROM range({_MOST_ROWS}) t(i)"


def _statements(plan: _Plan) -> Iterator[str]:
    """Every third table declares its keys, every second has a comment, and so has every tenth column."""
    full = f"{plan.schema}.{plan.name}"
    chosen = zlib.crc32(full.encode())
    filled = ", ".join(f"{fill} AS {name}" for name, fill in plan.columns)
    yield f"CREATE TABLE {full} AS SELECT {filled} FROM pool WHERE i < {plan.rows}"
    if chosen % 3 == 0:
        yield f"ALTER TABLE {full} ADD PRIMARY KEY ({plan.columns[0][0]})"
    if chosen % 2 == 0:
        yield f"COMMENT ON TABLE {full} IS 'One row per {plan.entity} as recorded by {plan.schema.replace('_', ' ')}'"
    for name, _ in plan.columns[::10]:
        yield f"COMMENT ON COLUMN {full}.{name} IS 'The {name.replace('_', ' ')} of the {plan.entity}'"
