"""All resources of all files, by type: decoded block by block, each kept as a few columns."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from carenotebook.ingest.fhir.bundles import as_line, localised, resources
from carenotebook.ingest.fhir.decoding import OTHER_TYPE, decode, why_not
from carenotebook.ingest.fhir.shapes import SHAPES
from carenotebook.ingest.fhir.sources import blocks
from carenotebook.ingest.fhir.tables import Broken

NO_TYPE = "has no resourceType"

_TYPE_FIRST = r'^\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"'
_TYPE_NAME = re.compile("[A-Z][A-Za-z]{2,39}")
_MOST_WORKERS = 4
"""Each holds a block and what it is decoded to: some ten times the block."""
_ENOUGH = 4 * 2**20
"""Bytes that are worth a call: small files are gathered up to this."""
_ONLY_TYPE = pl.Struct({"resourceType": pl.String})

Reduce = Callable[[pl.DataFrame], pl.DataFrame]
Reducers = Mapping[str, Reduce]


@dataclass
class Found:
    """What files, or one block of a file, hold.

    Attributes
    ----------
    rows : dict of resource type to frames
        What a type's reducer kept of each block.
    broken : dict of resource type to lines
        Lines that are no such resource.
    untyped : list of lines
        Lines that are none of any type.
    first : dict of file to resource type
        The first resource of each file that is read.
    unread : Counter
        Resources of types that are not read.
    """

    rows: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    broken: dict[str, list[Broken]] = field(default_factory=dict)
    untyped: list[Broken] = field(default_factory=list)
    first: dict[int, str] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)

    def add(self, more: Found) -> None:
        """Put what a later block holds behind this."""
        for kind, frames in more.rows.items():
            self.rows.setdefault(kind, []).extend(frames)
        for kind, lines in more.broken.items():
            self.broken.setdefault(kind, []).extend(lines)
        self.untyped += more.untyped
        self.first = more.first | self.first
        self.unread += more.unread

    def settle(self) -> None:
        """Count lines of no type with their file's first resource that is read, if there is one."""
        for line in self.untyped:
            first = self.first.get(line.file)
            if first is None:
                self.unread[""] += 1
            else:
                self.broken.setdefault(first, []).append(line)
        self.untyped = []


def read_resources(paths: Sequence[Path], reducers: Reducers) -> Found:
    """Read every file, and keep of each resource what the reducer of its type makes of it.

    A reducer takes file, line and the elements of `shapes.SHAPES`, a row a resource. If it leaves
    rows out, those count as not read. Blocks are read side by side, a few at a time.
    """
    found = Found()
    for block in _side_by_side(partial(_read, reducers=reducers), _gathered(paths)):
        found.add(block)
    found.settle()
    return found


def _gathered(paths: Sequence[Path]) -> Iterator[pl.DataFrame]:
    """The blocks of all files with the number of their file, those of small files together."""
    held: list[pl.DataFrame] = []
    size = 0
    for number, path in enumerate(paths):
        for block in blocks(path):
            held.append(block.with_columns(file=pl.lit(number, pl.Int64)))
            size += int(block["text"].str.len_bytes().sum())
            if size >= _ENOUGH:
                yield pl.concat(held, rechunk=True)
                held, size = [], 0
    if held:
        yield pl.concat(held, rechunk=True)


def _side_by_side(
    work: Callable[[pl.DataFrame], Found], given: Iterable[pl.DataFrame]
) -> Iterator[Found]:
    """The results in order; no more than a few blocks are held at once."""
    workers = min(pl.thread_pool_size(), _MOST_WORKERS)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Found]] = deque()
        for block in given:
            waiting.append(pool.submit(work, block))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _read(lines: pl.DataFrame, reducers: Reducers) -> Found:
    found = Found()
    typed = _typed(lines, found)
    is_bundle = pl.col("type") == "Bundle"
    _keep(typed.filter(~is_bundle), reducers, found)
    bundles = typed.filter(is_bundle).select(lines.columns)
    if bundles.height:
        inside = bundles.with_columns(
            text=pl.Series([_entries(t) for t in bundles["text"]], dtype=pl.List(pl.String))
        )
        _keep(_typed(inside.explode("text"), found), reducers, found)
    return found


def _entries(text: str) -> list[str]:
    try:
        return [as_line(r) for r in resources(json.loads(text))]
    except (ValueError, RecursionError):
        return [text]


def _typed(lines: pl.DataFrame, found: Found) -> pl.DataFrame:
    """The lines with their `type`; those that have none are put aside."""
    is_text = pl.col("reason").is_null()
    lines = lines.with_columns(type=pl.when(is_text).then(pl.col("text").str.extract(_TYPE_FIRST)))
    later = is_text & pl.col("type").is_null()
    if lines.select(later.any()).item():
        told = decode(lines.filter(later)["text"], _ONLY_TYPE).struct.field("resourceType")
        nth = (later.cast(pl.Int64).cum_sum() - 1).clip(0)
        lines = lines.with_columns(
            type=pl.when(later).then(pl.lit(told).gather(nth)).otherwise("type")
        )
    bad = lines.filter(pl.col("type").is_null()).select("file", "line", "text", "reason")
    found.untyped += [
        Broken(file, line, reason or _no_type(text), text)
        for file, line, text, reason in bad.iter_rows()
    ]
    read = lines.filter(pl.col("type").is_in(list(SHAPES))).unique("file", keep="first")
    found.first = dict(read.select("file", "type").iter_rows()) | found.first
    return lines.filter(pl.col("type").is_not_null())


def _no_type(text: str) -> str:
    why = why_not(text)
    return NO_TYPE if why == OTHER_TYPE else why


def _keep(typed: pl.DataFrame, reducers: Reducers, found: Found) -> None:
    for (kind,), lines in typed.group_by("type", maintain_order=True):
        name = str(kind)
        if name not in reducers:
            found.unread[name if _TYPE_NAME.fullmatch(name) else ""] += lines.height
            continue
        left = lines
        for shape in SHAPES[name]:
            left = _decoded(name, left, shape, reducers[name], found)
        if left.height:
            found.broken.setdefault(name, []).extend(
                Broken(file, line, why_not(text), text)
                for file, line, text in left.select("file", "line", "text").iter_rows()
            )


def _decoded(
    name: str, lines: pl.DataFrame, shape: pl.Struct, reduce: Reduce, found: Found
) -> pl.DataFrame:
    """Keep the lines that have the shape; the others are returned."""
    if lines.is_empty():
        return lines
    texts = lines["text"]
    inside = texts.str.contains('"contained"', literal=True)
    if inside.any():
        made = [localised(t) if i else t for t, i in zip(texts, inside, strict=True)]
        texts = pl.Series("text", made)
    held = decode(texts, shape)
    good = held.is_not_null()
    read = lines.select("file", "line").filter(good).hstack(held.filter(good).struct.unnest())
    kept = reduce(read)
    if kept.height:
        found.rows.setdefault(name, []).append(kept)
    if kept.height < read.height:
        found.unread[f"{name} of other codes"] += read.height - kept.height
    return lines.filter(~good)
