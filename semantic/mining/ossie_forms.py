"""The form of Apache Ossie files, 0.1.1 and the drafts of 0.2, with the words this project adds in ai_context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from semantic.types import Cardinality

VERSION = "0.1.1"
Status = Literal["proposed", "accepted", "rejected"]
Mark = bool | str | None
"""True, or the reason in words; False says that it is not so whatever was mined."""
Dialect = Literal[
    "ANSI_SQL", "DUCKDB", "SNOWFLAKE", "DATABRICKS", "BIGQUERY", "MDX", "DAX", "TABLEAU", "MAQL", "THOUGHTSPOT", "SIGMA"
]
SQL_DIALECTS: Mapping[str, str] = {
    "DUCKDB": "duckdb", "ANSI_SQL": "duckdb", "DATABRICKS": "databricks", "SNOWFLAKE": "snowflake",
    "BIGQUERY": "bigquery",
}  # fmt: skip
"""sqlglot's names of the dialects that can be read, the one nearest to the engine first."""


class Form(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Context(Form):
    """What people and models should know about a thing; other tools may add keys of their own.

    Attributes:
        instructions: How to use it.
        synonyms: Other words people use for it.
        examples: Questions it answers.
        status: Missing or accepted where a person stands for it; proposed where it was mined; rejected where it is not
            to be proposed again.
        id: Key of the mined fact that a proposal came from.
        sources: Where it was found.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    instructions: str = ""
    synonyms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    status: Status | None = None
    id: str = ""
    sources: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _words_alone(cls, value: Any) -> Any:
        return {"instructions": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of a text or a mapping, since the format allows both."""
        return {"anyOf": [{"type": "string"}, handler.resolve_ref_schema(handler(core))]}


class Noted(Context):
    """What is said about a table or a column.

    Attributes:
        proposed: Keys of the mined notes in this entry that nobody has looked at, with their sources.
        hidden: Keep it from people and models.
        deprecated: Another one is to be used instead.
    """

    proposed: Mapping[str, str] = Field(default_factory=dict)
    hidden: Mark = None
    deprecated: Mark = None


class DatasetContext(Noted):
    """What is said about a table.

    Attributes:
        certified: Somebody vouches for it.
        default_filter: Condition in SQL that holds unless a question asks otherwise.
    """

    certified: Mark = None
    default_filter: str = ""


class FieldContext(Noted):
    """What is said about a column.

    Attributes:
        unit: What its numbers count, such as "EUR".
        personal: Kind of personal data it holds, such as "e-mail".
    """

    unit: str = ""
    personal: str = ""


class MetricContext(Context):
    """What is said about a metric.

    Attributes:
        label: Name for people.
        unit: What it counts, such as "EUR".
        dataset: Dataset whose rows are aggregated, where the expression names none or another one first.
        filters: Conditions that are part of it.
        time: Date column it is followed over, as dataset.column.
        snapshot: Date column it must not be added over, as dataset.column: of a stock only the last date counts.
        certified: Somebody vouches for it.
        deprecated: Another one is to be used instead.
    """

    label: str = ""
    unit: str = ""
    dataset: str = ""
    filters: tuple[str, ...] = ()
    time: str = ""
    snapshot: str = ""
    certified: Mark = None
    deprecated: Mark = None


class RelationshipContext(Context):
    """What is said about a join.

    Attributes:
        cardinality: Read from `from` to `to`.
    """

    cardinality: Cardinality | None = None


class DialectExpression(Form):
    """An expression in one dialect; DuckDB reads ANSI_SQL as its own, since 0.1.1 has no name for it."""

    dialect: Dialect
    expression: str


class Expression(Form):
    """An expression in all dialects that somebody wrote it in."""

    dialects: tuple[DialectExpression, ...] = Field(min_length=1)

    def best(self) -> tuple[str, str] | None:
        """Return the text nearest to DuckDB with sqlglot's name of its dialect, None where none is SQL."""
        found = {item.dialect: item.expression for item in self.dialects}
        return next(((found[name], sql) for name, sql in SQL_DIALECTS.items() if name in found), None)


class CustomExtension(Form):
    """What another tool keeps here: a JSON text."""

    vendor_name: str
    data: str


class Extended(Form):
    """A thing that other tools may extend."""

    custom_extensions: tuple[CustomExtension, ...] = ()


class TimeMark(Form):
    """Whether a field is a time."""

    is_time: bool | None = None


class OssieField(Extended):
    """A column of a dataset, or an expression over its columns."""

    name: str
    expression: Expression
    dimension: TimeMark | None = None
    label: str = ""
    description: str = ""
    datatype: str = ""
    ai_context: FieldContext = Field(default_factory=FieldContext)


class Dataset(Extended):
    """A table or view under the name that expressions use."""

    name: str
    source: str
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    description: str = ""
    ai_context: DatasetContext = Field(default_factory=DatasetContext)
    fields: tuple[OssieField, ...] = ()


class OssieRelationship(Extended):
    """A join: rows of the dataset `from` point at rows of the dataset `to`."""

    name: str
    from_: str = Field(alias="from")
    to: str
    from_columns: tuple[str, ...] = Field(min_length=1)
    to_columns: tuple[str, ...] = Field(min_length=1)
    ai_context: RelationshipContext = Field(default_factory=RelationshipContext)


class OssieMetric(Extended):
    """A figure with a name; its expression writes columns as dataset.field."""

    name: str
    expression: Expression
    description: str = ""
    datatype: str = ""
    ai_context: MetricContext = Field(default_factory=MetricContext)


class SemanticModel(Extended):
    """Datasets, how they are joined, and the figures over them."""

    name: str
    description: str = ""
    ai_context: Context = Field(default_factory=Context)
    datasets: tuple[Dataset, ...] = ()
    relationships: tuple[OssieRelationship, ...] = ()
    metrics: tuple[OssieMetric, ...] = ()


class OssieFile(Form):
    """A whole file."""

    version: str
    semantic_model: tuple[SemanticModel, ...] = ()
    dialects: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
