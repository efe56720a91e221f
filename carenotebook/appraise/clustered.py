"""Figures of one group's rows, each with the wider of its intervals by client and by therapist.

`rows` hold client_id, `value` and the further columns of `clusters` (how rows may be alike).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from carenotebook.criteria.incidence import endings
from carenotebook.results.proportions import figures, proportions
from carenotebook.results.statistics import Z95, cumulative_incidence, quantile_95, wilson

CLIENT, THERAPIST = "client_id", "_therapist"
CLUSTERS, CLUSTERED_BY = "clusters", "interval_by"
NAMES = {CLIENT: "client", THERAPIST: "therapist"}

Row = dict[str, Any]


def share(rows: pl.DataFrame, clusters: Sequence[str]) -> Row:
    """A share, with Wilson's interval at the effective sample size."""
    found = proportions(rows, "value")
    count, effect = found["clients"][0], found["design_effect"][0]
    name = CLIENT
    varied = 0 < found["numerator"][0] < found["denominator"][0]
    for cluster in clusters[1:] if varied else ():
        theirs = proportions(rows, "value", client=cluster)
        if theirs["design_effect"][0] > effect:
            effect, count, name = theirs["design_effect"][0], theirs["clients"][0], cluster
    wider = found.with_columns(
        pl.lit(effect).alias("design_effect"), pl.lit(count, pl.Int64).alias(CLUSTERS)
    )
    return {**figures(wider, CLUSTERS).row(0, named=True), CLUSTERED_BY: NAMES[name]}


def mean(rows: pl.DataFrame, clusters: Sequence[str]) -> Row:
    """A mean of what cannot be negative, with a linearised standard error and Student's t.

    Where every value is the same, nothing tells how far they may vary, so there is no interval.
    """
    value = rows["value"].cast(pl.Float64)
    told = _counts(rows, value > 0)
    if rows.is_empty():
        return told
    middle = float(np.mean(value.to_numpy()))
    reach, error, many, name = max(
        (_mean_error(rows[c], value - middle, c) for c in clusters), key=lambda w: w[0] * w[1]
    )
    row = {**told, "estimate": middle, CLUSTERS: many, CLUSTERED_BY: NAMES[name]}
    if many < 2 or value.n_unique() == 1:
        return row
    low, high = max(middle - reach * error, 0.0), middle + reach * error
    return {**row, "std_error": error, "conf_low": low, "conf_high": high}


def median(rows: pl.DataFrame, clusters: Sequence[str]) -> Row:
    """A median, with Woodruff's interval: the quantiles at the bounds of the share below it."""
    value = rows["value"]
    told = _counts(rows, pl.Series([True] * rows.height, dtype=pl.Boolean))
    if rows.is_empty():
        return told
    middle = value.quantile(0.5, "linear")
    below = rows.select(*clusters, value=value <= middle)
    effect, many, name = max(
        (p["design_effect"][0], p["clients"][0], c)
        for c in clusters
        for p in (proportions(below, "value", client=c),)
    )
    half = np.array([rows.height / (2 * effect)])
    ends = wilson(half, 2 * half, _reach(many) if effect > 1 else Z95)
    low, high = (float(value.quantile(float(p[0]), "linear") or 0.0) for p in ends)
    return {
        **told,
        "estimate": middle,
        "std_error": (high - low) / (2 * Z95),
        "conf_low": low,
        "conf_high": high,
        "design_effect": effect,
        CLUSTERS: many,
        CLUSTERED_BY: NAMES[name],
    }


def incidence(rows: pl.DataFrame, clusters: Sequence[str], as_of: datetime, by_then: int) -> Row:
    """Cumulative incidence of the first flag at a time, other ends of care competing.

    `rows` have the columns of `Replay.episodes`; `by_then` is in microseconds.
    """
    found, at = endings(rows, as_of), np.array([by_then])
    hit = (found["cause"] == 1) & (found["lasting"] <= by_then)
    told = {**_counts(rows, hit), "numerator": int(hit.sum())}
    if rows.is_empty():
        return told
    lasting, cause = (found[c].to_numpy() for c in ("lasting", "cause"))
    ways: list[Row] = []
    for cluster in clusters:
        number = rows[cluster].rank("dense").fill_null(0).cast(pl.Int64)
        many = number.n_unique()
        z = Z95 if cluster == CLIENT else _reach(many)
        curve = cumulative_incidence(lasting, cause, number.to_numpy(), at, z)
        width = {n: float(getattr(curve, n)[0]) for n in ("std_error", "conf_low", "conf_high")}
        ways.append({**width, CLUSTERS: many, CLUSTERED_BY: NAMES[cluster]})
    widest = max(ways, key=lambda w: w["conf_high"] - w["conf_low"])
    return {**told, "estimate": float(curve.estimate[0]), **widest}


def _counts(rows: pl.DataFrame, hit: pl.Series) -> Row:
    client = rows[CLIENT]
    return {
        "denominator": rows.height,
        "clients": client.n_unique(),
        "clients_with": client.filter(hit).n_unique(),
        "clients_without": client.filter(~hit).n_unique(),
    }


def _mean_error(ids: pl.Series, apart: pl.Series, name: str) -> tuple[float, float, int, str]:
    """How many standard errors the interval reaches, the standard error, and clusters."""
    sums = (
        pl.DataFrame({"of": ids, "apart": apart})
        .group_by("of", maintain_order=True)
        .agg(pl.col("apart").sum())
    )
    many = sums.height
    if many < 2:
        return 0.0, 0.0, many, name
    squares = float((sums["apart"] ** 2).sum())
    return _reach(many), (squares * many / (many - 1)) ** 0.5 / len(apart), many, name


def _reach(clusters: int) -> float:
    return float(quantile_95(np.array([True]), np.array([clusters - 1.0]))[0])
