"""Rendering: a prompt file with its places filled, never longer than its budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from genie_ext.errors import ConfigError
from genie_ext.models.tokens import count_tokens

Stage = Literal["plan", "sql", "judge"]
STAGES: tuple[Stage, ...] = ("plan", "sql", "judge")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_LEAST_BRIEF = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a model is sent, and its estimated tokens."""

    system: str
    user: str

    @property
    def tokens(self) -> int:
        """Tokens of both parts, estimated."""
        return count_tokens(self.system) + count_tokens(self.user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A prompt file: what it is for, what it needs, and its two parts with places."""

    purpose: str
    inputs: tuple[str, ...]
    output: str
    system: str
    user: str


def render(stage: Stage, values: Mapping[str, str], brief: Callable[[int], str], *, tokens: int) -> Prompt:
    """Return the prompt of a stage with as long a brief as fits.

    Args:
        stage: Which one.
        values: What its places hold, but for the brief.
        brief: Writes the brief within a number of tokens.
        tokens: Tokens of the whole prompt at most.

    Raises:
        ConfigError: The rest of the prompt leaves no room for a brief.
    """
    template = read_template(stage)
    bare = _filled(template, {**values, "brief": ""})
    room = tokens - bare.tokens - 8
    if room < _LEAST_BRIEF:
        hint = "Raise context_tokens in genie.toml, or ask a shorter question."
        raise ConfigError(f"A prompt of {tokens:,} tokens is too small for the stage {stage}.", hint=hint)
    return _filled(template, {**values, "brief": brief(room)})


@cache
def read_template(stage: Stage) -> Template:
    """Return the prompt file of a stage."""
    text = resources.files(__package__).joinpath(f"{stage}.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    known = dict(line.split(": ", 1) for line in head.splitlines())
    system, user = body.removeprefix("# system\n").split("# user\n", 1)
    inputs = tuple(known["inputs"].split(", "))
    return Template(purpose=known["purpose"], inputs=inputs, output=known["output"], system=system, user=user)


def _filled(template: Template, values: Mapping[str, str]) -> Prompt:
    def fill(text: str) -> str:
        return _PLACE.sub(lambda match: values[match[1]], text).strip()

    return Prompt(system=fill(template.system), user=fill(template.user))
