"""The form of knowledge.yaml: what the Ossie format has no place for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from semantic.facts import RuleKind
from semantic.mining.ossie_forms import Form, Status

ParameterType = Literal["text", "integer", "number", "date", "boolean"]


class Item(Form):
    """One thing that is known.

    Attributes:
        status: Missing or accepted where a person stands for it; proposed where it was mined; rejected where it is not
            to be proposed again.
        id: Key of the mined fact that a proposal came from.
        sources: Where it was found.
    """

    status: Status | None = None
    id: str = ""
    sources: tuple[str, ...] = ()


class Parameter(Form):
    """A part of a verified query that changes from question to question, written $name in the SQL.

    Attributes:
        name: Its name, without the $.
        type: What it holds.
        value: What it is where the question does not say.
        description: What it means.
    """

    name: str
    type: ParameterType = "text"
    value: str | int | float | bool
    description: str = ""


class VerifiedQuery(Item):
    """A question with the SQL that answers it.

    Attributes:
        question: The question in words.
        variants: Other wordings of the same question.
        sql: One SELECT statement in DuckDB's dialect.
        parameters: Parts of the SQL that change from question to question.
        verified_by: Who vouches for it.
        verified_at: Day of that, as YYYY-MM-DD.
    """

    question: str
    variants: tuple[str, ...] = ()
    sql: str
    parameters: tuple[Parameter, ...] = ()
    verified_by: str = ""
    verified_at: str = ""


class NamedFilter(Item):
    """A condition with a name, such as "active customers".

    Attributes:
        name: What people call it.
        condition: SQL over columns written dataset.field, or table.column.
        description: What it means.
        synonyms: Other words people use for it.
        certified: True where somebody vouches for it.
    """

    name: str
    condition: str
    description: str = ""
    synonyms: tuple[str, ...] = ()
    certified: bool = False


class GlossaryTerm(Item):
    """A word of the business.

    Attributes:
        term: The word.
        definition: What it means.
        synonyms: Other words people use for it.
    """

    term: str
    definition: str
    synonyms: tuple[str, ...] = ()


class QuestionRule(Item):
    """What to do with questions that use some words.

    Attributes:
        kind: Ask back with choices, refuse, or heed the text.
        words: Words that wake the rule; with none it holds for every question.
        text: What to ask back, why it is refused, or what to heed.
        choices: Answers to choose from.
    """

    kind: RuleKind
    words: tuple[str, ...] = ()
    text: str
    choices: tuple[str, ...] = ()


class Rejected(Form):
    """A mined fact that is not to be proposed again.

    Attributes:
        id: Its key.
        what: What it said, for people.
    """

    id: str
    what: str = ""


class Knowledge(Form):
    """A whole file.

    Attributes:
        version: Of this form.
        queries: Questions with the SQL that answers them.
        segments: Conditions with a name.
        terms: Words of the business.
        rules: What to do with some questions.
        rejected: Mined facts that are not to be proposed again.
    """

    version: Literal[1] = 1
    queries: tuple[VerifiedQuery, ...] = ()
    segments: tuple[NamedFilter, ...] = ()
    terms: tuple[GlossaryTerm, ...] = ()
    rules: tuple[QuestionRule, ...] = ()
    rejected: tuple[Rejected, ...] = Field(default=())
