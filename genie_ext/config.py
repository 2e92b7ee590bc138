"""Settings: one frozen value, read from defaults, genie.toml, the environment and the call, in this order."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PositiveFloat, PositiveInt, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from genie_ext.errors import ConfigError
from genie_ext.model_settings import ModelSettings

Privacy = Literal["schema", "values", "rows"]
Effort = Literal["low", "auto", "high"]
Share = Annotated[float, Field(ge=0, le=1)]

CONFIG_FILE = "genie.toml"
_PREFIX = "GENIE_"
_LISTS = ("allowed_tables", "hidden_columns", "sources")
_OBJECTS = {
    "row_filters": '{"sales.orders": "region = \'EU\'"}',
    "models": '{"local": {"provider": "openai", "model": "qwen3-coder", "tier": "open", "base_url": "http://…"}}',
    "roles": '{"sql": ["local"]}',
}
"""Settings of several parts, with an example of each in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Settings:
    """All that can be set.

    Attributes:
        home: Folder that gets a subfolder for each lake with its index and state; relative to genie.toml or the
            current folder; none = `.genie` beside the lake.
        timeout_s: Seconds one query may run.
        row_limit: Rows fetched at most.
        byte_limit: Bytes of one result at most.
        memory_mb: MiB of memory the worker may use.
        threads: Threads the worker may use.
        privacy: What may leave the machine: "schema" (names only), "values" (names and single cell values) or "rows".
        answer_above: Confidence, 0 to 1, below which a question is refused or given back with choices.
        offer_above: Confidence, 0 to 1, from which two or three readings of a question are offered, each with its
            figure, where none is sure enough to be the answer.
        today: Day that relative dates count from, as YYYY-MM-DD; none = the day of the question.
        encoder: Text encoder the index is built with: "minilm", "hashing", or the folder of a sentence-transformers
            model, relative to genie.toml.
        sources: Files and folders that say what the data means: queries, logs, notebooks, dashboards, dbt, documents;
            relative to genie.toml. In the environment separated by commas.
        model: Folder of model.ossie.yaml and knowledge.yaml, relative to genie.toml; none = the home of the lake.
        vectors: Where vectors are searched: "faiss", or the URL of a PostgreSQL server with pgvector.
        allowed_tables: Name patterns of the tables that may be read, such as "sales.*"; none = all. In the environment
            separated by commas.
        hidden_columns: Columns nobody may read, each as "table.column"; a view shows what it reads, so name its columns
            as well. In the environment separated by commas.
        row_filters: SQL condition by table name; only rows that fulfil it can be read. A view shows what it reads, so
            give it a condition of its own. In the environment a JSON object.
        models: Models that may be called, by name. In the environment a JSON object.
        roles: Names of the models for each role, "plan", "sql", "judge" and "describe", the first one preferred and the
            others in its place when it fails. In the environment a JSON object.
        local_only: True to call only models on this machine or marked as local; a role without one is not filled.
        least_tier: The tier below which no answer is given: "embedded", "open" or "frontier".
        effort: How hard models think: "low" for one try, "auto" for more where signals disagree, "high" for always more
            and for checks of the answer by other ways.
        context_tokens: Tokens that a prompt may have at most, whatever the size of the lake.
        budget_question: US dollars that one question may cost; none = no limit.
        budget_day: US dollars that all users of this lake may spend on a day, UTC; none = no limit.
        budget_user: US dollars that one user may spend on a day, UTC; none = no limit.
        budget_soft: Share of a budget from which `at_soft` applies.
        at_soft: What happens from there: "downgrade" leaves the frontier tier out, "ask" calls no model until a higher
            budget, or budget_soft = 1, allows it.
        response_cache: True to answer a repeated prompt from the cache while model, prompt and index are the same.
        user: Who asks, for ledger and budgets; none = the user of the operating system.
        prices: File of prices that replaces those that ship, relative to genie.toml.
        origins: Where each field that is not a default came from; filled by `load_settings`.
    """

    home: Path | None = None
    timeout_s: PositiveFloat = 30.0
    row_limit: PositiveInt = 10_000
    byte_limit: PositiveInt = 256 * 1024 * 1024
    memory_mb: PositiveInt = 1024
    threads: PositiveInt = 2
    privacy: Privacy = "values"
    answer_above: Share = 0.6
    offer_above: Share = 0.2
    today: dt.date | None = None
    encoder: str = "minilm"
    sources: tuple[Path, ...] = ()
    model: Path | None = None
    vectors: str = "faiss"
    allowed_tables: tuple[str, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    row_filters: Mapping[str, str] = Field(default_factory=dict)
    models: Mapping[str, ModelSettings] = Field(default_factory=dict)
    roles: Mapping[Literal["plan", "sql", "judge", "describe"], tuple[str, ...]] = Field(default_factory=dict)
    local_only: bool = False
    least_tier: Literal["embedded", "open", "frontier"] = "embedded"
    effort: Effort = "auto"
    context_tokens: PositiveInt = 6000
    budget_question: PositiveFloat | None = None
    budget_day: PositiveFloat | None = None
    budget_user: PositiveFloat | None = None
    budget_soft: Share = 0.8
    at_soft: Literal["downgrade", "ask"] = "downgrade"
    response_cache: bool = True
    user: str | None = None
    prices: Path | None = None
    origins: Mapping[str, str] = Field(default_factory=dict)

    def home_of(self, lake_path: str | Path) -> Path | None:
        """Return the folder of one lake in the home, so that lakes can share a home; None where no home is set."""
        if self.home is None:
            return None
        path = Path(lake_path).expanduser().resolve()
        code = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        return self.home / f"{path.name}-{code}"


SETTING_NAMES = tuple(item.name for item in fields(Settings) if item.name != "origins")


def load_settings(lake_path: str | Path | None = None, **overrides: Any) -> Settings:
    """Return the settings for a lake: defaults < genie.toml beside the lake < GENIE_* environment < the call.

    Args:
        lake_path: The lake; None where it is a connection, then the current folder is looked at.
        overrides: Fields set by the call; None leaves a field as it is.

    Raises:
        ConfigError: A key is unknown or a value is wrong; the message names the file or variable and the key.
    """
    file = config_file(lake_path)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for found, name_origin in (
        (_from_file(file), lambda _: str(file)),
        (_from_environment(), variable),
        ({key: value for key, value in overrides.items() if value is not None}, lambda _: "the call"),
    ):
        _check(found, name_origin)
        values |= found
        origins |= {key: name_origin(key) for key in found}
    settings = TypeAdapter(Settings).validate_python(values)
    _check_roles(settings, origins)
    home = settings.home.expanduser().absolute() if settings.home else None
    return replace(settings, home=home, origins=origins)


def config_file(lake_path: str | Path | None) -> Path:
    """Return where genie.toml of this lake is, or would be."""
    path = Path.cwd() if lake_path is None else Path(lake_path).expanduser().resolve()
    return (path if path.is_dir() else path.parent) / CONFIG_FILE


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return _PREFIX + name.upper()


def debug_wanted() -> bool:
    """Return True where GENIE_DEBUG asks for tracebacks."""
    return os.environ.get(_PREFIX + "DEBUG", "") not in {"", "0"}


def color_wanted() -> bool:
    """Return False where NO_COLOR asks for plain text."""
    return not os.environ.get("NO_COLOR")


def secret(name: str) -> str | None:
    """Return what an environment variable holds that no file of settings may hold, or None."""
    return os.environ.get(name, "").strip() or None


def default_lake() -> str | None:
    """Return the lake named by GENIE_LAKE, or None."""
    return os.environ.get(_PREFIX + "LAKE") or None


def parse_setting(name: str, text: str, origin: str) -> Any:
    """Return the value a text stands for: lists are separated by commas, settings of several parts are JSON objects.

    Raises:
        ConfigError: It is not JSON.
    """
    if name in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name not in _OBJECTS:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        hint = f"Write a JSON object such as {_OBJECTS[name]}."
        raise ConfigError(f"{origin} is not JSON: {error}.", hint=hint) from error


def describe_settings() -> dict[str, str]:
    """Return what each setting means, in the order of the fields."""
    section = (Settings.__doc__ or "").split("Attributes:")[1]
    texts: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        word, colon, rest = line.strip().partition(": ")
        if colon and word in {*SETTING_NAMES, "origins"}:
            name, texts[word] = word, rest
        elif name and line.strip():
            texts[name] += " " + line.strip()
    return {key: texts[key] for key in SETTING_NAMES}


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", hint="Mend the file or remove it.") from error
    if isinstance(home := found.get("home"), str):
        found["home"] = path.parent / Path(home).expanduser()
    if isinstance(encoder := found.get("encoder"), str) and "/" in encoder:
        found["encoder"] = str(path.parent / Path(encoder).expanduser())
    if isinstance(model := found.get("model"), str):
        found["model"] = path.parent / Path(model).expanduser()
    if isinstance(prices := found.get("prices"), str):
        found["prices"] = path.parent / Path(prices).expanduser()
    if isinstance(sources := found.get("sources"), list):
        found["sources"] = [path.parent / Path(s).expanduser() if isinstance(s, str) else s for s in sources]
    return found


def _from_environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in SETTING_NAMES:
        if text := os.environ.get(variable(name), "").strip():
            found[name] = parse_setting(name, text, variable(name))
    return found


def _check_roles(settings: Settings, origins: Mapping[str, str]) -> None:
    """Raise where a role names a model that there is none of."""
    for role, names in settings.roles.items():
        unknown = [name for name in names if name not in settings.models]
        if unknown:
            known = ", ".join(sorted(settings.models)) or "none"
            message = (
                f"{origins.get('roles', 'the settings')} gives the role {role} to an unknown model {unknown[0]!r}."
            )
            raise ConfigError(message, hint=f"Models are {known}; each is a table [models.NAME] of genie.toml.")


def _check(found: dict[str, Any], name_origin: Any) -> None:
    for key in found:
        if key not in SETTING_NAMES:
            hint = f"Settings are {', '.join(SETTING_NAMES)}."
            raise ConfigError(f"{name_origin(key)} has an unknown setting {key!r}.", hint=hint)
    try:
        TypeAdapter(Settings).validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        key, place = str(first["loc"][0]), ".".join(str(part) for part in first["loc"])
        given = f" to {first['input']!r}" if not isinstance(first["input"], dict) else ""
        message = f"{name_origin(key)} sets {place}{given}: {first['msg'].lower()}."
        raise ConfigError(message, hint=f"{key}: {describe_settings()[key]}") from error
