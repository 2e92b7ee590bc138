"""Sums over calls to models, and what was saved against the dearest way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Sums over the calls with one key.

    Attributes:
        key: Day (UTC), user, model, role or tier; empty for the sums over all.
        calls: Number of calls, those from the response cache included.
        cached: Number of calls that the response cache answered.
        tokens_in: Tokens read by models; those of cached answers were not read again.
        tokens_out: Tokens written.
        tokens_cached: Part of `tokens_in` that came from a server's cache.
        estimated: Number of calls whose tokens are guessed.
        usd: Price of the calls whose price is known.
        unpriced: Number of calls that reached a model and whose price is not known.
        seconds: Wall time of the calls, one after the other.
    """

    key: str = ""
    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    estimated: int = 0
    usd: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What the calls cost, against the same tokens at the price of one frontier model.

    Attributes:
        model: Its name on its server.
        usd: What the calls cost.
        all_frontier: What they would have cost.
        saved: The difference; below zero where it was cheaper.
        share: The difference as a share of `all_frontier`, 0 where that is nothing.
        left_out: Number of calls that reached a model and are not in it, because their price is not known.
    """

    model: str
    usd: float
    all_frontier: float
    saved: float
    share: float
    left_out: int

    def explain(self) -> str:
        """Return how it is reckoned, in words."""
        text = (
            f"The tokens of every priced call at the price of {self.model}. What was answered without a call is "
            "not in it, and another model might have used more or fewer tokens."
        )
        return f"{text} Left out for want of a price: {self.left_out}." if self.left_out else text
