"""Files are held against their hash, read again only where something touched them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from semantic.store.checksums import file_hash, has_hash

_LONG_AGO = 1_600_000_000


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    """Return a file that was written some time ago."""
    path = tmp_path / "meta.db"
    path.write_bytes(b"rows of a store")
    os.utime(path, (_LONG_AGO, _LONG_AGO))
    return path


def test_has_hash_trusts_the_stamp_of_a_file_nobody_touched(settled: Path) -> None:
    code = file_hash(settled)
    stamp = settled.with_name("meta.db.verified")
    assert stamp.read_text(encoding="utf-8").startswith(code)
    assert has_hash(settled, code)
    # The stamp alone answers: a hash that it does not name is looked for in the bytes, and not found there.
    stamp.write_text(stamp.read_text(encoding="utf-8").replace(code, "another"), encoding="utf-8")
    assert has_hash(settled, "another")
    assert not has_hash(settled, "a third")


def test_has_hash_reads_a_file_again_once_a_byte_has_changed(settled: Path) -> None:
    code = file_hash(settled)
    settled.write_bytes(b"rows of a stora")
    assert not has_hash(settled, code)


def test_has_hash_reads_a_copy_that_took_the_place_of_the_file(settled: Path) -> None:
    code = file_hash(settled)
    other = settled.with_name("other")
    other.write_bytes(b"rows of a stora")
    os.utime(other, (_LONG_AGO, _LONG_AGO))
    other.replace(settled)
    assert not has_hash(settled, code)


def test_file_hash_leaves_no_stamp_beside_a_file_that_was_just_written(tmp_path: Path) -> None:
    path = tmp_path / "meta.db"
    path.write_bytes(b"still being written")
    assert has_hash(path, file_hash(path))
    assert [file.name for file in tmp_path.iterdir()] == ["meta.db"]


def test_has_hash_works_without_its_stamp(settled: Path) -> None:
    settled.with_name("meta.db.verified").mkdir()
    code = file_hash(settled)
    assert has_hash(settled, code)
    assert not has_hash(settled, "another")
    assert [file.name for file in settled.parent.iterdir() if file.is_file()] == ["meta.db"]


def test_has_hash_leaves_no_half_written_stamp(settled: Path) -> None:
    assert has_hash(settled, file_hash(settled))
    assert sorted(file.name for file in settled.parent.iterdir()) == ["meta.db", "meta.db.verified"]
