"""Capability: how often each tier and model was right on the user's own questions, as `genie eval` found."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genie_ext.errors import StateError
from genie_ext.models.state import State
from genie_ext.types import Tier

ENOUGH = 20
"""Questions from which on a rate is believed."""
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many questions a tier was measured on, and how many it answered rightly."""

    asked: int = 0
    right: int = 0

    @property
    def least(self) -> float:
        """Lower end of the 95 % interval of the share that is right (Wilson, 1927)."""
        if not self.asked:
            return 0.0
        share, spread = self.right / self.asked, _Z**2 / self.asked
        middle = share + spread / 2
        return (middle - _Z * math.sqrt(share * (1 - share) / self.asked + spread / (4 * self.asked))) / (1 + spread)

    @property
    def known(self) -> bool:
        """True where enough questions were measured."""
        return self.asked >= ENOUGH


class Capability:
    """Measured rates of one lake.

    Args:
        state: The file they are in.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def record(self, tier: Tier, model: str, *, right: bool) -> None:
        """Put one measured question on record.

        Raises:
            StateError: The file cannot be written.
        """
        with self._state.write() as connection:
            connection.execute(
                "INSERT INTO capability VALUES (?, ?, 1, ?) ON CONFLICT (tier, model) "
                "DO UPDATE SET asked = asked + 1, correct = correct + excluded.correct",
                (tier, model, int(right)),
            )

    def rate(self, tier: Tier) -> Rate:
        """Return the rate of a tier over all its models; nothing where the file cannot be read."""
        try:
            rows = self._state.rows("SELECT SUM(asked) AS n, SUM(correct) AS k FROM capability WHERE tier = ?", (tier,))
        except StateError:
            return Rate()
        return Rate(asked=rows[0]["n"] or 0, right=rows[0]["k"] or 0) if rows else Rate()
