"""All resources of all files, by type: decoded block by block, each kept as a few columns."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from carenotebook.ingest.fhir.bundles import as_line, localised, resources
from carenotebook.ingest.fhir.decoding import OTHER_TYPE, decode, why_not
from carenotebook.ingest.fhir.shapes import SHAPES
from carenotebook.ingest.fhir.sources import blocks
from carenotebook.ingest.fhir.tables import Broken

NO_TYPE = "has no resourceType"
_TYPE_FIRST = r'^\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"'
_CONTAINED = r'"reference"\s*:\s*"#'
_TYPE_NAME = re.compile("[A-Z][A-Za-z]{2,39}")
_ONLY_TYPE = pl.Struct({"resourceType": pl.String})

Reduce = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass
class Found:
    """What the files hold.

    Attributes
    ----------
    rows : dict of resource type to frames
        What a type's reducer kept of each block.
    broken : dict of resource type to lines
        Lines that are no such resource; those of no known type stand under the type of the first
        resource of their file.
    unread : Counter
        Resources of types that are not read.
    """

    rows: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    broken: dict[str, list[Broken]] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)

    def frame(self, resource: str) -> pl.DataFrame | None:
        """The rows of one type; None where there is no such resource."""
        found = self.rows.get(resource)
        return pl.concat(found, how="diagonal") if found else None


def read_resources(paths: Sequence[Path], reducers: Mapping[str, Reduce]) -> Found:
    """Read every file, and keep of each resource what the reducer of its type makes of it.

    A reducer takes file, line and the elements of `shapes.SHAPES`, a row a resource, and may leave
    rows out: those count as not read.
    """
    found = Found()
    for number, path in enumerate(paths):
        first, untyped = None, []
        for block in blocks(path):
            lines = block.with_columns(file=pl.lit(number, pl.Int64))
            for typed, bad in _typed_all(lines):
                untyped += bad
                first = first or _first_read(typed)
                _keep(typed, reducers, found)
        if untyped and first is not None:
            found.broken.setdefault(first, []).extend(untyped)
        elif untyped:
            found.unread[""] += len(untyped)
    return found


def _typed_all(lines: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, list[Broken]]]:
    """`_typed` of the lines, and of what the Bundles among them hold."""
    typed, bad = _typed(lines)
    is_bundle = pl.col("type") == "Bundle"
    yield typed.filter(~is_bundle), bad
    for line in typed.filter(is_bundle).iter_rows(named=True):
        inside = {name: line[name] for name in lines.columns} | {"text": _entries(line["text"])}
        yield _typed(pl.DataFrame(inside, schema=lines.schema))


def _entries(text: str) -> list[str]:
    try:
        return [as_line(r) for r in resources(json.loads(text))]
    except (ValueError, RecursionError):
        return [text]


def _typed(lines: pl.DataFrame) -> tuple[pl.DataFrame, list[Broken]]:
    """The lines with their `type`, and those that have none."""
    is_text = pl.col("reason").is_null()
    lines = lines.with_columns(type=pl.when(is_text).then(pl.col("text").str.extract(_TYPE_FIRST)))
    later = is_text & pl.col("type").is_null()
    if lines.select(later.any()).item():
        told = decode(lines.filter(later)["text"], _ONLY_TYPE).struct.field("resourceType")
        number = later.cum_sum() - 1
        lines = lines.with_columns(
            type=pl.when(later).then(pl.lit(told).gather(number)).otherwise("type")
        )
    bad = lines.filter(pl.col("type").is_null()).select("file", "line", "text", "reason")
    return lines.filter(pl.col("type").is_not_null()), [
        Broken(file, line, reason or _no_type(text), text)
        for file, line, text, reason in bad.iter_rows()
    ]


def _no_type(text: str) -> str:
    why = why_not(text)
    return NO_TYPE if why == OTHER_TYPE else why


def _first_read(typed: pl.DataFrame) -> str | None:
    read = typed.filter(pl.col("type").is_in(list(SHAPES)))
    return read["type"][0] if read.height else None


def _keep(typed: pl.DataFrame, reducers: Mapping[str, Reduce], found: Found) -> None:
    for (kind,), lines in typed.group_by("type", maintain_order=True):
        name = str(kind)
        if name not in reducers:
            found.unread[name if _TYPE_NAME.fullmatch(name) else ""] += lines.height
            continue
        left = lines
        for shape in SHAPES[name]:
            left = _decoded(name, left, shape, reducers[name], found)
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
    inside = texts.str.contains(_CONTAINED)
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
