"""Time, memory and size of indexing and searching lakes of growing size, and of indexing them again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from bench.semantics.make_lake import change_tables, make_lake

_SHARE = 0.01
_GIB = 1024
_ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--tables", type=int, multiple=True, default=(1_000, 3_000, 10_000), show_default=True)
@click.option("--columns", type=int, default=50, show_default=True, help="Columns of each table.")
@click.option("--work", type=click.Path(path_type=Path), required=True, help="Folder for the lakes and their indexes.")
@click.option("--encoder", type=click.Choice(["hashing", "minilm"]), default="hashing", show_default=True)
@click.option("--keep", is_flag=True, help="Leave the lakes there.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def scale(tables: tuple[int, ...], columns: int, work: Path, encoder: str, *, keep: bool, as_json: bool) -> None:
    """Index made-up lakes of so many tables, search them, change one table in a hundred, and index them again."""
    measured = []
    for count in tables:
        folder = work / f"scale-{count}x{columns}"
        measured.append(_measure(folder, count, columns, encoder))
        if not as_json:
            print(_report(measured[-1]), flush=True)
        if not keep:
            shutil.rmtree(folder)
    print(json.dumps(measured, indent=2) if as_json else _summary(measured, encoder))


def _measure(folder: Path, tables: int, columns: int, encoder: str) -> dict[str, Any]:
    lake, home = folder / "lake.duckdb", folder / f"home-{encoder}"
    made = 0.0 if lake.exists() else make_lake(lake, tables=tables, columns=columns)
    shutil.rmtree(home, ignore_errors=True)
    figures: dict[str, Any] = {"made_s": made, "lake_bytes": lake.stat().st_size}
    figures["cold"] = _step("build", lake, home, encoder)
    figures["search"] = _step("search", lake, home, encoder)
    figures["unchanged"] = _step("build", lake, home, encoder)
    figures["changed_tables"] = change_tables(lake, _SHARE)
    figures["changed"] = _step("build", lake, home, encoder)
    figures["search_again"] = _step("search", lake, home, encoder)
    return figures


def _step(step: str, lake: Path, home: Path, encoder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.semantics.scale_worker", step, str(lake), str(home), encoder]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _report(m: dict[str, Any]) -> str:
    cold, changed, search = m["cold"], m["changed"], m["search"]
    files = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in cold["bytes"].items())
    again = f"{changed['seconds'] / cold['seconds']:.1%} of cold, {changed['read']} tables read"
    first = f"opened in {search['open_s']:.2f} s, first answer in {search['first_s']:.2f} s"
    return f"""{cold["tables"]:,} tables, {cold["columns"]:,} columns, lake of {m["lake_bytes"] / 1e6:,.0f} MB
  index, cold      {cold["seconds"]:.1f} s, peak {cold["peak_mib"]:,} MiB; {_phases(cold)}
  files            {files}
  unchanged        {m["unchanged"]["seconds"]:.1f} s, {m["unchanged"]["read"]} tables read
  {m["changed_tables"]} changed  {changed["seconds"]:.1f} s ({again}); {_phases(changed)}
  search           p50 {search["p50_ms"]:.1f} ms, p95 {search["p95_ms"]:.1f} ms (limit 100 ms), {first}
                   encoder {search["encode_ms"]:.1f} ms of it, peak {search["peak_mib"]:,} MiB"""


def _phases(build: dict[str, Any]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in build["phases"].items())


def _summary(measured: list[dict[str, Any]], encoder: str) -> str:
    rows = [
        f"\nencoder {encoder}",
        "| tables | columns | index s | peak GiB | index MB | 1 % changed s | read | p50 ms | p95 ms |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for m in measured:
        cold, changed, search = m["cold"], m["changed"], m["search"]
        rows.append(
            f"| {cold['tables']:,} | {cold['columns']:,} | {cold['seconds']:,.0f} | {cold['peak_mib'] / _GIB:.2f} "
            f"| {sum(cold['bytes'].values()) / 1e6:,.0f} | {changed['seconds']:,.1f} | {changed['read']} "
            f"| {search['p50_ms']:.0f} | {search['p95_ms']:.0f} |"
        )
    return "\n".join(rows)
