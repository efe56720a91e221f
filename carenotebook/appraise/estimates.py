"""From the units of a measure to one row a group."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import combinations

import polars as pl

from carenotebook.appraise import clustered
from carenotebook.appraise.clustered import CLUSTERED_BY, CLUSTERS
from carenotebook.appraise.evidence import KEY
from carenotebook.appraise.measures import Measure
from carenotebook.core.durations import duration_us
from carenotebook.describe.groups import MISSING

PER = "_per"
"""Internal column: the estimate is for so many units."""

COUNTS = ("numerator", "denominator", "clients", "clients_with", "clients_without")
FIGURES = ("estimate", "std_error", "conf_low", "conf_high")
COUNTED: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys((*COUNTS, "left_out", "left_out_clients"), pl.Int64),
    **dict.fromkeys((*FIGURES, "design_effect"), pl.Float64),
    CLUSTERS: pl.Int64,
    CLUSTERED_BY: pl.String,
}
EVERYONE = "everyone"


@dataclass(frozen=True)
class Groups:
    """The seen episodes and the groups that they are in.

    Attributes
    ----------
    frame : polars.DataFrame
        The columns of `Replay.episodes`, those of `by` as text, and those of `clusters`.
    by : tuple of str
        Columns that name groups.
    clusters : tuple of str
        client_id, and `THERAPIST` where an interval may be by therapist.
    as_of : datetime
    by_then : int
        When the flag rate is read, in microseconds since an episode is first seen.
    """

    frame: pl.DataFrame
    by: tuple[str, ...]
    clusters: tuple[str, ...]
    as_of: datetime
    by_then: int

    @property
    def splits(self) -> list[tuple[str, ...]]:
        """Nobody split off, then by each column, then by each combination of them."""
        sizes = range(len(self.by) + 1)
        return [chosen for n in sizes for chosen in combinations(self.by, n)]

    @property
    def weeks(self) -> float:
        """How long anything is seen; not a number where nothing is."""
        seen = pl.col("seen_until").max() - pl.col("seen_from").min()
        (length,) = self.frame.select(seen.dt.total_microseconds()).row(0)
        return math.nan if length is None else float(length) / duration_us("1w")

    def reference(self, split: tuple[str, ...]) -> str | None:
        """The label of the largest group that is no missing one; None where there is none."""
        if not split:
            return None
        known = [g for g in _by_size(self.frame, split) if MISSING not in g]
        return label(known[0]) if known else None


def split_name(split: tuple[str, ...]) -> str:
    """What groups are split by, in words."""
    return " by ".join(split) or EVERYONE


def label(values: Iterable[object]) -> str:
    """What a group is called."""
    return ", ".join(map(str, values)) or EVERYONE


def estimated(measure: Measure, units: pl.DataFrame, groups: Groups) -> pl.DataFrame:
    """One row a split and group that has an episode: split, group, the `by`, `COUNTED`, `PER`."""
    added = [c for c in (*groups.by, *groups.clusters) if c != KEY[0]]
    known = groups.frame.select(*KEY, *added)
    if measure.kind == "incidence":
        mine = groups.frame.with_columns(value=pl.lit(value=True))
    else:
        # In one order, so that sums come out alike wherever the units were gathered.
        mine = units.select(*KEY, "value").join(known, on=KEY).sort(*KEY, "value")
    rows = []
    for split in groups.splits:
        parts = _parts(mine, split)
        every = _by_size(known, split)
        for values in every:
            row = _row(measure, parts.get(values, mine.clear()), groups)
            named = dict(zip(split, values, strict=True))
            rows.append({"split": split_name(split), **named, "group": label(values), **row})
    types: dict[str, pl.DataType | type[pl.DataType]] = {
        **dict.fromkeys(("split", "group", *groups.by), pl.String),
        **COUNTED,
    }
    return pl.DataFrame(rows, schema={**types, PER: pl.Float64})


def _parts(frame: pl.DataFrame, split: tuple[str, ...]) -> dict[tuple[object, ...], pl.DataFrame]:
    return dict(frame.group_by(split)) if split else {(): frame}


def _by_size(frame: pl.DataFrame, split: tuple[str, ...]) -> list[tuple[object, ...]]:
    """The groups of a split, largest first."""
    if not split:
        return [()]
    sizes = frame.group_by(split).agg(pl.len())
    order = [True, *[False] * len(split)]
    return sizes.sort("len", *split, descending=order).select(split).rows()


def _row(measure: Measure, units: pl.DataFrame, groups: Groups) -> dict[str, object]:
    ways: dict[str, Callable[..., clustered.Row]] = {
        "share": clustered.share,
        "mean": clustered.mean,
        "median": clustered.median,
        "incidence": partial(clustered.incidence, as_of=groups.as_of, by_then=groups.by_then),
    }
    lost = units.filter(pl.col("value").is_null())
    row = ways[measure.kind](units.drop_nulls("value"), groups.clusters)
    per = row["denominator"] / groups.weeks if measure.per is None else measure.per
    scaled = {f: row[f] * per for f in FIGURES if row.get(f) is not None}
    left = {"left_out": lost.height, "left_out_clients": lost[KEY[0]].n_unique()}
    return {**row, **scaled, **left, PER: per}
