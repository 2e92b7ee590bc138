"""Budgets: money is set aside before a call, across processes, so that together they never pass a limit."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from genie_ext.config import Settings
from genie_ext.errors import BudgetError
from genie_ext.models.backlog import Backlog
from genie_ext.models.ledger import utc_now, utc_text
from genie_ext.models.state import State, storable

STALE = dt.timedelta(minutes=10)
"""After this time money that was set aside and never settled counts no more: its process is gone."""

# Dollars are sums of binary fractions; a limit is not passed by their last digit.
_DUST = 1e-9
_UPSERT = """
    INSERT INTO spending (id, at, user, question, usd, open) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET usd = excluded.usd, open = excluded.open"""
_SUM = "SELECT COALESCE(SUM(usd), 0.0) FROM spending WHERE (open = 0 OR at >= ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One budget: the setting it comes from, what it is for, and which rows count against it."""

    setting: str
    whom: str
    usd: float
    where: str
    values: tuple[str, ...]
    wait: str


class Budget:
    """The budgets of one lake.

    What is spent is counted here by itself, not from the ledger: a call of unknown price has no price there, while here
    it counts with the price that was assumed for it.

    Args:
        state: The file that all processes share.
        settings: They name the limits.
        clock: What time it is, UTC.
    """

    def __init__(self, state: State, settings: Settings, *, clock: Callable[[], dt.datetime] = utc_now) -> None:
        self._state = state
        self._settings = settings
        self._clock = clock
        self._backlog = Backlog(state, _UPSERT)

    def reserve(self, user: str, question_id: str, usd: float, *, assumed: bool = False) -> Reservation:
        """Set money aside for a call, before it is made.

        In one transaction, so that no other process comes between, it adds what was spent and what is set aside by
        anyone. Nothing is written where no budget is set or the call is free.

        Args:
            user: Who asks.
            question_id: Identifier of the question.
            usd: What the call costs at most (`Prices.assumed` of the tokens).
            assumed: True where the price of the model is not known.

        Raises:
            BudgetError: The call could pass a limit.
            StateError: A budget is set and the file cannot be written; without it nothing is known of other processes.
        """
        held = Reservation(self, user=user, question=question_id, usd=usd)
        limits = self._limits(user, question_id)
        if not limits or usd <= 0:
            return held
        with self._backlog.flushed() as connection:
            for limit in limits:
                self._check(connection, limit, usd, assumed=assumed)
            connection.execute(_UPSERT, held.row(usd, is_open=True))
        held.stored = True
        return held

    def soft(self, user: str, question_id: str = "") -> bool:
        """Tell whether a budget of the day, the user or the question is used up to the soft limit.

        Raises:
            StateError: A budget is set and the file cannot be read.
        """
        share = self._settings.budget_soft
        return any(self._used(limit) >= share * limit.usd - _DUST for limit in self._limits(user, question_id))

    def settle(self, held: Reservation, usd: float) -> str:
        """Put down what a call has cost; see `Reservation.settle`."""
        if usd <= 0 and not held.stored:
            return ""
        return self._backlog.add(held.row(usd, is_open=False))

    def now(self) -> str:
        """Return the time as it is written."""
        return utc_text(self._clock())

    def _limits(self, user: str, question_id: str) -> tuple[_Limit, ...]:
        today = self._clock().astimezone(dt.UTC).strftime("%Y-%m-%d")
        settings = self._settings
        wait = "or wait for the next day, UTC"
        user, question_id = storable(user), storable(question_id)
        found = (
            (
                "budget_question",
                "this question",
                settings.budget_question,
                "question = ?",
                (question_id,),
                "or ask for less",
            ),
            ("budget_day", "all users today", settings.budget_day, "at >= ?", (today,), wait),
            ("budget_user", f"“{user}” today", settings.budget_user, "at >= ? AND user = ?", (today, user), wait),
        )
        return tuple(
            _Limit(setting=setting, whom=whom, usd=usd, where=where, values=values, wait=wait_text)
            for setting, whom, usd, where, values, wait_text in found
            if usd is not None
        )

    def _query(self, limit: _Limit) -> tuple[str, tuple[str, ...]]:
        fresh = utc_text(self._clock() - STALE)
        return f"{_SUM} AND {limit.where}", (fresh, *limit.values)

    def _used(self, limit: _Limit) -> float:
        rows = self._state.rows(*self._query(limit))
        return float(rows[0][0]) if rows else 0.0

    def _check(self, connection: sqlite3.Connection, limit: _Limit, usd: float, *, assumed: bool) -> None:
        used = float(connection.execute(*self._query(limit)).fetchone()[0])
        if used + usd <= limit.usd + _DUST:
            return
        price = " (its price is not known, so that the dearest known one is assumed)" if assumed else ""
        raise BudgetError(
            f"The next call may cost ${usd:.4f}{price}; with ${used:.4f} spent or set aside, that passes the "
            f"${limit.usd:.4f} for {limit.whom}.",
            hint=f"Raise {limit.setting}, {limit.wait}.",
        )


class Reservation:
    """Money that is set aside while a call runs; given back at the end of the block where nothing was settled.

    A process that dies in the middle leaves it set aside for ten minutes.
    """

    def __init__(self, budget: Budget, *, user: str, question: str, usd: float) -> None:
        self.usd = usd
        self.stored = False
        self._budget = budget
        self._id = uuid.uuid4().hex
        self._at = budget.now()
        self._user = storable(user)
        self._question = storable(question)
        self._settled = False

    def settle(self, usd: float) -> str:
        """Put down what the call has cost in the place of what was set aside.

        The call has been paid for, so that a file that cannot be written raises nothing: the amount waits in memory,
        the next reservation writes it before it checks the limits, or fails, so that no limit is passed by it.

        Returns:
            A note for the user, empty where it was written.
        """
        self._settled = True
        return self._budget.settle(self, usd)

    def row(self, usd: float, *, is_open: bool) -> tuple[str, str, str, str, float, bool]:
        """Return it as it is written."""
        return (self._id, self._at, self._user, self._question, usd, is_open)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the money back where nothing was settled; what cannot be given back at once is so a moment later."""
        if not self._settled:
            self.settle(0.0)
