"""Runs the designs in parallel, keeps what is done, and writes the table."""

from __future__ import annotations

import argparse
import ast
import hashlib
import inspect
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tqdm import tqdm
from validation import engine
from validation.designs import DESIGNS
from validation.engine import Design, Row, Tally
from validation.table import written

import carenotebook

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("RESULTS.md")
KEPT = ROOT / ".validation"
"""What is done, so that an interrupted run goes on; ignored by git."""

_CHUNK = 25
_BY_NAME = {d.name: d for d in DESIGNS}


def main() -> None:
    """Run what is asked for; the whole is written to the table."""
    asked = _asked()
    chosen = [d for d in DESIGNS if asked.only in d.name]
    if not chosen:
        raise SystemExit(f"No design's name contains {asked.only!r}: {', '.join(_BY_NAME)}")
    if asked.fresh:
        for design in chosen:
            _file(design, asked.sets or design.sets).unlink(missing_ok=True)
    rows = run(chosen, asked.sets, asked.workers)
    table = written(rows, datetime.now(UTC).date())
    if asked.only or asked.sets:
        print(table)
    else:
        TABLE.write_text(table, encoding="utf-8")
        print(f"{table}\nWritten to {TABLE.relative_to(ROOT)}.")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Promises kept on a known truth.")
    parser.add_argument("--only", default="", help="designs whose name contains this")
    parser.add_argument("--sets", type=int, help="data sets a design, instead of its own number")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--fresh", action="store_true", help="forget what was kept")
    return parser.parse_args()


def run(designs: list[Design], sets: int | None, workers: int) -> list[Row]:
    """Rows of the table, from what is kept or made anew."""
    ready = multiprocessing.get_context("spawn")  # polars does not survive a fork
    with ProcessPoolExecutor(workers, mp_context=ready) as pool:
        return [_row(d, sets or d.sets, pool) for d in tqdm(designs, unit="design", disable=None)]


def _row(design: Design, sets: int, pool: ProcessPoolExecutor) -> Row:
    kept = _file(design, sets)
    if not kept.exists():
        parts = [
            pool.submit(_part, design.name, version, start, min(start + _CHUNK, sets))
            for version in ("effect", "null")
            for start in range(0, sets, _CHUNK)
        ]
        done = [p.result() for p in parts]  # added up in one order, so that sums are the same
        effect, null = (sum((t for v, t in done if v == w), Tally()) for w in ("effect", "null"))
        KEPT.mkdir(exist_ok=True)
        kept.write_text(json.dumps([asdict(effect), asdict(null)]), encoding="utf-8")
    effect, null = (Tally(**t) for t in json.loads(kept.read_text(encoding="utf-8")))
    return Row(design, effect, null)


def _part(name: str, version: str, start: int, stop: int) -> tuple[str, Tally]:
    return version, engine.tally(_BY_NAME[name], version, range(start, stop))


def _file(design: Design, sets: int) -> Path:
    """Where a result is kept: named by all code that it rests on, but for what is only said."""
    own = _code(Path(inspect.getfile(inspect.unwrap(design.run))))
    mark = hashlib.sha256(f"{_package()}{_code(Path(engine.__file__))}{own}".encode()).hexdigest()
    return KEPT / f"{design.name}-{sets}-{engine.SEED}-{mark[:12]}.json"


@cache
def _package() -> str:
    parts = ("core", "describe", "effects", "ingest", "quality", "results", "synthetic")
    root = Path(carenotebook.__file__).parent
    return "".join(_code(f) for part in parts for f in sorted((root / part).rglob("*.py")))


@cache
def _code(file: Path) -> str:
    """A file's code without its docstrings and its layout."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _is_text(s)]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
