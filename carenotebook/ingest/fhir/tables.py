"""What every kind of row has, and how rows of one kind become a `RawTable`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.ingest.quarantine import REPEATED, RawTable

PLACE = ("file", "line", "id")
ENTERED_IN_ERROR = "was entered in error"
AGAIN = "is given again, the same"


@dataclass(frozen=True)
class Broken:
    """A line that is no resource: where, why, and its text."""

    file: int
    line: int
    reason: str
    text: str


def raw_table(rows: pl.DataFrame, broken: Sequence[Broken], names: Sequence[str]) -> RawTable:
    """Rows and broken lines in the order of their files and lines.

    `problem` says why a row cannot be used; what it says is kept in its raw text alone, so that it
    has no part in what is looked for among the others, such as repeated keys.
    """
    lines = pl.DataFrame(
        {
            "file": [b.file for b in broken],
            "line": [b.line for b in broken],
            "problem": [b.reason for b in broken],
            "text": [b.text for b in broken],
        },
        schema={"file": pl.Int64, "line": pl.Int64, "problem": pl.String, "text": pl.String},
    )
    every = pl.concat([rows, lines], how="diagonal")
    every = every.sort("file", "line", maintain_order=True)
    files = (
        every["file"]
        .cast(pl.String)
        .replace_strict({str(i): n for i, n in enumerate(names)}, return_dtype=pl.Enum(list(names)))
    )
    frame = every.drop("problem", "text", "id").with_columns(file=files)
    kept = pl.when(every["problem"].is_null()).then(pl.exclude("file", "line"))
    return RawTable(frame.with_columns(kept), typed=False, broken=_aside(every, frame))


def _aside(every: pl.DataFrame, frame: pl.DataFrame) -> dict[int, tuple[str, str]]:
    """Row to its problem and raw text: the line as it stands, or what was read of it."""
    rows = every["problem"].is_not_null().arg_true()
    told = zip(rows, *every[rows].select("problem", "text"), frame[rows].to_dicts(), strict=True)
    return {i: (problem, text or json.dumps(row)) for i, problem, text, row in told}


def once(rows: pl.DataFrame) -> pl.DataFrame:
    """With a problem for each row whose resource is there more than once.

    Pages of a search and exports that overlap hold a resource twice: all but the first that say the
    same are set aside. Where resources of one id differ, nothing says which is right, and all are.
    """
    key = "appointment_id" if "appointment_id" in rows.columns else "id"
    usable = pl.col(key).is_not_null() & pl.col("problem").is_null()
    twice = rows.with_row_index("i").filter(usable).filter(pl.col(key).is_duplicated())
    if twice.is_empty():
        return rows
    told = twice.select(
        "i",
        again=pl.struct(pl.exclude("i", "file", "line", "problem")).is_first_distinct().not_(),
        differ=pl.struct(pl.exclude("i", "file", "line", "problem")).n_unique().over(key) > 1,
    )
    why = pl.when("differ").then(pl.lit(REPEATED)).when("again").then(pl.lit(AGAIN))
    reasons = told.select("i", twice=why)
    joined = rows.with_row_index("i").join(reasons, on="i", how="left", maintain_order="left")
    return joined.with_columns(problem=pl.coalesce("problem", "twice")).drop("i", "twice")
