"""Retries: what may work a moment later is tried again, with growing waits that differ from client to client."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from genie_ext.errors import ModelBusyError, ModelDownError, ModelError, ModelTimeoutError
from genie_ext.models.base import Cancel

T = TypeVar("T")

ATTEMPTS = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 20.0
_PASSING = (ModelBusyError, ModelDownError)


def with_retries(
    call: Callable[[], T], *, attempts: int = ATTEMPTS, cancel: Cancel | None = None, first_wait_s: float = FIRST_WAIT_S
) -> T:
    """Return what a call returns; where the server is busy or down, after at most so many attempts.

    Waits grow exponentially with full jitter (Brooker, "Exponential Backoff and Jitter", 2015), or last as long as the
    server asks. A server that asks for more than `LONGEST_WAIT_S` seconds is not waited for. A timeout is not repeated:
    it has taken the patience of the user already.

    Raises:
        ModelError: What the last attempt raised.
    """
    cancel = cancel or Cancel()
    for attempt in range(1, attempts + 1):
        try:
            return call()
        except _PASSING as error:
            wait = wait_before(attempt, error, first_wait_s=first_wait_s)
            if attempt == attempts or wait > LONGEST_WAIT_S:
                raise
            cancel.wait(wait)
    raise AssertionError("attempts is at least 1")


def wait_before(attempt: int, error: ModelError, *, first_wait_s: float = FIRST_WAIT_S) -> float:
    """Return the seconds to wait after an attempt, counted from 1."""
    asked = error.wait_s if isinstance(error, ModelBusyError) else None
    most = min(first_wait_s * 2 ** (attempt - 1), LONGEST_WAIT_S)
    return asked if asked is not None else random.uniform(0, most)  # noqa: S311


def may_pass(error: ModelError) -> bool:
    """Tell whether another model may do what this one failed at for want of time or service."""
    return isinstance(error, (*_PASSING, ModelTimeoutError))
