"""The one way to call a model: privacy, cache, budget, retries, the way to get an object, fallbacks, and the ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from genie_ext.config import Privacy, Settings
from genie_ext.errors import ModelError, ModelReplyError, ModelStoppedError, ModelTimeoutError, PrivacyError
from genie_ext.models.base import Cancel, ChatRequest, ModelCard, Reply, Role, Usage
from genie_ext.models.bound import Bound
from genie_ext.models.budget import Budget
from genie_ext.models.cache import ResponseCache, cache_key
from genie_ext.models.ledger import Call, Ledger
from genie_ext.models.prices import Prices
from genie_ext.models.retries import with_retries
from genie_ext.models.said import shown_server
from genie_ext.models.state import State
from genie_ext.models.structured import Rungs, ask_for
from genie_ext.models.tokens import prompt_tokens
from genie_ext.spans import span
from genie_ext.types import Spent, Tier

T = TypeVar("T")

_LEVELS: tuple[Privacy, ...] = ("schema", "values", "rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """For whom and what models are called.

    Attributes:
        id: Identifier of the question, one for all its calls.
        question: Its words, for the ledger.
        user: Who asks.
        thread: Its thread.
        index_version: What the lake meant when it was asked; part of the key of the cache.
    """

    id: str
    question: str = ""
    user: str = ""
    thread: str = ""
    index_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One wish to a role.

    Attributes:
        role: Who is asked.
        request: What is asked, with the schema of the object wanted.
        leaves: What of the data stands in the prompt.
        why: Why it is asked, for the ledger.
        trajectory: Which line of thought it belongs to, from 0.
        tiers: Tiers that may answer, none = all.
        skip: How many of the role's models to pass over first, so that lines of thought differ.
    """

    role: Role
    request: ChatRequest
    leaves: Privacy = "schema"
    why: str = ""
    trajectory: int = 0
    tiers: tuple[Tier, ...] = ()
    skip: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is written down of calls, and what limits them; `state` is the file of all of it."""

    state: State
    ledger: Ledger
    budget: Budget
    cache: ResponseCache | None
    rungs: Rungs
    prices: Prices


@dataclass(slots=True, kw_only=True)
class Caller:
    """Calls the models of one lake; from several threads at once.

    Attributes:
        bound: Which models fill which role.
        books: Ledger, budget, cache and prices.
        settings: Privacy, limits and prices.
        notes: What could not be written down, for the user.
    """

    bound: Bound
    books: Books
    settings: Settings
    notes: list[str] = field(default_factory=list)
    _spent: dict[str, Spent] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, errand: Errand, read: Callable[[Any], T], job: Job, cancel: Cancel | None = None
    ) -> tuple[T, ModelCard]:
        """Return what a role says, read by `read`, and the model that said it.

        Args:
            errand: What is wanted of whom.
            read: Turns the parsed JSON into the value; raises ValueError with a reason that a model can act on.
            job: For which question.
            cancel: Stops it.

        Raises:
            PrivacyError: The prompt holds more than may leave the machine.
            BudgetError: It could pass a budget.
            ModelError: No model of the role gave it.
        """
        self._check_privacy(errand)
        faults: list[ModelError] = []
        for card in self._order(errand):
            try:
                return self._ask_one(card, errand, read, job, cancel), card
            except ModelStoppedError:
                raise
            except ModelError as error:
                faults.append(error)
        raise _summed(faults, errand, self.bound)

    def spent(self, job: Job) -> Spent:
        """Return what calls for a question took so far."""
        with self._lock:
            return self._spent.get(job.id, Spent())

    def take_notes(self) -> tuple[str, ...]:
        """Return what the user should know of the books, once."""
        with self._lock:
            notes, self.notes = tuple(dict.fromkeys(self.notes)), []
        return notes

    def _order(self, errand: Errand) -> list[ModelCard]:
        cards = [card for card in self.bound.of(errand.role) if not errand.tiers or card.tier in errand.tiers]
        first = errand.skip % len(cards) if cards else 0
        return [*cards[first:], *cards[:first]]

    def _check_privacy(self, errand: Errand) -> None:
        if _LEVELS.index(errand.leaves) > _LEVELS.index(self.settings.privacy):
            message = (
                f"The prompt for the role {errand.role} holds {errand.leaves}; privacy is {self.settings.privacy}."
            )
            raise PrivacyError(message, hint="Set privacy higher for it.")

    def _ask_one(self, card: ModelCard, errand: Errand, read: Callable[[Any], T], job: Job, cancel: Cancel | None) -> T:
        """Return what one model says; each of its replies is a row of the ledger."""
        own = self.bound.settings[card.name]
        request = replace(errand.request, max_tokens=own.max_tokens, timeout_s=own.timeout_s)

        def call(asked: ChatRequest) -> Reply:
            return self._reply(card, asked, errand, job, cancel)

        return ask_for(card, request, read, rungs=self.books.rungs, call=call)

    def _reply(self, card: ModelCard, request: ChatRequest, errand: Errand, job: Job, cancel: Cancel | None) -> Reply:
        key = cache_key(card, request, job.index_version)
        kept = self.books.cache.get(key) if self.books.cache is not None else None
        if kept is not None:
            self._note(card, errand, job, kept, usd=0.0, outcome="cached")
            return kept
        reply = self._paid(card, request, errand, job, cancel)
        if self.books.cache is not None:
            self.books.cache.put(key, reply)
        return reply

    def _paid(self, card: ModelCard, request: ChatRequest, errand: Errand, job: Job, cancel: Cancel | None) -> Reply:
        """Return the reply of a server, paid from the budget."""
        price = self.books.prices.of(card, self.settings)
        assumed = self.books.prices.assumed(card, self.settings)
        most = assumed.of(Usage(input=prompt_tokens(request), output=request.max_tokens))
        model, start = self.bound.model(card), time.perf_counter()
        with self.books.budget.reserve(job.user, job.id, most, assumed=price is None) as reserved:
            try:
                with span("genie.model", role=errand.role, tier=card.tier, model=card.model):
                    reply = with_retries(lambda: model.complete(request, cancel=cancel), cancel=cancel)
            except ModelError as error:
                usage = _billed(error, request)
                self._say(reserved.settle(assumed.of(usage)))
                lost = Reply(text="", usage=usage, seconds=time.perf_counter() - start)
                stopped = isinstance(error, ModelStoppedError)
                outcome = "stopped" if stopped else f"failed: {error.message}"[:300]
                self._note(card, errand, job, lost, usd=None if price is None else price.of(usage), outcome=outcome)
                raise
            self._say(reserved.settle(assumed.of(reply.usage)))
        usd = None if price is None else price.of(reply.usage)
        self._note(card, errand, job, reply, usd=usd, outcome="ok")
        return reply

    def _note(
        self, card: ModelCard, errand: Errand, job: Job, reply: Reply, *, usd: float | None, outcome: str
    ) -> None:
        """Write a call down."""
        call = Call(
            user=job.user, thread=job.thread, question=job.question, role=errand.role, tier=card.tier, model=card.model,
            provider=card.provider,
            server=shown_server(card.server), tokens_in=reply.usage.input, tokens_out=reply.usage.output,
            tokens_cached=reply.usage.cached, estimated=reply.usage.estimated, usd=usd, seconds=reply.seconds,
            why=errand.why, outcome=outcome, trajectory=errand.trajectory, privacy=errand.leaves, local=card.local,
        )  # fmt: skip
        self._say(self.books.ledger.add(call))
        self._add(job, reply.usage, usd, cached=outcome == "cached")

    def _add(self, job: Job, usage: Usage, usd: float | None, *, cached: bool) -> None:
        with self._lock:
            so_far = self._spent.get(job.id, Spent())
            tokens = (0, 0) if cached else (usage.input, usage.output)
            self._spent[job.id] = Spent(
                calls=so_far.calls + (not cached),
                cached=so_far.cached + cached,
                tokens_in=so_far.tokens_in + tokens[0],
                tokens_out=so_far.tokens_out + tokens[1],
                usd=so_far.usd + (usd or 0.0),
                unpriced=so_far.unpriced + (usd is None),
            )

    def _say(self, note: str) -> None:
        if note:
            with self._lock:
                self.notes.append(note)


def _billed(error: ModelError, request: ChatRequest) -> Usage:
    """Return what a failed call may be billed for: all of it where the model had begun, nothing where it was refused.

    A vendor bills a reply that was cut off, came too late or was stopped; how long it had become is not known here.
    """
    if isinstance(error, (ModelReplyError, ModelTimeoutError, ModelStoppedError)):
        return Usage(input=prompt_tokens(request), output=request.max_tokens, estimated=True)
    return Usage()


def _summed(faults: list[ModelError], errand: Errand, bound: Bound) -> ModelError:
    """Return the error of a role whose models all failed."""
    if not faults:
        barred = f"; local_only keeps out {', '.join(bound.barred)}" if bound.barred else ""
        return ModelError(
            f"No model fills the role “{errand.role}”{barred}.",
            hint=f"Set one under [roles] {errand.role} in genie.toml.",
        )
    first = faults[0]
    if len(faults) > 1:
        others = "; ".join(fault.message for fault in faults[1:])
        first.hint = f"{first.hint} In its place was tried, and failed: {others}".strip()
    return first
