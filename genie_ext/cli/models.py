"""genie models: which models are configured, what they do, and whether they work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.options import settings_option
from genie_ext.config import Settings, default_lake, load_settings
from genie_ext.display_cells import clean

if TYPE_CHECKING:
    from genie_ext.models.trial import Trial

NONE = "No model is configured: everything runs on the embedded tier. See docs/models.md for two ready profiles."


@click.group()
def models() -> None:
    """Look at the models that questions may go to."""


@models.command("list")
@click.argument("lake", required=False)
@settings_option
def list_(lake: str | None, overrides: dict[str, Any]) -> None:
    """List the models of LAKE's settings with roles, tier, server, price, and where the key is looked for."""
    settings = load_settings(lake or default_lake(), **overrides)
    for line in _listed(settings):
        click.echo(clean(line))


@models.command()
@click.argument("lake", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@settings_option
def check(lake: str | None, as_json: bool, overrides: dict[str, Any]) -> int:
    """Call each model of LAKE's settings once with a tiny request, and say what works.

    Nothing of the lake is sent. Exit code 6 where a role has no model that works.
    """
    from genie_ext.models.trial import try_models

    settings = load_settings(lake or default_lake(), **overrides)
    trials, empty = try_models(settings)
    if as_json:
        click.echo(json.dumps({"models": [asdict(trial) for trial in trials], "roles_without": empty}, indent=1))
    else:
        for line in _tried(trials, empty):
            click.echo(clean(line))
    return 6 if empty or (settings.models and not trials) else 0


def _listed(settings: Settings) -> Iterator[str]:
    from genie_ext.models.bound import bind, card_of
    from genie_ext.models.keys import key_variable
    from genie_ext.models.prices import Prices
    from genie_ext.models.said import shown_server

    bound, prices = bind(settings), Prices.load(settings.prices)
    if not settings.models:
        yield NONE
    for name, own in settings.models.items():
        roles = [role for role, cards in bound.cards.items() if name in [card.name for card in cards]]
        card = card_of(name, own)
        price = prices.of(card, settings)
        cost = "unpriced" if price is None else f"${price.input:g} / ${price.output:g} for a million tokens in / out"
        yield f"{name}: {own.model} ({own.tier}) at {shown_server(card.server)}"
        yield f"  roles: {', '.join(roles) or 'none' + (' (local_only keeps it out)' if name in bound.barred else '')}"
        yield f"  {'local, ' if card.local else ''}{cost}; key: {key_variable(own)}, then the keyring"


def _tried(trials: list[Trial], empty: list[str]) -> Iterator[str]:
    if not trials:
        yield NONE
    for trial in trials:
        if trial.works:
            price = "unpriced" if trial.usd is None else f"${trial.usd:.6f}"
            yield (
                f"works  {trial.name}: {trial.model} at {trial.server}, {trial.form}, {trial.tokens_in} + "
                f"{trial.tokens_out} tokens, {price}, {trial.seconds:.2f} s"
            )
        else:
            yield f"fails  {trial.name}: {trial.fault}"
    if empty:
        yield f"No working model for the role {', '.join(empty)}."
