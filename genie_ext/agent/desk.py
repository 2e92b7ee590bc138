"""The desk: what every stage with a model works with for one question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from genie_ext.config import Privacy
from genie_ext.models.base import Cancel, ModelCard
from genie_ext.models.caller import Caller, Errand, Job
from genie_ext.prompts.brief import Brief, write_brief
from genie_ext.types import Context, Tier
from semantic.types import TableId

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms models are asked.

    Attributes:
        privacy: What of the data may stand in a prompt.
        tokens: Tokens of a prompt at most.
        barred: Columns that are not even named, lower case, by table.
    """

    privacy: Privacy
    tokens: int
    barred: Mapping[TableId, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """Which line of thought a call belongs to.

    Attributes:
        number: From 0.
        tier: Tier that plans; the models of others are not asked.
        avoid: What an earlier plan failed at.
        why: Why it is asked, for the ledger.
    """

    number: int = 0
    tier: Tier | None = None
    avoid: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that stages with a model share.

    Attributes:
        caller: Calls the models.
        job: For which question.
        terms: On what terms.
        cancel: Stops all of it.
    """

    caller: Caller
    job: Job
    terms: Terms
    cancel: Cancel = field(default_factory=Cancel)

    def ask(self, errand: Errand, read: Callable[[Any], T]) -> tuple[T, ModelCard]:
        """Return what a role says, read by `read`, and the model that said it; see `Caller.ask`."""
        return self.caller.ask(errand, read, self.job, self.cancel)


class Briefing:
    """Writes the brief of a prompt and keeps it.

    Args:
        context: What was found for the question.
        terms: On what terms it may leave.
        only: Tables that are told of, none = all of the context.
    """

    def __init__(self, context: Context, terms: Terms, only: Collection[TableId] = ()) -> None:
        self._context, self._terms, self._only = context, terms, only
        self.brief = Brief(text="", tables=(), left_out=(), leaves="schema")

    def write(self, tokens: int) -> str:
        """Return the words, within a number of tokens."""
        terms = self._terms
        self.brief = write_brief(
            self._context, privacy=terms.privacy, tokens=tokens, barred=terms.barred, only=self._only
        )
        return self.brief.text
