"""The forward pass of MiniLM in numpy: six BERT layers, mean pooling, unit length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def forward(w: dict[str, NDArray[np.float32]], ids: NDArray[Any], mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit sentence vectors, shape (N, 384), for token ids and their mask, both of shape (N, T)."""
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][0]
    x = _layer_norm(x + w["embeddings.position_embeddings.weight"][: ids.shape[1]], w, "embeddings.LayerNorm")
    hidden = np.float32(-1e9) * (1 - mask)[:, None, None, :]
    for layer in range(6):
        x = _layer(x, hidden, w, f"encoder.layer.{layer}")
    pooled = (x * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1e-9)
    return unit(pooled)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to unit length, shape (N, D); rows of zeros stay."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), dtype=np.float32)


def _layer_norm(x: NDArray[np.float32], w: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float32]:
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-12))
    return np.asarray(centred / scale * w[f"{name}.weight"] + w[f"{name}.bias"], dtype=np.float32)


def _linear(x: NDArray[np.float32], w: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float32]:
    rows = x.reshape(-1, x.shape[-1]) @ w[f"{name}.weight"].T
    return np.asarray((rows + w[f"{name}.bias"]).reshape(*x.shape[:-1], -1), dtype=np.float32)


def _gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    # Abramowitz and Stegun 7.1.26: erf to 1.5e-7, below the resolution of float32 sums.
    z = np.abs(x) * np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return np.asarray(np.float32(0.5) * x * (1 + erf), dtype=np.float32)


def _layer(
    x: NDArray[np.float32], hidden: NDArray[np.float32], w: dict[str, NDArray[np.float32]], name: str
) -> NDArray[np.float32]:
    batch, length, size = x.shape

    def heads(part: str) -> NDArray[np.float32]:
        return _linear(x, w, f"{name}.attention.self.{part}").reshape(batch, length, 12, 32).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(32)) + hidden
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, size)
    x = _layer_norm(x + _linear(mixed, w, f"{name}.attention.output.dense"), w, f"{name}.attention.output.LayerNorm")
    inner = _linear(_gelu(_linear(x, w, f"{name}.intermediate.dense")), w, f"{name}.output.dense")
    return _layer_norm(x + inner, w, f"{name}.output.LayerNorm")
