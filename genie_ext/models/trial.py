"""A trial: one tiny call to each configured model, to see what works before a question depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genie_ext.config import Settings
from genie_ext.errors import ModelError
from genie_ext.models.base import ChatRequest, Message, ModelCard, Reply, Usage
from genie_ext.models.bound import Bound, bind
from genie_ext.models.prices import Prices
from genie_ext.models.said import shown_server
from genie_ext.models.structured import RungsInMemory, ask_for

_SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}},
    "required": ["sum"],
    "additionalProperties": False,
}
_NEEDED = ("plan", "sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How one model did.

    Attributes:
        name: Its name in the settings.
        model: Its name on the server, as the server says it.
        server: Where it was called.
        works: True where it gave the object that was asked for.
        form: The way in which it gave it.
        tokens_in: Tokens read by all calls of the trial.
        tokens_out: Tokens written.
        usd: What they cost, None where the price is not known.
        seconds: Time of the calls.
        fault: What went wrong, with the server's own words.
    """

    name: str
    model: str
    server: str
    works: bool
    form: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    seconds: float = 0.0
    fault: str = ""


def try_models(settings: Settings) -> tuple[list[Trial], list[str]]:
    """Return how each model did that may be called, and the roles that no working model fills.

    Raises:
        ConfigError: The file of prices cannot be read.
    """
    bound, prices = bind(settings), Prices.load(settings.prices)
    cards = {card.name: card for role in bound.cards.values() for card in role}
    trials = [_try(card, bound, prices, settings) for card in cards.values()]
    working = {trial.name for trial in trials if trial.works}
    wanted = [role for role, own in bound.cards.items() if own or (settings.models and role in _NEEDED)]
    empty = [str(role) for role in wanted if not any(card.name in working for card in bound.of(role))]
    return trials, empty


def _try(card: ModelCard, bound: Bound, prices: Prices, settings: Settings) -> Trial:
    own = bound.settings[card.name]
    request = ChatRequest(
        messages=(Message(role="user", text="Add 2 and 3. Reply with a JSON object with the key sum."),),
        schema=_SCHEMA, schema_name="sum", max_tokens=own.max_tokens, timeout_s=own.timeout_s,
    )  # fmt: skip
    rungs, replies = RungsInMemory(), list[Reply]()

    def call(asked: ChatRequest) -> Reply:
        replies.append(bound.model(card).complete(asked))
        return replies[-1]

    try:
        ask_for(card, request, _read, rungs=rungs, call=call)
    except ModelError as error:
        return Trial(name=card.name, model=card.model, server=shown_server(card.server), works=False, fault=str(error))
    usage = Usage(input=sum(r.usage.input for r in replies), output=sum(r.usage.output for r in replies))
    price = prices.of(card, settings)
    return Trial(
        name=card.name, model=replies[-1].model, server=shown_server(card.server), works=True,
        form=rungs.get(card.server, card.model) or "", tokens_in=usage.input, tokens_out=usage.output,
        usd=None if price is None else price.of(usage), seconds=sum(reply.seconds for reply in replies),
    )  # fmt: skip


def _read(data: Any) -> int:
    if not isinstance(data, dict) or data.get("sum") != 5:
        raise ValueError("sum is not 5")
    return 5
