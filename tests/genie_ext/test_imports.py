from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import genie_ext

HEAVY = (
    "torch", "sentence_transformers", "faiss", "sqlglot", "pyarrow", "pandas", "duckdb", "IPython", "numpy", "pydantic",
)  # fmt: skip


def loaded_by(code):
    script = f"import sys\n{code}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import genie_ext") == []


def test_opening_the_python_face_loads_neither_torch_nor_sentence_transformers():
    loaded = loaded_by("from genie_ext import Genie, Result, Session, Settings, load_settings")
    assert not {"torch", "sentence_transformers"} & set(loaded)


def test_the_command_line_loads_no_engine_and_no_model_before_it_must():
    assert not set(HEAVY[:7]) & set(loaded_by("import genie_ext.cli.main"))


def test_asking_loads_neither_torch_nor_sentence_transformers(indexed_shop):
    code = f"""
import contextlib, io
from genie_ext import Genie
with Genie({str(indexed_shop)!r}) as genie, contextlib.redirect_stdout(io.StringIO()):
    genie.ask("How many orders are there?")
"""
    assert not {"torch", "sentence_transformers"} & set(loaded_by(code))


@pytest.mark.parametrize("name", genie_ext.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(genie_ext, name).__module__.startswith("genie_ext.")


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Gene"):
        genie_ext.Gene  # noqa: B018


def test_the_door_lists_its_names():
    assert set(dir(genie_ext)) == set(genie_ext.__all__)


def test_the_command_is_the_one_that_is_installed():
    assert importlib.import_module("genie_ext.cli").main is importlib.import_module("genie_ext.cli.main").main
