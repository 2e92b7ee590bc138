"""The ledger: one row for every call to a model, and sums over them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from genie_ext.models.backlog import Backlog
from genie_ext.models.base import Usage
from genie_ext.models.prices import Price
from genie_ext.models.state import State, storable
from genie_ext.models.sums import Line, Savings
from genie_ext.types import Tier

By = Literal["day", "user", "model", "role", "tier"]
KEYS: tuple[By, ...] = get_args(By)

# Every time is written in one form, so that the order of the texts is the order of the times.
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
# An answer of the response cache repeats the tokens of the call that it stands for; no model read them again.
_MADE = "FILTER (WHERE outcome <> 'cached')"
_SUMS = f"""
    COUNT(*) AS calls, COUNT(*) - COUNT(*) {_MADE} AS cached, COALESCE(SUM(tokens_in) {_MADE}, 0) AS tokens_in,
    COALESCE(SUM(tokens_out) {_MADE}, 0) AS tokens_out, COALESCE(SUM(tokens_cached) {_MADE}, 0) AS tokens_cached,
    COALESCE(SUM(estimated) {_MADE}, 0) AS estimated, COALESCE(SUM(usd), 0.0) AS usd,
    COALESCE(SUM(usd IS NULL) {_MADE}, 0) AS unpriced, COALESCE(SUM(seconds) {_MADE}, 0.0) AS seconds"""


def utc_now() -> dt.datetime:
    """Return the time, UTC."""
    return dt.datetime.now(dt.UTC)


def utc_text(at: dt.datetime) -> str:
    """Return a time as it is written in the file: UTC, ISO 8601.

    Raises:
        ValueError: The time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone.")
    return at.astimezone(dt.UTC).strftime(_FORM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to a model, or one that the response cache answered in its place.

    Attributes:
        at: When it began.
        user: Who asked.
        thread: Conversation of the question, empty for a single one.
        question: The question it was made for.
        role: What the model was called for.
        tier: Which engine of thought the model is.
        model: Its name on the server.
        provider: Which wire it speaks.
        server: Where it was called.
        tokens_in: Tokens read, those from the server's cache included; of no meaning where `outcome` is "cached".
        tokens_out: Tokens written.
        tokens_cached: Part of `tokens_in` that came from the server's cache.
        estimated: True where the server did not say the tokens.
        usd: Price in US dollars, None where it is not known.
        seconds: Wall time.
        why: Why this tier was chosen.
        outcome: What became of it: "ok", "cached", or what went wrong.
        trajectory: Number of the line of thought it belongs to, 0 for the first.
        privacy: What was allowed to leave the machine.
        local: True where nothing left.
    """

    at: dt.datetime = field(default_factory=utc_now)
    user: str = ""
    thread: str = ""
    question: str = ""
    role: str
    tier: Tier
    model: str
    provider: str = ""
    server: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    estimated: bool = False
    usd: float | None = None
    seconds: float = 0.0
    why: str = ""
    outcome: str = "ok"
    trajectory: int = 0
    privacy: str = "values"
    local: bool = False


class Ledger:
    """The rows of one lake.

    Args:
        state: The file they are in.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._backlog = Backlog(state, _INSERT)

    def add(self, call: Call) -> str:
        """Put a call on record.

        The call has been made and paid for when its row is written, so that a file that cannot be written does not
        take the answer away: nothing is raised. The row waits in memory and is written with the next one, and the note
        that is returned says so; show it with the answer. Budgets stay safe, as the next call cannot be reserved in a
        file that cannot be written.

        Returns:
            A note for the user, empty where the row was written.
        """
        return self._backlog.add(_row(call))

    def calls(
        self,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        user: str | None = None,
        question: str | None = None,
    ) -> tuple[Call, ...]:
        """Return the calls from `since` on and before `until`, in the order they were put on record.

        Raises:
            StateError: The file cannot be read.
        """
        where, values = _where(since, until, user, question)
        names = ", ".join(_COLUMNS)
        return tuple(_call(row) for row in self._state.rows(f"SELECT {names} FROM calls{where} ORDER BY id", values))

    def summary(
        self,
        by: By = "day",
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        user: str | None = None,
    ) -> tuple[Line, ...]:
        """Return sums for each key in its order; they add up to `totals` of the same arguments.

        Raises:
            StateError: The file cannot be read.
        """
        where, values = _where(since, until, user)
        key = "substr(at, 1, 10)" if by == "day" else KEYS[KEYS.index(by)]
        rows = self._state.rows(f"SELECT {key} AS key, {_SUMS} FROM calls{where} GROUP BY 1 ORDER BY 1", values)
        return tuple(Line(**dict(row)) for row in rows)

    def totals(
        self, since: dt.datetime | None = None, until: dt.datetime | None = None, user: str | None = None
    ) -> Line:
        """Return the sums over all calls.

        Raises:
            StateError: The file cannot be read.
        """
        where, values = _where(since, until, user)
        rows = self._state.rows(f"SELECT '' AS key, {_SUMS} FROM calls{where}", values)
        return Line(**dict(rows[0])) if rows else Line()

    def spent(self, since: dt.datetime, user: str | None = None) -> float:
        """Return the US dollars of the calls from `since` on whose price is known.

        Raises:
            StateError: The file cannot be read.
        """
        return self.totals(since, user=user).usd

    def savings(
        self,
        frontier: tuple[str, Price] | None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        user: str | None = None,
    ) -> Savings | None:
        """Compare the calls with "all frontier": the same tokens at the price of that model.

        Args:
            frontier: Name and price of the dearest frontier model that is configured (`Prices.dearest`).
            since: First moment that counts.
            until: First moment that no longer counts.
            user: Whose calls count.

        Returns:
            The comparison, None where no such model is configured or no call is priced.

        Raises:
            StateError: The file cannot be read.
        """
        calls = [call for call in self.calls(since, until, user) if call.outcome != "cached"]
        priced = [call for call in calls if call.usd is not None]
        if frontier is None or not priced:
            return None
        name, price = frontier
        dear = sum(price.of(_usage(call)) for call in priced)
        usd = sum(call.usd or 0.0 for call in priced)
        share = (dear - usd) / dear if dear else 0.0
        left_out = len(calls) - len(priced)
        return Savings(model=name, usd=usd, all_frontier=dear, saved=dear - usd, share=share, left_out=left_out)


_COLUMNS = tuple(f.name for f in fields(Call))
_INSERT = f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def _row(call: Call) -> tuple[Any, ...]:
    values = {**asdict(call), "at": utc_text(call.at)}
    return tuple(storable(value) if isinstance(value, str) else value for value in values.values())


def _call(row: Any) -> Call:
    values = dict(row)
    at = dt.datetime.strptime(values.pop("at"), _FORM).replace(tzinfo=dt.UTC)
    return Call(at=at, estimated=bool(values.pop("estimated")), local=bool(values.pop("local")), **values)


def _usage(call: Call) -> Usage:
    return Usage(input=call.tokens_in, output=call.tokens_out, cached=call.tokens_cached)


def _where(
    since: dt.datetime | None, until: dt.datetime | None, user: str | None, question: str | None = None
) -> tuple[str, list[Any]]:
    wanted: list[tuple[str, Any]] = [
        ("at >= ?", since and utc_text(since)),
        ("at < ?", until and utc_text(until)),
        ("user = ?", user),
        ("question = ?", question),
    ]
    kept = [(text, value) for text, value in wanted if value is not None]
    return (" WHERE " + " AND ".join(text for text, _ in kept) if kept else ""), [value for _, value in kept]
