"""Runs the designs in parallel, keeps what is done, and writes the table."""

from __future__ import annotations

import argparse
import ast
import hashlib
import inspect
import json
import math
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
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

_TURNS = 20
"""In so many parts a design's data sets are made; all designs have had one before any has two."""

_BY_NAME = {d.name: d for d in DESIGNS}


def main() -> None:
    """Run what is asked for; the whole is written to the table."""
    asked = _asked()
    chosen = [d for d in DESIGNS if asked.only in d.name]
    if not chosen:
        raise SystemExit(f"No design's name contains {asked.only!r}: {', '.join(_BY_NAME)}")
    if asked.fresh:
        for design in chosen:
            _file(design).unlink(missing_ok=True)
    rows = run(chosen, asked.sets, asked.workers, asked.minutes)
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
    parser.add_argument("--minutes", type=float, help="begin nothing after so long")
    parser.add_argument("--fresh", action="store_true", help="forget what was kept")
    return parser.parse_args()


@dataclass(frozen=True)
class _Part:
    """Some data sets of one version of a design."""

    name: str
    version: str
    start: int
    stop: int


def run(
    designs: list[Design], sets: int | None, workers: int, minutes: float | None = None
) -> list[Row]:
    """Rows of the table, from what is kept and what is made anew.

    Designs take turns, so that a run which is stopped has some data sets of each.
    """
    found = {d.name: _kept(d) for d in designs}
    parts = (p for d in designs for p in _parts(d, sets or d.sets))
    wanted = sorted(parts, key=lambda p: p.start / _BY_NAME[p.name].sets)
    missing = [p for p in wanted if p not in found[p.name]]
    until = math.inf if minutes is None else time.monotonic() + 60 * minutes
    KEPT.mkdir(exist_ok=True, parents=True)
    ready = multiprocessing.get_context("spawn")  # polars does not survive a fork
    with ProcessPoolExecutor(workers, mp_context=ready) as pool:
        asked = {pool.submit(_tallied, p, until): p for p in missing}
        for done in tqdm(as_completed(asked), total=len(asked), unit="part", disable=None):
            part, tally = asked[done], done.result()
            if tally is not None:
                found[part.name][part] = tally
                _keep(_BY_NAME[part.name], part, tally)
    return [_row(d, wanted, found[d.name]) for d in designs]


def _parts(design: Design, sets: int) -> list[_Part]:
    put_in = {"effect": design.effect, "null": design.null}
    size = design.sets // _TURNS
    return [
        _Part(design.name, version, start, min(start + size, sets))
        for version in put_in
        if put_in[version] is not None
        for start in range(0, sets, size)
    ]


def _tallied(part: _Part, until: float) -> Tally | None:
    if time.monotonic() > until:
        return None
    design = _BY_NAME[part.name]
    return engine.tally(design, part.version, range(part.start, part.stop))


def _row(design: Design, wanted: list[_Part], found: dict[_Part, Tally]) -> Row:
    """Added up in one order, so that sums are the same whoever was first."""
    mine = [p for p in wanted if p in found and p.name == design.name]
    effect, null = (
        sum((found[p] for p in mine if p.version == v), Tally()) for v in ("effect", "null")
    )
    return Row(design, effect, null)


def _kept(design: Design) -> dict[_Part, Tally]:
    file = _file(design)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    pairs = [json.loads(line) for line in lines]
    return {_Part(**part): Tally(**tally) for part, tally in pairs}


def _keep(design: Design, part: _Part, tally: Tally) -> None:
    with _file(design).open("a", encoding="utf-8") as file:
        file.write(json.dumps([asdict(part), asdict(tally)]) + "\n")


def _file(design: Design) -> Path:
    """Where a result is kept: named by all code that it rests on, but for what is only said."""
    own = _code(Path(inspect.getfile(inspect.unwrap(design.run))))
    mark = hashlib.sha256(f"{_package()}{_code(Path(engine.__file__))}{own}".encode()).hexdigest()
    return KEPT / f"{design.name}-{engine.SEED}-{mark[:12]}.jsonl"


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
