"""What calls to models cost: prices by server and model, from a dated file that the user can replace."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from genie_ext.config import Settings
from genie_ext.errors import ConfigError
from genie_ext.model_settings import ModelSettings
from genie_ext.models.base import ModelCard, Usage

SHIPPED = Path(__file__).with_name("prices.toml")
_MILLION = 1_000_000
_VENDORS = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}

Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        input: Of tokens read.
        output: Of tokens written.
        cached: Of tokens read from the server's cache, None where they cost what others do.
        over: Tokens read in one call above which `long` holds for the whole of it.
        long: The price there.
    """

    input: float
    output: float
    cached: float | None = None
    over: int | None = None
    long: Price | None = None

    def of(self, usage: Usage) -> float:
        """Return what a call costs in US dollars."""
        if self.long is not None and self.over is not None and usage.input > self.over:
            return self.long.of(usage)
        cached = self.input if self.cached is None else self.cached
        fresh = usage.input - usage.cached
        return (fresh * self.input + usage.cached * cached + usage.output * self.output) / _MILLION


FREE = Price(input=0.0, output=0.0, cached=0.0)


class _Long(BaseModel):
    model_config = ConfigDict(extra="forbid")
    over: PositiveInt
    input: Dollars
    output: Dollars
    cached: Dollars | None = None


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    server: str
    model: str
    also: tuple[str, ...] = ()
    input: Dollars
    output: Dollars
    cached: Dollars | None = None
    long: _Long | None = None
    source: str = ""
    date: dt.date | None = None

    def price(self) -> Price:
        price = Price(input=self.input, output=self.output, cached=self.cached)
        if self.long is None:
            return price
        long = Price(input=self.long.input, output=self.long.output, cached=self.long.cached)
        return replace(price, over=self.long.over, long=long)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    price: tuple[_Entry, ...] = ()


class Prices:
    """The known prices.

    Args:
        known: Price by host of the server and name of the model there.
    """

    def __init__(self, known: dict[tuple[str, str], Price]) -> None:
        self._known = known

    @classmethod
    def load(cls, path: Path | None = None) -> Prices:
        """Read the file of the user, which replaces the one that ships, else that.

        Raises:
            ConfigError: It cannot be read, or does not have the form of prices.toml.
        """
        file = path or SHIPPED
        try:
            found = _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(
                f"The prices in {file} cannot be read: {error}.", hint="Mend or name the file."
            ) from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            hint = "Each [[price]] has server, model, input and output, in US dollars for a million tokens."
            raise ConfigError(f"The prices in {file} are wrong at {where}: {first['msg']}.", hint=hint) from error
        names = ((entry, name) for entry in found.price for name in (entry.model, *entry.also))
        return cls({(entry.server.lower(), name): entry.price() for entry, name in names})

    def of(self, card: ModelCard, settings: Settings) -> Price | None:
        """Return the price of a model, None where it is not known; a local one costs nothing.

        What the settings of the model say goes before the file. A file's price holds on its server only: the same
        model costs something else at a gateway.
        """
        if card.local:
            return FREE
        return self._price(card.server, card.model, settings.models.get(card.name))

    def assumed(self, card: ModelCard, settings: Settings) -> Price:
        """Return the price that a budget reckons with: that of the model, else the dearest known one.

        A model of unknown price must not be free under a budget, so that it takes as much as any could. Where the file
        of the user names no price at all, the dearest of the file that ships is taken.
        """
        if (price := self.of(card, settings)) is not None:
            return price
        configured = (self._configured(model) for model in settings.models.values())
        known = [price for price in (*self._known.values(), *configured) if price is not None]
        return _dearest(known or Prices.load()._known.values())  # noqa: SLF001 - another one of the same class

    def dearest(self, settings: Settings) -> tuple[str, Price] | None:
        """Return name and price of the dearest frontier model that is configured and priced, None where none is."""
        frontier = [model for model in settings.models.values() if model.tier == "frontier"]
        priced = [(model.model, price) for model in frontier if (price := self._configured(model)) is not None]
        return max(priced, key=lambda pair: _weight(pair[1]), default=None)

    def _configured(self, model: ModelSettings) -> Price | None:
        return self._price(model.base_url or f"https://{_VENDORS[model.provider]}", model.model, model)

    def _price(self, server: str, model: str, configured: ModelSettings | None) -> Price | None:
        known = self._known.get((_host(server), model))
        if configured is None or (configured.price_in is None and configured.price_out is None):
            return known
        read, written = configured.price_in, configured.price_out
        if known is not None:
            read, written = known.input if read is None else read, known.output if written is None else written
        return None if read is None or written is None else Price(input=read, output=written)


def _dearest(prices: Iterable[Price]) -> Price:
    return max(prices, key=_weight)


def _weight(price: Price) -> float:
    return price.input + price.output


def _host(server: str) -> str:
    """Return the host of an address, with its port where it has one."""
    return urlsplit(server if "://" in server else f"//{server}").netloc.rpartition("@")[2].lower()
