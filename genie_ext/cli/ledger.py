"""genie ledger: what calls to models took, by day, user, model, role or tier, and what was saved."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.display_cells import clean
from genie_ext.display_width import columns_of, one_line
from genie_ext.errors import LakeUnavailableError

if TYPE_CHECKING:
    from genie_ext.config import Settings
    from genie_ext.models.ledger import By
    from genie_ext.models.sums import Line, Savings

_KEY_WIDTH = 40
_HEADS = ("calls", "cached", "tokens in", "tokens out", "cost", "unpriced")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("path", metavar="[LAKE]", required=False)
@lake_option
@click.option(
    "--by",
    type=click.Choice(["day", "user", "model", "role", "tier"]),
    default="day",
    show_default=True,
    help="What each row is a sum over.",
)
@click.option("--since", type=_DAY, metavar="DAY", help="First day that counts, UTC, as YYYY-MM-DD.")
@click.option("--until", type=_DAY, metavar="DAY", help="Last day that counts, UTC, as YYYY-MM-DD.")
@click.option("--user", metavar="NAME", help="Only the calls of this user.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@settings_option
def ledger(
    *,
    path: str | None,
    lake: str | None,
    by: By,
    since: dt.datetime | None,
    until: dt.datetime | None,
    user: str | None,
    as_json: bool,
    overrides: dict[str, Any],
) -> None:
    """Show what the calls to models for a LAKE took.

    Calls, tokens and cost in US dollars by day, user, model, role or tier, the share of each tier, and what was saved
    against calling the dearest configured frontier model for everything.
    """
    from genie_ext.models.ledger import Ledger
    from genie_ext.models.prices import Prices
    from genie_ext.models.state import STATE_FILE, State

    found, settings = open_settings(path or lake, overrides)
    state = State(home_of(found, settings) / STATE_FILE)
    first = since and since.replace(tzinfo=dt.UTC)
    end = until and until.replace(tzinfo=dt.UTC) + dt.timedelta(days=1)
    book = Ledger(state)
    frontier = Prices.load(settings.prices).dearest(settings)
    rows, tiers = book.summary(by, first, end, user), book.summary("tier", first, end, user)
    totals, savings = book.totals(first, end, user), book.savings(frontier, first, end, user)
    state.close()
    if as_json:
        asked = {"by": by, "since": since and f"{since:%Y-%m-%d}", "until": until and f"{until:%Y-%m-%d}", "user": user}
        click.echo(json.dumps({**asked, **_as_json(rows, tiers, totals, savings)}, indent=1, ensure_ascii=False))
        return
    for line in _lines(by, rows, tiers, totals, savings):
        click.echo(clean(line))


def home_of(lake: Path, settings: Settings) -> Path:
    """Return the folder that holds what is derived from a lake, without looking at its data.

    Raises:
        LakeUnavailableError: There is nothing at that path.
    """
    root = lake.expanduser().resolve()
    if not root.exists():
        raise LakeUnavailableError(f"There is no file or folder at {root}.", hint="Check the path of the lake.")
    return settings.home_of(lake) or (root / ".genie" if root.is_dir() else root.parent / ".genie" / root.name)


def _as_json(rows: Sequence[Line], tiers: Sequence[Line], totals: Line, savings: Savings | None) -> dict[str, Any]:
    return {
        "rows": [asdict(line) for line in rows],
        "totals": asdict(totals),
        "tiers": [{**asdict(line), **_shares(line, totals)} for line in tiers],
        "savings": savings and {**asdict(savings), "explained": savings.explain()},
    }


def _lines(
    by: str, rows: Sequence[Line], tiers: Sequence[Line], totals: Line, savings: Savings | None
) -> Iterator[str]:
    if not totals.calls:
        yield "No call to a model is on record here."
        return
    yield from _table(by, rows, totals)
    yield ""
    for line in tiers:
        shares = _shares(line, totals)
        yield f"{line.key}: {shares['token_share']:.0%} of the tokens, {shares['usd_share']:.0%} of the money"
    if totals.unpriced:
        yield f"Calls without a known price: {totals.unpriced}; the money leaves them out."
    if totals.estimated:
        yield f"Calls whose tokens are estimated, as the server did not count them: {totals.estimated}."
    if savings is not None:
        yield (
            f"{_dollars(savings.usd)} instead of {_dollars(savings.all_frontier)} with {savings.model} alone: "
            f"{_dollars(savings.saved)} saved, {savings.share:.0%}."
        )
        yield f"How that is reckoned: {savings.explain()}"


def _table(by: str, rows: Sequence[Line], totals: Line) -> Iterator[str]:
    cells = [(by, *_HEADS), *(_cells(line.key or "-", line) for line in rows), _cells("total", totals)]
    widths = [max(columns_of(row[place]) for row in cells) for place in range(len(cells[0]))]
    for key, *numbers in cells:
        padded = [f"{' ' * (width - columns_of(text))}{text}" for text, width in zip(numbers, widths[1:], strict=True)]
        yield "  ".join([key + " " * (widths[0] - columns_of(key)), *padded])


def _cells(key: str, line: Line) -> tuple[str, ...]:
    counts = (line.calls, line.cached, line.tokens_in, line.tokens_out)
    name = one_line(clean(key), _KEY_WIDTH)
    return (name, *(f"{count:,}" for count in counts), _dollars(line.usd), f"{line.unpriced:,}")


def _shares(line: Line, totals: Line) -> dict[str, float]:
    tokens = totals.tokens_in + totals.tokens_out
    return {
        "token_share": (line.tokens_in + line.tokens_out) / tokens if tokens else 0.0,
        "usd_share": line.usd / totals.usd if totals.usd else 0.0,
    }


def _dollars(usd: float) -> str:
    return f"{'-' if usd < 0 else ''}${abs(usd):,.4f}"
