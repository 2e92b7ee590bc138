"""Semantic models and metrics of dbt as they are written: in manifests, in YAML, in the older and the newer form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from semantic.mining.raw import Relation
from semantic.mining.readers.shapes import entries, identifier, mapping, texts, words

_UNIQUE = {"primary", "unique", "natural"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An entity or a dimension: a name for an expression over the columns of one table."""

    name: str
    expr: str
    kind: str
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()

    @property
    def unique(self) -> bool:
        """True for an entity that identifies a row."""
        return self.kind in _UNIQUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An aggregate over one table.

    `percentile` is a share, `stock` the time dimension it must not be added over; `obstacle` says why it is no plain
    aggregate.
    """

    name: str
    agg: str
    expr: str
    percentile: float = 0.5
    discrete: bool = False
    time: str = ""
    stock: str = ""
    label: str = ""
    description: str = ""
    obstacle: str = ""
    stands_alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A semantic model: one table with its entities, dimensions and measures."""

    name: str
    relation: Relation
    place: str
    time: str = ""
    description: str = ""
    primary: str = ""
    entities: tuple[Element, ...] = ()
    dimensions: tuple[Element, ...] = ()
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A measure or metric that a metric is made from; `obstacle` says why it is not the plain figure."""

    name: str
    alias: str = ""
    filters: tuple[str, ...] = ()
    fill: str = ""
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A metric as written; `own` is its aggregate where it has one itself, over the table of model `model`."""

    name: str
    kind: str
    place: str
    parts: tuple[Part, ...] = ()
    expr: str = ""
    filters: tuple[str, ...] = ()
    own: Measure | None = None
    model: str = ""
    label: str = ""
    description: str = ""
    owner: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    obstacle: str = ""


def read_model(raw: dict[str, Any], relation: Relation, place: str) -> Model:
    """Return a semantic model that stands alone, of a manifest or of YAML."""
    return Model(
        name=words(raw.get("name")), relation=relation, place=place, description=words(raw.get("description")),
        time=words(mapping(raw.get("defaults")).get("agg_time_dimension")), primary=words(raw.get("primary_entity")),
        entities=tuple(_element(entry) for entry in entries(raw.get("entities"))),
        dimensions=tuple(_element(entry) for entry in entries(raw.get("dimensions"))),
        measures=tuple(_measure(entry) for entry in entries(raw.get("measures"))),
    )  # fmt: skip


def read_embedded(raw: dict[str, Any], relation: Relation, place: str) -> Model | None:
    """Return the semantic model inside a dbt model of the newer form, None where it has none."""
    block = raw.get("semantic_model")
    if not block or (isinstance(block, dict) and block.get("enabled") is False):
        return None
    derived = mapping(raw.get("derived_semantics"))
    columns = entries(raw.get("columns"))
    return Model(
        name=words(mapping(block).get("name")) or words(raw.get("name")), relation=relation, place=place,
        time=words(raw.get("agg_time_dimension")), primary=words(raw.get("primary_entity")),
        entities=(*_embedded(columns, "entity"), *map(_element, entries(derived.get("entities")))),
        dimensions=(*_embedded(columns, "dimension"), *map(_element, entries(derived.get("dimensions")))),
    )  # fmt: skip


def read_metric(raw: dict[str, Any], place: str, *, model: str = "") -> Spec:
    """Return a metric; settings stand under `type_params` in the older form and beside the type in the newer."""
    config = mapping(raw.get("config"))
    params = {**raw, **{key: value for key, value in mapping(raw.get("type_params")).items() if value is not None}}
    own, owner = _own(params, model)
    return Spec(
        name=words(raw.get("name")), kind=words(raw.get("type")).lower() or "simple", place=place,
        parts=_parts(params), expr=words(params.get("expr")), filters=conditions(raw.get("filter")), own=own,
        model=owner, label=words(raw.get("label")), description=words(raw.get("description")),
        meta={**mapping(config.get("meta")), **mapping(raw.get("meta"))}, obstacle=_obstacle(raw, params),
        owner=words(mapping(raw.get("meta")).get("owner")) or words(mapping(config.get("meta")).get("owner")),
    )  # fmt: skip


def conditions(raw: Any) -> tuple[str, ...]:
    """Return the conditions of a filter: one text, several, or the objects of a manifest."""
    if isinstance(raw, dict):
        inner = raw.get("where_filters", raw.get("where_sql_template"))
        return conditions(inner)
    if isinstance(raw, list):
        return tuple(text for entry in raw for text in conditions(entry))
    return (words(raw),) if words(raw) else ()


def _element(raw: dict[str, Any]) -> Element:
    name = words(raw.get("name")) or words(raw.get("entity"))
    meta = mapping(mapping(raw.get("config")).get("meta"))
    return Element(
        name=name, expr=words(raw.get("expr")) or name, kind=words(raw.get("type")).lower(),
        label=words(raw.get("label")), description=words(raw.get("description")), synonyms=texts(meta.get("synonyms")),
    )  # fmt: skip


def _embedded(columns: list[dict[str, Any]], key: str) -> tuple[Element, ...]:
    found: list[Element] = []
    for column in columns:
        block = column.get(key)
        if not block:
            continue
        inner = mapping(block) or {"type": words(block)}
        name = identifier(column.get("name"))
        found.append(_element({"name": name, "expr": name} | inner))
    return tuple(found)


def _measure(raw: dict[str, Any]) -> Measure:
    name, expr = words(raw.get("name")), raw.get("expr")
    params = mapping(raw.get("agg_params"))
    share = params.get("percentile", raw.get("percentile"))
    share = share if isinstance(share, int | float) and not isinstance(share, bool) else 0.5
    discrete = bool(params.get("use_discrete_percentile")) or words(raw.get("percentile_type")) == "discrete"
    edge = mapping(raw.get("non_additive_dimension"))
    return Measure(
        name=name, agg=words(raw.get("agg")).lower(), expr=words(expr) if expr is not None else name,
        # The newer form writes 95, the older 0.95.
        percentile=share / 100 if share > 1 else float(share), discrete=discrete,
        time=words(raw.get("agg_time_dimension")), label=words(raw.get("label")),
        description=words(raw.get("description")), stands_alone=bool(raw.get("create_metric")),
        stock=words(edge.get("name")), obstacle=_edge(edge) if edge else "",
    )  # fmt: skip


def _edge(raw: dict[str, Any]) -> str:
    """Return why a figure is no stock of which the last date counts, empty where it is one."""
    # Where nothing is said, MetricFlow takes the first date.
    if words(raw.get("window_choice")).lower() != "max":
        return "it takes the rows of the first date of a period (non_additive_dimension)"
    each = texts(raw.get("window_groupings"))
    return f"it takes the rows of the last date of each {', '.join(each)} (non_additive_dimension)" if each else ""


def _own(params: dict[str, Any], model: str) -> tuple[Measure | None, str]:
    """Return the aggregate a metric holds itself: in the newer form, and in manifests that were made from it."""
    inner = mapping(params.get("metric_aggregation_params"))
    if inner.get("agg"):
        named = {"name": params.get("name"), "expr": inner.get("expr", params.get("expr"))}
        return _measure({**inner, **named}), words(inner.get("semantic_model"))
    if params.get("agg"):
        return _measure(params), model
    return None, model


def _parts(params: dict[str, Any]) -> tuple[Part, ...]:
    singles = [params.get(key) for key in ("measure", "numerator", "denominator")]
    several = params.get("metrics") or params.get("input_metrics")
    return tuple(_part(raw) for raw in (*singles, *(several if isinstance(several, list) else ())) if raw)


def _part(raw: Any) -> Part:
    if not isinstance(raw, dict):
        return Part(name=words(raw))
    fill = raw.get("fill_nulls_with")
    shifted = raw.get("offset_window") or raw.get("offset_to_grain")
    return Part(
        name=words(raw.get("name")), alias=words(raw.get("alias")), filters=conditions(raw.get("filter")),
        fill="" if fill is None else words(fill),
        obstacle=f"'{words(raw.get('name'))}' is taken from another period, which one aggregate cannot hold"
        if shifted else "",
    )  # fmt: skip


def _obstacle(raw: dict[str, Any], params: dict[str, Any]) -> str:
    kind = words(raw.get("type")).lower()
    if raw.get("calculation_method"):
        return "it is of dbt before 1.6, whose metrics are no longer read"
    if kind == "cumulative":
        return "it adds up over time (cumulative), which one aggregate cannot hold"
    if kind == "conversion":
        return "it follows one event to another (conversion), which one aggregate cannot hold"
    joined = params.get("join_to_timespine") or mapping(params.get("measure")).get("join_to_timespine")
    return "timespine" if joined else ""
