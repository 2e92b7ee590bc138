"""Spans of OpenTelemetry around what takes time, where its API is installed; nothing at all where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def span(name: str, **attributes: str | float | bool) -> Iterator[None]:
    """Put a span around a block; an error that leaves it is noted and goes on.

    Args:
        name: What is done, such as "genie.model".
        attributes: What is known of it; never words of a prompt, a reply or a row.
    """
    tracer = _tracer()
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(name, attributes={f"genie.{key}": value for key, value in attributes.items()}):
        yield


@cache
def _tracer() -> Any:
    """Return the tracer of whoever set one up, None without the API."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("genie_ext")
