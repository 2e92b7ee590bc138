"""MiniLM in numpy: six BERT layers over token ids, and unit sentence vectors by mean pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

_ROWS = 16


def forward(w: Weights, ids: NDArray[Any], mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit sentence vectors, shape (N, 384), for token ids and their mask, both of shape (N, T)."""
    x = token_states(w, embed(w, ids), np.float32(-1e9) * (1 - mask)[:, None, None, :])
    pooled = (x * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1e-9)
    return unit(pooled)


def embed(w: Weights, ids: NDArray[Any]) -> NDArray[np.float32]:
    """Return what the layers read before it is normed, shape (N, T, 384): the embeddings of tokens and positions."""
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][0]
    return np.asarray(x + w["embeddings.position_embeddings.weight"][: ids.shape[1]], dtype=np.float32)


def token_states(
    w: Weights, embedded: NDArray[np.float32], hidden: NDArray[np.float32] | float = 0.0
) -> NDArray[np.float32]:
    """Return the states of tokens after the six layers, shape (N, T, 384).

    Args:
        w: Weights of the layers, by their published names.
        embedded: What `embed` returned, shape (N, T, 384).
        hidden: Added to the attention scores, shape (N, 1, 1, T): a large negative number at padding.
    """
    x = layer_norm(embedded, w, "embeddings.LayerNorm")
    for layer in range(6):
        x = _layer(x, hidden, w, f"encoder.layer.{layer}")
    return x


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to unit length, shape (N, D); rows of zeros stay."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), dtype=np.float32)


def layer_norm(x: NDArray[np.float32], w: Weights, name: str) -> NDArray[np.float32]:
    """Norm the last axis to mean 0 and variance 1, then scale and shift it by the weights of this name."""
    share = np.float32(1 / x.shape[-1])
    normed = x - np.add.reduce(x, axis=-1, keepdims=True) * share
    spread = np.einsum("...i,...i->...", normed, normed)[..., None] * share + np.float32(1e-12)
    # In place: the rows of a question are small, and new arrays cost as much as the sums.
    normed /= np.sqrt(spread)
    normed *= w[f"{name}.weight"]
    normed += w[f"{name}.bias"]
    return np.asarray(normed, dtype=np.float32)


def linear(x: NDArray[np.float32], w: Weights, name: str) -> NDArray[np.float32]:
    """Map the last axis by the weight and the bias of this name."""
    # In this order the few rows of a question take two thirds of the time.
    rows = (w[f"{name}.weight"] @ x.reshape(-1, x.shape[-1]).T).T
    return np.asarray(np.add(rows, w[f"{name}.bias"], order="C").reshape(*x.shape[:-1], -1), dtype=np.float32)


def gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return x · Φ(x), the activation that BERT was trained with, of the same shape."""
    found = np.empty(x.shape, dtype=np.float32)
    rows, out = x.reshape(-1, x.shape[-1]), found.reshape(-1, x.shape[-1])
    # A few rows at a time stay in the cache of the processor, which takes a third of the time.
    for start in range(0, len(rows), _ROWS):
        out[start : start + _ROWS] = _gelu(rows[start : start + _ROWS])
    return found


def _gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    # Abramowitz and Stegun 7.1.26: erf to 1.5e-7, below the resolution of float32 sums.
    z = np.abs(x) * np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return np.asarray(np.float32(0.5) * x * (1 + erf), dtype=np.float32)


def _layer(x: NDArray[np.float32], hidden: NDArray[np.float32] | float, w: Weights, name: str) -> NDArray[np.float32]:
    batch, length, size = x.shape

    def heads(part: str) -> NDArray[np.float32]:
        return linear(x, w, f"{name}.attention.self.{part}").reshape(batch, length, 12, 32).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(32)) + hidden
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, size)
    x = layer_norm(x + linear(mixed, w, f"{name}.attention.output.dense"), w, f"{name}.attention.output.LayerNorm")
    inner = linear(gelu(linear(x, w, f"{name}.intermediate.dense")), w, f"{name}.output.dense")
    return layer_norm(x + inner, w, f"{name}.output.LayerNorm")
