from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.sources import LARGEST, Reading, find_files, read_sources

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sources"


def lake(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path = path.with_name(path.name.replace("_dot_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_read_sources_gives_each_file_to_its_reader():
    reading = read_sources([FIXTURES], FIXTURES)
    kinds = {query.source.place.split(":")[0].rsplit("/", 1)[0] for query in reading.extract.queries}
    assert {
        "sql",
        "logs",
        "weekly.ipynb",
        "superset/charts",
        "metabase/export",
        "sales.lvdash.json",
        "evidence",
    } <= kinds
    assert {"documents/page.html", "documents/handbook.md", "superset/datasets/Shop/orders.yaml"} <= set(reading.files)
    assert reading.skipped == ()
    assert set(reading.paths) == set(find_files([FIXTURES]))


def test_read_sources_reports_what_is_broken_and_goes_on(tmp_path: Path):
    lake(
        tmp_path,
        a_dot_sql="SELECT 1 FROM a",
        b_dot_ipynb="{",
        c_dot_sql="",
        d_dot_yaml="serdes/meta: [",
        e_dot_csv="x,y\n1,2\n",
    )
    (tmp_path / "c.sql").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 nothing")
    reading = read_sources([tmp_path], tmp_path)
    assert reading.files == ("a.sql",)
    assert [line.split(":")[0] for line in reading.skipped] == ["b.ipynb", "c.sql", "d.yaml", "scan.pdf"]
    assert reading.skipped[1] == "c.sql: not UTF-8 text (byte 0)"


def test_read_sources_names_files_relative_to_the_root_or_to_the_path(tmp_path: Path):
    lake(
        tmp_path,
        lake__a_dot_sql="SELECT 1 FROM a",
        other__deep__b_dot_sql="SELECT 2 FROM b",
        c_dot_sql="SELECT 3 FROM c",
    )
    reading = read_sources([tmp_path / "lake", tmp_path / "other", tmp_path / "c.sql"], tmp_path / "lake")
    assert reading.files == ("a.sql", "other/deep/b.sql", "c.sql")
    assert [query.source.place for query in reading.extract.queries] == ["a.sql:1", "other/deep/b.sql:1", "c.sql:1"]


def test_read_sources_reads_a_file_once_however_often_it_is_named(tmp_path: Path):
    lake(tmp_path, a_dot_sql="SELECT 1 FROM a")
    assert read_sources([tmp_path, tmp_path / "a.sql", tmp_path], tmp_path).files == ("a.sql",)


def test_read_sources_leaves_out_what_nobody_wrote(tmp_path: Path):
    text = "SELECT 1 FROM a"
    folders = (".git", "node_modules", ".ipynb_checkpoints", "__pycache__", ".venv", "target/compiled", "target/run")
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.sql").write_text(text)
    lake(tmp_path, _dot_hidden_dot_sql=text, target__kept_dot_sql=text, data_dot_parquet="", code_dot_py=text)
    assert [path.name for path in find_files([tmp_path])] == ["kept.sql"]
    assert read_sources([tmp_path], tmp_path).skipped == ()


def test_read_sources_tells_of_a_named_file_that_nobody_reads(tmp_path: Path):
    lake(tmp_path, code_dot_py="x = 1", data_dot_csv="a,b\n1,2\n", other_dot_json='{"a": 1}', z_dot_yaml="a: [")
    paths = sorted(tmp_path.iterdir())
    *unknown, broken = read_sources(paths, tmp_path).skipped
    assert unknown == [f"{name}: no reader knows this format" for name in ("code.py", "data.csv", "other.json")]
    assert broken.startswith("z.yaml:1: not YAML")
    assert read_sources([tmp_path], tmp_path).skipped == ()


def test_read_sources_refuses_a_path_that_is_not_there(tmp_path: Path):
    for function in (lambda paths: read_sources(paths, tmp_path), find_files):
        with pytest.raises(SourceError, match=r"gone: there is no such file or folder") as caught:
            function([tmp_path / "gone"])
        assert caught.value.hint


def test_read_sources_follows_no_link_out_of_the_folder(tmp_path: Path):
    lake(tmp_path, outside__kept_dot_sql="SELECT hidden FROM a", inside__a_dot_sql="SELECT 1 FROM a")
    (tmp_path / "inside" / "link.sql").symlink_to(tmp_path / "outside" / "kept.sql")
    (tmp_path / "inside" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "inside" / "loop").symlink_to(tmp_path / "inside")
    (tmp_path / "inside" / "same.sql").symlink_to(tmp_path / "inside" / "a.sql")
    reading = read_sources([tmp_path / "inside"], tmp_path)
    assert reading.files == ("inside/a.sql",)
    assert reading.skipped == ("inside/link.sql: a link that leads out of the folder",)
    assert "hidden" not in str(reading.extract)
    # A link that the user names is what the user means.
    assert read_sources([tmp_path / "inside" / "link.sql"], tmp_path).files == ("outside/kept.sql",)


def test_read_sources_reports_what_is_too_large_and_too_deep(tmp_path: Path):
    with (tmp_path / "dump.sql").open("wb") as stream:
        stream.truncate(LARGEST[".sql"] + 1)
    deep = tmp_path.joinpath(*["d"] * 30)
    deep.mkdir(parents=True)
    (deep / "x.sql").write_text("SELECT 1 FROM a")
    reading = read_sources([tmp_path], tmp_path)
    assert reading.files == ()
    assert any("folders deeper than 24" in line for line in reading.skipped)
    assert "dump.sql: larger than 20 MB" in reading.skipped


def test_read_sources_keeps_the_warnings_of_parsers_to_itself(tmp_path: Path, recwarn: pytest.WarningsRecorder):
    text = "slice_name: &a x\nuuid: &a y\ndataset_uuid: gone\n"
    (tmp_path / "a.yaml").write_text(text)
    assert read_sources([tmp_path], tmp_path).extract.lost == ("a.yaml: its dataset gone is not in the export",)
    assert not recwarn.list


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_read_sources_reports_a_file_it_may_not_read(tmp_path: Path):
    lake(tmp_path, a_dot_sql="SELECT 1 FROM a").joinpath("a.sql").chmod(0)
    assert read_sources([tmp_path], tmp_path).skipped == ("a.sql: Permission denied",)


NAMES = [
    *(f"x{suffix}" for suffix in LARGEST),
    "manifest.json",
    "semantic_manifest.json",
    "a.lvdash.json",
    "metadata.yaml",
]
HEADS = [
    b"", b"---\n", b'{"datasets": [', b'{"pages": [], "datasets": [{}]}', b"serdes/meta:\n- ",
    b"slice_name: x\nuuid: y\n",
    b"version: 1.1\nsource: x\nmeasures: ", b"semantic_models:\n- ", b"sql,calls\n", b'{"sql": "SELECT 1", "calls": ',
    b"PK\x03\x04", b"%PDF-1.4\n", b"<p>", b'{"nbformat": 4, "metadata": {}, "cells": [', b"```sql a\n", b"SELECT ",
    b'{"dataset_query": {"query": {"aggregation": [', b"table_name: x\nuuid: 1\nmetrics: ", b"name: x\ntables:\n- ",
]  # fmt: skip


TAILS = st.binary(max_size=60) | st.text("[]{}:-,'\"\n a1").map(str.encode)


@given(name=st.sampled_from(NAMES), head=st.sampled_from(HEADS), tail=TAILS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_read_sources_never_fails_on_what_is_in_a_file(name: str, head: bytes, tail: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(head + tail)
        reading = read_sources([path], Path(folder))
        assert isinstance(reading, Reading)
        assert len(reading.files) + len(reading.skipped) >= 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "day: 2024-13-45\n"),
        ("a.yaml", "at: 2001-02-30T25:61:61Z\n"),
        ("a.yaml", f"n: {'9' * 6000}\n"),
        ("a.yaml", "x: !!float abc\n"),
        ("a.yaml", "x: !!bool perhaps\n"),
        ("a.yaml", "[" * 5000 + "]" * 5000),
        ("a.yaml", "a: 1\na: 2\n"),
        ("a.json", f'{{"n": {"9" * 6000}}}'),
        ("a.json", "[" * 200_000 + "]" * 200_000),
    ],
)
def test_data_of_a_file_is_refused_by_name_where_it_does_not_parse(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=rf"^{name}"):
        _ = SourceFile(tmp_path / name, name).data


def test_data_of_a_file_may_use_one_anchor_twice(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("a: &x 1\nb: &x 2\nc: *x\n")
    assert SourceFile(tmp_path / "a.yaml", "a.yaml").data == {"a": 1, "b": 2, "c": 2}


@pytest.mark.parametrize(
    ("named", "explaining"),
    [
        ("dbt/models/sales.yml", "dbt/models/marts/shops.yml"),
        ("dbt/models", "dbt/sources.yml"),
        ("loose/sales.yaml", "loose/shops.yml"),
        ("metabase/questions.json", "metabase/tables.json"),
        ("superset/charts/sales.yaml", "superset/datasets/Shop/orders.yaml"),
        ("export/collections/main/sales.yaml", "export/databases/shop/fields/id.yaml"),
    ],
)
def test_find_files_gives_the_files_that_explain_the_named_ones(tmp_path: Path, named: str, explaining: str):
    files = {"dbt/dbt_project.yml": "name: x", f"{named}/a.yml" if named == "dbt/models" else named: "a: 1"}
    for name in (*files, explaining, f"other/{explaining}"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a: 1")
    found = find_files([tmp_path / named])
    assert tmp_path.resolve() / explaining in found
    assert tmp_path.resolve() / "other" / explaining not in found
