"""Where keys come from, and to whom they are not given."""

from __future__ import annotations

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from genie_ext.errors import ModelAccessError
from genie_ext.model_settings import ModelSettings
from genie_ext.models.keys import find_key

VENDOR = ModelSettings(provider="anthropic", model="big", tier="frontier")
OWN = ModelSettings(provider="openai", model="small", tier="open", base_url="http://localhost:11434/v1")


class Kept(KeyringBackend):
    """A keyring of one process."""

    priority = 1

    def __init__(self, keys=None, *, locked=False):
        super().__init__()
        self.keys, self.locked = keys or {}, locked

    def get_password(self, service, username):
        if self.locked:
            raise KeyringLocked
        return self.keys.get((service, username))

    def set_password(self, service, username, password):
        self.keys[service, username] = password

    def delete_password(self, service, username):
        del self.keys[service, username]


@pytest.fixture(autouse=True)
def ring(monkeypatch):
    """Use a keyring of the test's own, and no keys from outside."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    before, own = keyring.get_keyring(), Kept()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_a_key_comes_from_the_environment_before_the_keyring(ring, monkeypatch):
    ring.keys["genie-ext", "claude"] = "ring-key"
    assert find_key("claude", VENDOR) == "ring-key"
    monkeypatch.setenv("ANTHROPIC_API_KEY", " env-key\n")
    assert find_key("claude", VENDOR) == "env-key"


def test_a_vendor_without_a_key_says_both_places(ring):
    for ring.locked in (False, True):
        with pytest.raises(ModelAccessError, match="“claude”") as caught:
            find_key("claude", VENDOR)
        assert "ANTHROPIC_API_KEY" in caught.value.hint
        assert "keyring set genie-ext claude" in caught.value.hint


def test_a_server_of_ones_own_needs_no_key_and_never_gets_the_vendors(ring, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "vendor-key")
    assert find_key("qwen", OWN) is None
    ring.keys["genie-ext", "qwen"] = "own-key"
    assert find_key("qwen", OWN) == "own-key"


def test_the_vendors_own_address_written_out_is_still_the_vendor(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "vendor-key")
    for url, key in (("https://api.openai.com/v1", "vendor-key"), ("http://api.openai.com.example/v1", None)):
        own = ModelSettings(provider="openai", model="m", tier="open", base_url=url)
        assert find_key("m", own) == key


def test_a_variable_that_is_named_must_hold_the_key(monkeypatch):
    own = ModelSettings(provider="openai", model="m", tier="open", base_url="http://gate/v1", key_variable="GATE_KEY")
    with pytest.raises(ModelAccessError, match="no key") as caught:
        find_key("m", own)
    assert "GATE_KEY" in caught.value.hint
    monkeypatch.setenv("GATE_KEY", "gate-key")
    assert find_key("m", own) == "gate-key"


@pytest.mark.parametrize("key", ["“sk-secret-1”", "sk-secret-1\nsk-secret-2", "Bearer sk-secret-1"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(ring, monkeypatch, key):
    ring.keys["genie-ext", "claude"] = key
    for where in ("keyring", "ANTHROPIC_API_KEY"):
        with pytest.raises(ModelAccessError, match=where) as caught:
            find_key("claude", VENDOR)
        assert "secret" not in str(caught.value)
        monkeypatch.setenv("ANTHROPIC_API_KEY", key)
