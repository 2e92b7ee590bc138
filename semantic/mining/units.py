"""Units that names end in, such as `revenue_usd`: what a figure counts, and its name without that."""

from __future__ import annotations

from semantic.names import singular, split_words

_UNITS = {
    "%": "%", "pct": "%", "percent": "%", "percentage": "%", "bps": "bps", "ms": "ms", "millis": "ms", "s": "s",
    "sec": "s", "secs": "s", "seconds": "s", "kg": "kg", "lbs": "lb", "km": "km", "mi": "mi", "bytes": "bytes",
    "kb": "kB", "mb": "MB", "gb": "GB", "tb": "TB", "kwh": "kWh", "mwh": "MWh",
    **{code.lower(): code for code in (
        "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "NZD", "CAD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF",
        "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW",
    )},
}  # fmt: skip


def unit_of(name: str) -> str:
    """Return the unit that a name ends in, empty where it ends in none."""
    words = _words(name)
    return _UNITS.get(words[-1], "") if len(words) > 1 else ""


def stem(name: str) -> tuple[str, ...]:
    """Return the words of a name less the unit at its end, in the singular."""
    words = normal(name)
    return words[:-1] if unit_of(name) else words


def normal(name: str) -> tuple[str, ...]:
    """Return the words of a name in the singular, equal for names that differ only in how they are written."""
    return tuple(singular(word) for word in _words(name))


def _words(name: str) -> tuple[str, ...]:
    words = tuple(split_words(name))
    return (*words, "%") if name.rstrip().endswith("%") else words
