from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from semantic.errors import EncoderError
from semantic.vectors.encoders import (
    MINILM_SHA256,
    HashingEncoder,
    MiniLMEncoder,
    SentenceTransformerEncoder,
    find_encoder,
    verify_weights,
)

TEXTS = [
    "How many singers are there?",
    "orders",
    "",
    "customer: country (text). Such as France, Germany. " * 40,
    "Größe äöü 漢字",
]


def test_minilm_gives_unit_rows_in_order() -> None:
    encoder = find_encoder()
    rows = encoder.encode(TEXTS)
    assert rows.shape == (len(TEXTS), 384)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.allclose(rows[1], encoder.encode([TEXTS[1]])[0], atol=1e-5)


def test_minilm_equals_sentence_transformers() -> None:
    folder = MiniLMEncoder().folder
    with warnings.catch_warnings():
        # What torch and transformers warn of at import is theirs.
        warnings.simplefilter("ignore")
        reference = SentenceTransformerEncoder(folder)
        expected = reference.encode(TEXTS)
    assert np.abs(MiniLMEncoder().encode(TEXTS) - expected).max() < 1e-5
    assert reference.identity == MiniLMEncoder().identity


def test_minilm_refuses_altered_weights(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(EncoderError, match="not the published one"):
        MiniLMEncoder(folder).encode(["x"])


def test_verify_weights_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="is missing"):
        verify_weights(tmp_path / "model.safetensors", MINILM_SHA256)


def test_minilm_never_imports_torch() -> None:
    code = (
        "import sys; from semantic.vectors.encoders import find_encoder; find_encoder().encode(['x']); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_hashing_encoder_finds_equal_words_alike() -> None:
    encoder = HashingEncoder()
    rows = encoder.encode(["order items", "OrderItem", "weather", ""])
    assert rows[0] @ rows[1] == pytest.approx(1.0)
    assert rows[0] @ rows[2] == pytest.approx(0.0)
    assert encoder.identity == "hashing:512"


def test_find_encoder_refuses_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no sentence-transformers model") as caught:
        find_encoder(str(tmp_path))
    assert "minilm" in caught.value.hint


def test_find_encoder_tells_models_apart_by_their_weights(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(MiniLMEncoder().folder / "modules.json", folder)
    (folder / "model.safetensors").write_bytes(b"weights")
    identity = find_encoder(str(folder)).identity
    assert identity.startswith("mine:")
    assert identity != find_encoder().identity
