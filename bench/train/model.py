"""The parser in torch, for training: MiniLM's layers over question and schema, and a small pointer decoder.

Parameters carry the names that the inference in numpy reads, so that an export is a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from bench.train.layers import SIZE, DecoderLayer, EncoderLayer, hide, norm, rows_of

LAYERS, POSITIONS = 2, 96
FROZEN = tuple(f"embeddings.{part}_embeddings.weight" for part in ("word", "position", "token_type"))
_HIDDEN = -1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """B questions padded to T tokens, Q of them the question's, N items and L actions.

    Attributes:
        ids: Token ids, shape (B, T).
        present: Which tokens are no padding, shape (B, T).
        question: Index of each token of the question, shape (B, Q).
        members: 1 where a token lies in an item's span, shape (B, N, T).
        kinds: Kinds of items, shape (B, N).
        owners: Index of the table of each column, shape (B, N).
        features: Features of items, shape (B, N, F).
        memory: Which question tokens and items are no padding, shape (B, Q + N).
        written: Actions that are read, words first and then items, shape (B, L).
        wanted: Actions that follow, -1 for padding, shape (B, L).
        allowed: Which words and items the grammar allows, shape (B, L, V + N).
        roles: 1 where an item plays a role, shape (B, N, 6).
    """

    ids: Tensor
    present: Tensor
    question: Tensor
    members: Tensor
    kinds: Tensor
    owners: Tensor
    features: Tensor
    memory: Tensor
    written: Tensor
    wanted: Tensor
    allowed: Tensor
    roles: Tensor


class Parser(nn.Module):
    """The whole network.

    Args:
        words: Number of words of the grammar.
        features: Number of features of an item.
        roles: Number of roles of an item.
        dropout: Share of states that are dropped while training.
    """

    def __init__(self, *, words: int, features: int, roles: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.embeddings = _Embeddings()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(EncoderLayer(dropout) for _ in range(6))})
        self.items = _Items(features, dropout)
        self.memory = nn.ParameterDict({"kinds": nn.Parameter(torch.randn(2, SIZE) * 0.02)})
        self.roles = nn.Linear(SIZE, roles)
        self.decoder = _Decoder(words, features, dropout)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the scores of the next actions before they are masked, shape (B, L, V + N), and of the roles."""
        x = self.embeddings(batch.ids, self.items.seen(batch))
        hidden = hide(batch.present)
        layers: Any = self.encoder["layer"]
        for layer in layers:
            x = layer(x, hidden)
        items = self.items(x, batch)
        asked = rows_of(x, batch.question) + self.memory["kinds"][0]
        memory = torch.cat([asked, items + self.memory["kinds"][1]], dim=1)
        return self.decoder(batch, items, memory, hide(batch.memory)), self.roles(items)


def pretrained(words: int, features: int, roles: int, *, minilm: Path, dropout: float = 0.1) -> Parser:
    """Return a parser that starts from the published MiniLM, whose embeddings stay as they are.

    Args:
        words: Number of words of the grammar.
        features: Number of features of an item.
        roles: Number of roles of an item.
        minilm: The weights of MiniLM, a safetensors file.
        dropout: Share of states that are dropped while training.
    """
    parser = Parser(words=words, features=features, roles=roles, dropout=dropout)
    published = {name: rows for name, rows in load_file(minilm).items() if name in parser.state_dict()}
    left = parser.load_state_dict(published, strict=False).missing_keys
    if any(name.startswith(("encoder.", "embeddings.")) for name in left):
        raise ValueError(f"{minilm} lacks weights of the encoder.")
    return parser


def masked(scores: Tensor, batch: Batch) -> Tensor:
    """Return the scores with a large negative number where the grammar allows no action."""
    return scores.float().masked_fill(~batch.allowed, _HIDDEN)


def loss(parser: Parser, batch: Batch, *, roles_weight: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return the loss of a batch, and which of its plans would be written right action by action, shape (B,)."""
    scores, roles = parser(batch)
    scores = masked(scores, batch)
    actions = functional.cross_entropy(scores.flatten(0, 1), batch.wanted.flatten(), ignore_index=-1)
    present = batch.memory[:, batch.question.shape[1] :, None].expand_as(batch.roles)
    played = functional.binary_cross_entropy_with_logits(roles.float()[present], batch.roles[present])
    right = ((scores.argmax(dim=-1) == batch.wanted) | (batch.wanted < 0)).all(dim=1)
    return actions + roles_weight * played, right


class _Embeddings(nn.Module):
    """Frozen embeddings of tokens and positions, and the norm over them."""

    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(30522, SIZE).requires_grad_(requires_grad=False)
        self.position_embeddings = nn.Embedding(512, SIZE).requires_grad_(requires_grad=False)
        self.token_type_embeddings = nn.Embedding(2, SIZE).requires_grad_(requires_grad=False)
        self.LayerNorm = norm()

    def forward(self, ids: Tensor, seen: Tensor) -> Tensor:
        x = self.word_embeddings(ids) + self.token_type_embeddings.weight[0]
        return torch.as_tensor(self.LayerNorm(x + self.position_embeddings.weight[: ids.shape[1]] + seen))


class _Items(nn.Module):
    """States of tables, columns and values: their words, their features, their kind, and the table of a column."""

    def __init__(self, features: int, dropout: float) -> None:
        super().__init__()
        self.seen_features = nn.Linear(features, SIZE, bias=False)
        self.features = nn.Linear(features, SIZE, bias=False)
        self.owner = nn.Linear(SIZE, SIZE, bias=False)
        self.kinds = nn.Embedding(3, SIZE)
        self.norm = norm()
        self.drop = nn.Dropout(dropout)
        nn.init.normal_(self.kinds.weight, std=0.02)
        # The encoder starts as it was published and learns to read the features.
        nn.init.zeros_(self.seen_features.weight)

    def seen(self, batch: Batch) -> Tensor:
        """Return what is added to the embeddings of the tokens of each item, shape (B, T, 384)."""
        return torch.as_tensor(batch.members.transpose(1, 2) @ self.seen_features(batch.features))

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        count = batch.members.sum(dim=-1, keepdim=True).clamp(min=1)
        means = (batch.members / count).to(x.dtype) @ x
        owners = self.owner(rows_of(means, batch.owners)) * (batch.kinds == 1)[:, :, None]
        states = means + self.features(batch.features) + self.kinds(batch.kinds) + owners
        return torch.as_tensor(self.drop(self.norm(states)))


class _Decoder(nn.Module):
    """Writes a plan: reads the actions so far and the memory, scores the words and the items."""

    def __init__(self, words: int, features: int, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(words, SIZE)
        self.positions = nn.Embedding(POSITIONS, SIZE)
        self.kinds = nn.Embedding(3, SIZE)
        self.pointed = nn.Linear(SIZE, SIZE)
        self.layer = nn.ModuleList(DecoderLayer(dropout) for _ in range(LAYERS))
        self.norm = norm()
        self.word_scores = nn.Linear(SIZE, words)
        self.query = nn.Linear(SIZE, SIZE)
        self.key = nn.Linear(SIZE, SIZE)
        self.feature_scores = nn.Linear(SIZE, features)
        self.drop = nn.Dropout(dropout)
        # Words start at the size that pointed items have.
        for embedding, size in ((self.words, 0.5), (self.positions, 0.1), (self.kinds, 0.1)):
            nn.init.normal_(embedding.weight, std=size)
        nn.init.zeros_(self.feature_scores.weight)

    def forward(self, batch: Batch, items: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        pointed = self.pointed(items) + self.kinds(batch.kinds)
        words = self.words.weight.to(pointed.dtype).expand(len(items), -1, -1)
        x = rows_of(torch.cat([words, pointed], dim=1), batch.written)
        x = self.drop(x + self.positions.weight[: x.shape[1]])
        for layer in self.layer:
            x = layer(x, memory, hidden)
        x = self.norm(x)
        pointers = self.query(x) @ self.key(items).transpose(1, 2) / SIZE**0.5
        known = self.feature_scores(x) @ batch.features.transpose(1, 2).to(x.dtype)
        return torch.cat([self.word_scores(x), pointers + known], dim=-1)
