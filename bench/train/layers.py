"""The layers of the parser in torch: BERT's own, and the decoder's."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE, HEADS, INNER = 384, 6, 768
_EPSILON = 1e-12
_HIDDEN = -1e9


class EncoderLayer(nn.Module):
    """One layer of BERT, under the published names of its parameters."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        parts = {part: nn.Linear(SIZE, SIZE) for part in ("query", "key", "value")}
        after = nn.ModuleDict({"dense": nn.Linear(SIZE, SIZE), "LayerNorm": norm()})
        self.attention = nn.ModuleDict({"self": nn.ModuleDict(parts), "output": after})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(SIZE, 4 * SIZE)})
        self.output = nn.ModuleDict({"dense": nn.Linear(4 * SIZE, SIZE), "LayerNorm": norm()})
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Return the states of tokens after this layer, shape (B, T, 384)."""
        # Typed loosely because a ModuleDict says nothing of what it holds.
        own: Any = self.attention["self"]
        after: Any = self.attention["output"]
        out = self.output
        mixed = attend(own["query"](x), own["key"](x), own["value"](x), heads=12, hidden=hidden)
        x = after["LayerNorm"](x + self.drop(after["dense"](mixed)))
        inner = out["dense"](functional.gelu(self.intermediate["dense"](x)))
        return torch.as_tensor(out["LayerNorm"](x + self.drop(inner)))


class DecoderLayer(nn.Module):
    """Attention over the actions so far, attention over the memory, and an inner layer, each on normed states."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.own_norm, self.memory_norm, self.inner_norm = norm(), norm(), norm()
        self.own = nn.Linear(SIZE, 3 * SIZE)
        self.own_out = nn.Linear(SIZE, SIZE)
        self.asked = nn.Linear(SIZE, SIZE)
        self.remembered = nn.Linear(SIZE, 2 * SIZE)
        self.memory_out = nn.Linear(SIZE, SIZE)
        self.inner = nn.Linear(SIZE, INNER)
        self.inner_out = nn.Linear(INNER, SIZE)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        """Return the states of actions after this layer, shape (B, L, 384)."""
        query, key, value = self.own(self.own_norm(x)).chunk(3, dim=-1)
        x = x + self.drop(self.own_out(attend(query, key, value, heads=HEADS)))
        key, value = self.remembered(memory).chunk(2, dim=-1)
        mixed = attend(self.asked(self.memory_norm(x)), key, value, heads=HEADS, hidden=hidden)
        x = x + self.drop(self.memory_out(mixed))
        inner = self.inner_out(functional.relu(self.inner(self.inner_norm(x))))
        return torch.as_tensor(x + self.drop(inner))


def norm() -> nn.LayerNorm:
    """Return the norm of the last axis that BERT uses."""
    return nn.LayerNorm(SIZE, eps=_EPSILON)


def hide(present: Tensor) -> Tensor:
    """Return what is added to attention scores, shape (B, 1, 1, T): a large negative number where nothing is."""
    return torch.zeros(present.shape, device=present.device).masked_fill(~present, _HIDDEN)[:, None, None, :]


def rows_of(x: Tensor, chosen: Tensor) -> Tensor:
    """Return the chosen rows, shape (B, C), of the second axis."""
    return x.gather(1, chosen[:, :, None].expand(-1, -1, x.shape[-1]))


def attend(query: Tensor, key: Tensor, value: Tensor, *, heads: int, hidden: Tensor | None = None) -> Tensor:
    """Mix values by how queries meet keys in some heads; without `hidden` no query sees what comes after it."""
    parts = [x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (query, key, value)]
    # Dropout inside the attention would leave the fast kernel of the CPU.
    mixed = functional.scaled_dot_product_attention(
        parts[0],
        parts[1],
        parts[2],
        attn_mask=None if hidden is None else hidden.to(query.dtype),
        is_causal=hidden is None,
    )
    return mixed.transpose(1, 2).flatten(2)
