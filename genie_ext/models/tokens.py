"""Tokens of a text by an estimate that seldom runs under: models count each in their own way."""

from __future__ import annotations

import math

from genie_ext.models.base import ChatRequest, Usage

_BYTES = 3.0
"""Bytes of UTF-8 in a token of mixed English, names and SQL are 3.5 to 4.5; 3 errs on the side of caution."""
_PER_MESSAGE = 6


def count_tokens(text: str) -> int:
    """Return the number of tokens of a text, estimated from its bytes."""
    return math.ceil(len(text.encode()) / _BYTES)


def estimate_usage(request: ChatRequest, text: str) -> Usage:
    """Return the usage of a call whose server did not say, marked as estimated."""
    return Usage(input=prompt_tokens(request), output=count_tokens(text), estimated=True)


def prompt_tokens(request: ChatRequest) -> int:
    """Return the tokens that a request takes, estimated."""
    return sum(count_tokens(message.text) + _PER_MESSAGE for message in request.messages)
