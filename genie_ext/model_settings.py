"""Settings of the models that may be called."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class ModelSettings:
    """A model that may be called: a table `[models.NAME]` of genie.toml.

    Attributes:
        provider: The wire it speaks: "openai" for every server with OpenAI's chat completions (OpenAI, Ollama, vLLM,
            llama.cpp, LM Studio, gateways), or "anthropic".
        model: Its name on the server.
        tier: "frontier" for one that plans and judges, "open" for one that writes SQL.
        base_url: Address of the server, such as "http://localhost:11434/v1"; none = the vendor's own.
        key_variable: Environment variable that holds the key; none = OPENAI_API_KEY or ANTHROPIC_API_KEY, then the
            keyring of the operating system under "genie-ext" and the name of the model.
        local: True where calling it lets nothing leave; none = its server is this machine.
        timeout_s: Seconds until one call is given up.
        max_tokens: Tokens that one reply may have.
        price_in: US dollars for a million tokens read; none = from the file of prices.
        price_out: US dollars for a million tokens written; none = from the file of prices.
    """

    provider: Literal["openai", "anthropic"]
    model: str
    tier: Literal["open", "frontier"]
    base_url: str | None = None
    key_variable: str | None = None
    local: bool | None = None
    timeout_s: PositiveFloat = 60.0
    max_tokens: PositiveInt = 2000
    price_in: Annotated[float, Field(ge=0)] | None = None
    price_out: Annotated[float, Field(ge=0)] | None = None
