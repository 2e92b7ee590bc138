"""The lock holds what is installed, in a form that any index can serve."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_lock_names_exact_versions_and_nothing_else():
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in locked())


def test_the_lock_holds_every_dependency_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {canonical(re.split(r"[<>=!~\[; ]", line)[0]) for line in asked}
    assert names <= {line.split("==")[0] for line in locked()}


def test_the_lock_is_what_these_tests_run_with():
    found = {
        name: importlib.metadata.version(name).split("+")[0] for name in (line.split("==")[0] for line in locked())
    }
    # The engine's own tests run once more beside an older DuckDB.
    assert {f"{name}=={version}" for name, version in found.items() if name != "duckdb"} == {
        line for line in locked() if not line.startswith("duckdb==")
    }
