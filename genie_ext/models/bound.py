"""Binding: which configured models fill which role, in their order; nothing is imported or called until it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genie_ext.config import Settings
from genie_ext.model_settings import ModelSettings
from genie_ext.models import anthropic_messages, openai_chat
from genie_ext.models.base import ROLES, ChatModel, ModelCard, Role
from genie_ext.models.keys import find_key
from genie_ext.models.line import is_loopback
from genie_ext.types import Tier

_VENDORS = {"openai": openai_chat.VENDOR, "anthropic": anthropic_messages.VENDOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The models of each role.

    Attributes:
        cards: By role, the first one preferred.
        settings: What is set of each model, by its name.
        barred: Names of models that `local_only` keeps out.
    """

    cards: Mapping[Role, tuple[ModelCard, ...]] = field(default_factory=dict)
    settings: Mapping[str, ModelSettings] = field(default_factory=dict)
    barred: tuple[str, ...] = ()

    def of(self, role: Role) -> tuple[ModelCard, ...]:
        """Return the cards of a role; none where nobody fills it."""
        return self.cards.get(role, ())

    def tiers(self, role: Role) -> tuple[Tier, ...]:
        """Return the tiers of a role's models, without repeats, in the order of the models."""
        return tuple(dict.fromkeys(card.tier for card in self.of(role)))

    def model(self, card: ModelCard) -> ChatModel:
        """Return the model of a card, with its key.

        Raises:
            ModelAccessError: It needs a key and there is none.
        """
        return open_model(card, find_key(card.name, self.settings[card.name]))


def bind(settings: Settings) -> Bound:
    """Return the models that fill the roles.

    A role that is not set is filled by the models of its usual tier: "plan" and "judge" by frontier models, "sql" and
    "describe" by open ones, each by those of the other tier where its own has none. "judge" is never filled by itself:
    a second opinion costs money. Where `local_only` is set, models that data would leave the machine for fill no role.
    """
    every = {name: card_of(name, own) for name, own in settings.models.items()}
    barred = tuple(name for name, card in every.items() if settings.local_only and not card.local)
    known = {name: card for name, card in every.items() if name not in barred}
    cards = {role: _filling(role, settings, known) for role in ROLES}
    return Bound(cards=cards, settings=settings.models, barred=barred)


def card_of(name: str, settings: ModelSettings) -> ModelCard:
    """Return what is known of a configured model."""
    server = (settings.base_url or _VENDORS[settings.provider]).rstrip("/")
    local = is_loopback(server) if settings.local is None else settings.local
    return ModelCard(
        name=name, provider=settings.provider, model=settings.model, tier=settings.tier, server=server, local=local
    )


def open_model(card: ModelCard, key: str | None) -> ChatModel:
    """Return the model that speaks the wire of a card."""
    if card.provider == "anthropic":
        return anthropic_messages.AnthropicMessages(card=card, key=key)
    return openai_chat.OpenAIChat(card=card, key=key)


def _filling(role: Role, settings: Settings, known: Mapping[str, ModelCard]) -> tuple[ModelCard, ...]:
    if role in settings.roles:
        return tuple(known[name] for name in settings.roles[role] if name in known)
    if role == "judge":
        return ()
    first = "frontier" if role == "plan" else "open"
    return tuple(sorted(known.values(), key=lambda card: card.tier != first))
