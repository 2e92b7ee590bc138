"""Turn metrics of dbt into one aggregate expression each, with filters resolved to columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from semantic.facts import Source
from semantic.mining.raw import RawMetric, Relation
from semantic.mining.readers import expressions as ex
from semantic.mining.readers.dbt_semantics import Element, Measure, Model, Part, Spec
from semantic.mining.readers.expressions import InexpressibleError, Tree
from semantic.mining.readers.shapes import texts, words

_CALL = re.compile(
    r"\{\{\s*(?P<kind>Dimension|TimeDimension|Entity|Metric)\s*\((?P<args>[^{}]*?)\)\s*"
    r"(?:\.\s*(?P<method>grain|date_part)\s*\(\s*['\"](?P<unit>\w+)['\"]\s*\))?\s*\}\}"
)
_QUOTED = re.compile(r"['\"]([^'\"]*)['\"]")
_PLAIN = {"sum": "SUM", "min": "MIN", "max": "MAX", "average": "AVG", "avg": "AVG", "median": "MEDIAN",
          "count": "COUNT"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An aggregate over the rows of `model`; columns of other tables carry a name of `tables`.

    `stock` is the date column that it must not be added over.
    """

    tree: Tree
    model: Model
    filters: tuple[Tree, ...] = ()
    tables: Mapping[str, Relation] = field(default_factory=dict)
    time: str = ""
    stock: str = ""

    def closed(self) -> Figure:
        """Return the same with its filters moved into its aggregates."""
        return replace(self, tree=ex.filtered(self.tree, self.filters), filters=())


class Algebra:
    """Knows all models and metrics of a project and puts them together.

    Args:
        models: Semantic models.
        specs: Metrics as written.
        dialect: sqlglot's name of what the project writes.
    """

    def __init__(self, models: Iterable[Model], specs: Iterable[Spec], dialect: str) -> None:
        self.dialect = dialect
        self.models = {model.name: model for model in models}
        self.specs = {spec.name: spec for spec in specs}
        self._measures = {m.name: (m, model) for model in self.models.values() for m in model.measures}

    def metric(self, spec: Spec) -> RawMetric:
        """Return a metric as one expression.

        Raises:
            InexpressibleError: No one aggregate says the same.
        """
        figure = self.figure(spec)
        return RawMetric(
            name=spec.name, expression=ex.render(figure.tree, self.dialect), dialect=self.dialect,
            relations={"": figure.model.relation, **figure.tables}, time=figure.time, snapshot=figure.stock,
            filters=tuple(ex.render(tree, self.dialect) for tree in figure.filters),
            source=Source(kind="dbt", place=spec.place, title=spec.label, owner=spec.owner, definition=True,
                          certified=bool(spec.meta.get("certified"))),
            label=spec.label, description=spec.description or self._described(spec),
            synonyms=texts(spec.meta.get("synonyms")), unit=words(spec.meta.get("unit")),
            deprecated=bool(spec.meta.get("deprecated")),
        )  # fmt: skip

    def resolve(self, model: Model, path: tuple[str, ...], kind: str) -> tuple[Tree, dict[str, Relation]]:
        """Return what `entity__dimension` stands for, seen from a model, and the other tables it needs.

        Raises:
            InexpressibleError: It leads nowhere, or to rows that are not one for each row of the model.
        """
        if path == ("metric_time",):
            path = (model.time,)
        *steps, last = path
        at, alias = model, ""
        for number, step in enumerate(steps):
            own = next((e for e in at.entities if e.name == step), None)
            if step == at.primary or (own is not None and own.unique):
                continue
            at = self._parent(step, last if number == len(steps) - 1 else "", own)
            alias = f"{alias}__{step}" if alias else step
        pool = at.entities if kind == "Entity" else (*at.dimensions, *at.entities)
        found = next((e for e in pool if e.name == last), None)
        if found is None:
            raise InexpressibleError(f"'{'__'.join(path)}' is no dimension of {at.name}")
        tree = ex.parse(found.expr, self.dialect)
        if not alias:
            return tree, {}
        return ex.replace_columns(tree, lambda named: ex.column(named.name, alias)), {alias: at.relation}

    def condition(self, model: Model, template: str) -> tuple[Tree, dict[str, Relation]]:
        """Return a filter with its templates filled in, and the other tables it needs."""
        tables: dict[str, Relation] = {}

        def fill(match: re.Match[str]) -> str:
            tree, used = self._called(model, match)
            tables.update(used)
            return f"({ex.render(tree, self.dialect)})" if tree.key != "column" else ex.render(tree, self.dialect)

        return ex.parse(_CALL.sub(fill, template), self.dialect), tables

    def _called(self, model: Model, match: re.Match[str]) -> tuple[Tree, dict[str, Relation]]:
        from sqlglot import exp

        arguments = _QUOTED.findall(match["args"])
        if match["kind"] == "Metric" or not arguments:
            raise InexpressibleError("it filters by another metric, which one aggregate cannot hold")
        tree, tables = self.resolve(model, tuple(arguments[0].split("__")), match["kind"])
        unit = match["unit"] or (arguments[1] if match["kind"] == "TimeDimension" and len(arguments) > 1 else "")
        if match["method"] == "date_part":
            return exp.Extract(this=exp.var(unit.upper()), expression=tree), tables
        if unit:
            return exp.TimestampTrunc(this=tree, unit=exp.var(unit.upper())), tables
        return tree, tables

    def _parent(self, entity: str, dimension: str, own: Element | None) -> Model:
        if own is None:
            raise InexpressibleError(f"no entity '{entity}' leads to another table from there")
        found = [m for m in self.models.values() if any(e.name == entity and e.unique for e in m.entities)]
        fitting = [m for m in found if not dimension or any(d.name == dimension for d in (*m.dimensions, *m.entities))]
        if len(fitting) != 1:
            raise InexpressibleError(f"entity '{entity}' leads to {len(fitting)} models that hold it")
        return fitting[0]

    def figure(self, spec: Spec, above: tuple[str, ...] = ()) -> Figure:
        """Return a metric as an aggregate with its filters.

        Raises:
            InexpressibleError: No one aggregate says the same.
        """
        if spec.obstacle and spec.obstacle != "timespine":
            raise InexpressibleError(spec.obstacle)
        if spec.name in above:
            raise InexpressibleError("it is defined by itself")
        inner = (*above, spec.name)
        if spec.own is not None:
            figure = self._measured(spec.own, self._model(spec.model))
        elif spec.kind == "ratio" and len(spec.parts) == 2:
            figure = self._combined(spec, [self._part(part, inner) for part in spec.parts], ratio=True)
        elif spec.kind == "derived":
            figure = self._combined(spec, [self._part(part, inner) for part in spec.parts], ratio=False)
        elif spec.kind == "simple" and spec.parts:
            figure = self._part(spec.parts[0], inner, measure=True)
        else:
            raise InexpressibleError(f"a metric of kind '{spec.kind}' with {len(spec.parts)} parts is not known")
        return self._narrowed(figure, spec.filters)

    def _model(self, name: str) -> Model:
        if name not in self.models:
            raise InexpressibleError(f"its semantic model '{name}' is not in these files")
        return self.models[name]

    def _part(self, part: Part, above: tuple[str, ...], *, measure: bool = False) -> Figure:
        if part.obstacle:
            raise InexpressibleError(part.obstacle)
        if not measure and part.name in self.specs:
            figure = self.figure(self.specs[part.name], above)
        elif part.name in self._measures:
            figure = self._measured(*self._measures[part.name])
        else:
            raise InexpressibleError(f"'{part.name}' is defined nowhere in these files")
        figure = self._narrowed(figure, part.filters)
        return self._filled(figure, part.fill) if part.fill else figure

    def _filled(self, figure: Figure, value: str) -> Figure:
        from sqlglot import exp

        filled = exp.Coalesce(this=figure.tree, expressions=[ex.parse(value, self.dialect)])
        return replace(figure, tree=filled)

    def _measured(self, measure: Measure, model: Model) -> Figure:
        if measure.obstacle:
            raise InexpressibleError(measure.obstacle)
        time, stock = self._date(model, measure.time or model.time), self._date(model, measure.stock)
        if measure.stock and not stock:
            raise InexpressibleError(f"it is a stock at one '{measure.stock}', which is no plain column")
        return Figure(tree=self._aggregate(measure), model=model, time=time, stock=stock)

    def _date(self, model: Model, name: str) -> str:
        dated = next((d.expr for d in model.dimensions if d.name == name), name)
        plain = ex.plain_column(ex.parse(dated, self.dialect)) if dated else None
        return plain.name if plain is not None else ""

    def _aggregate(self, measure: Measure) -> Tree:
        from sqlglot import exp

        inner = ex.parse(measure.expr, self.dialect)
        if measure.agg in {"sum", "count"} and inner.sql() in {"1", "*"}:
            return exp.Count(this=exp.Star())
        if measure.agg == "count_distinct":
            return exp.Count(this=exp.Distinct(expressions=[inner]))
        if measure.agg == "sum_boolean":
            one, zero = exp.Literal.number(1), exp.Literal.number(0)
            return exp.Sum(this=exp.Case().when(inner, one).else_(zero))
        if measure.agg == "percentile":
            share = exp.Literal.number(f"{measure.percentile:g}")
            kind = exp.PercentileDisc if measure.discrete else exp.PercentileCont
            order = exp.Order(expressions=[exp.Ordered(this=inner)])
            return exp.WithinGroup(this=kind(this=share), expression=order)
        if measure.agg not in _PLAIN:
            raise InexpressibleError(f"aggregation '{measure.agg}' is not known")
        made: Any = exp.func(_PLAIN[measure.agg], inner, dialect=self.dialect)
        return made if isinstance(made, exp.Expr) else inner

    def _narrowed(self, figure: Figure, templates: tuple[str, ...]) -> Figure:
        filters, tables = list(figure.filters), dict(figure.tables)
        for template in templates:
            tree, used = self.condition(figure.model, template)
            filters.append(tree)
            tables |= used
        return replace(figure, filters=tuple(filters), tables=tables)

    def _combined(self, spec: Spec, figures: list[Figure], *, ratio: bool) -> Figure:
        rows = {figure.model.relation for figure in figures}
        if len(rows) != 1:
            named = " and ".join(sorted(".".join(row) for row in rows)) or "no table"
            raise InexpressibleError(f"it aggregates rows of {named}, which one query over a join would count twice")
        if len({figure.stock for figure in figures}) != 1:
            raise InexpressibleError("it puts a stock (non_additive_dimension) together with other figures")
        closed = [figure.closed() for figure in figures]
        if ratio:
            tree = ex.ratio(closed[0].tree, closed[1].tree)
        else:
            known = {part.alias or part.name: f.tree for part, f in zip(spec.parts, closed, strict=True)}
            tree = ex.replace_columns(ex.parse(spec.expr, self.dialect), lambda named: _known(known, named))
        tables = {alias: relation for figure in closed for alias, relation in figure.tables.items()}
        return Figure(tree=tree, model=closed[0].model, tables=tables, time=closed[0].time, stock=closed[0].stock)

    def _described(self, spec: Spec) -> str:
        measure = self._measures.get(spec.parts[0].name) if spec.kind == "simple" and spec.parts else None
        return measure[0].description if measure else ""


def _known(figures: Mapping[str, Tree], named: Any) -> Tree:
    if named.name not in figures or named.table:
        raise InexpressibleError(f"'{named.sql()}' of its expression is none of its metrics")
    return figures[named.name]
