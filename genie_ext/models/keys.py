"""Keys of models: from the environment, then from the keyring of the operating system; never from a file of ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from genie_ext.config import secret
from genie_ext.errors import ModelAccessError
from genie_ext.model_settings import ModelSettings

_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_HOSTS = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
SERVICE = "genie-ext"
"""Name under which the keyring keeps keys."""


def key_variable(settings: ModelSettings) -> str:
    """Return the environment variable that is looked at first."""
    return settings.key_variable or _VARIABLES[settings.provider]


def find_key(name: str, settings: ModelSettings) -> str | None:
    """Return the key of a model; None where a server of one's own needs none.

    Args:
        name: The model's name in the settings.
        settings: What is set of it.

    Raises:
        ModelAccessError: There is none, and it is wanted.
    """
    if _is_own_server(settings) and settings.key_variable is None:
        return _checked(_from_keyring(name), f"The key of the model “{name}” in the keyring")
    variable = key_variable(settings)
    if key := secret(variable):
        return _checked(key, variable)
    if key := _from_keyring(name):
        return _checked(key, f"The key of the model “{name}” in the keyring")
    hint = f"Set {variable}, or keep it in the keyring: python -m keyring set {SERVICE} {name}."
    raise ModelAccessError(f"There is no key for the model “{name}”.", hint=hint)


def _is_own_server(settings: ModelSettings) -> bool:
    """Tell whether it is somebody else's server than the vendor's, which the vendor's key is not sent to."""
    parts = urlsplit(settings.base_url or "")
    vendor = parts.scheme == "https" and parts.hostname == _HOSTS[settings.provider]
    return settings.base_url is not None and not vendor


def _checked(key: str | None, place: str) -> str | None:
    """Return a key without white space around it.

    Raises:
        ModelAccessError: It cannot be one; HTTP would refuse it with words that hold it.
    """
    key = (key or "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ModelAccessError(f"{place} holds signs that no key has.", hint="Copy it again, without quotes.")
    return key or None


def _from_keyring(name: str) -> str | None:
    """Return the key that the operating system keeps; None where it keeps none, or there is no keyring."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, name) or None
    except KeyringError:  # no keyring on this machine, or it is locked: the environment is the way
        return None
