"""Counts of a trigger, what they are worth at each threshold, and their bootstrap by client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.results.net_benefit import net_benefit, net_effect
from carenotebook.results.statistics import Z95

Floats = npt.NDArray[np.float64]
Benefit = tuple[float, float, float]

EVERYONE, NOBODY = "everyone", "nobody"
COUNTS = ("true_positives", "false_positives", "events", "looks")
CELLS = ("clients_true", "clients_false", "clients_missed", "clients_spared")


def worth(
    counts: Mapping[str, Floats], threshold: float, effect: Floats | float | None
) -> tuple[Floats, Floats]:
    """Net value and its share of the most that could be had.

    Parameters
    ----------
    counts : mapping
        `COUNTS`, each an array of one shape.
    threshold : float
        Actions accepted per extra re-engagement; without an effect, per client found.
    effect : float, array or None
        The share of those who stay away whom the action brings back.
    """
    found, needless, events, looked = (counts[c] for c in COUNTS)
    with np.errstate(divide="ignore", invalid="ignore"):
        if effect is None:
            net = net_benefit(found, needless, 1.0, 1 / threshold) / looked
            best = events / looked
        else:
            net = net_effect(found, found + needless, 1.0, 1 / threshold, effect) / looked
            best = (effect - 1 / threshold) * events / looked
        return net, np.where(best > 0, net / best, np.nan)


def sums_by_client(looked: pl.DataFrame, models: Mapping[str, pl.Series]) -> pl.DataFrame:
    """One row a client and model: `COUNTS`.

    Parameters
    ----------
    looked : polars.DataFrame
        client_id and `away` of each look that could be followed.
    models : mapping
        Whether each model lists each look.
    """
    tables = []
    for name, on_list in models.items():
        away, on = pl.col("away"), pl.col("on")
        tables.append(
            looked.select("client_id", "away", on=on_list)
            .group_by("client_id")
            .agg(
                true_positives=(away & on).sum().cast(pl.Float64),
                false_positives=(~away & on).sum().cast(pl.Float64),
                events=away.sum().cast(pl.Float64),
                looks=pl.len().cast(pl.Float64),
            )
            .sort("client_id")
            .with_columns(model=pl.lit(name))
        )
    return pl.concat(tables)


def totals(sums: pl.DataFrame, models: Sequence[str]) -> pl.DataFrame:
    """One row a model: `COUNTS`, clients, and how many clients have a look of each kind."""
    missed = pl.col("events") - pl.col("true_positives")
    spared = pl.col("looks") - pl.col("events") - pl.col("false_positives")
    kinds = (pl.col("true_positives"), pl.col("false_positives"), missed, spared)
    counted = sums.group_by("model").agg(
        *(pl.col(c).sum().cast(pl.Int64) for c in COUNTS),
        pl.len().cast(pl.Int64).alias("clients"),
        *(
            (kind > 0).sum().cast(pl.Int64).alias(name)
            for name, kind in zip(CELLS, kinds, strict=True)
        ),
    )
    every = pl.DataFrame({"model": models}, schema={"model": pl.String})
    return every.join(counted, on="model", how="left", maintain_order="left").fill_null(0)


def resampled(
    sums: pl.DataFrame, models: Sequence[str], draws: int, seed: int
) -> dict[str, dict[str, Floats]]:
    """For each model `COUNTS` of so many bootstrap samples of clients, the same for all models."""
    parts = [sums.filter(pl.col("model") == m).select(COUNTS).to_numpy() for m in models]
    columns = np.concatenate(parts, axis=1)
    many = len(columns)
    chance = np.random.default_rng(seed)
    drawn = np.zeros((draws, columns.shape[1]))
    for i in range(draws if many else 0):
        drawn[i] = np.bincount(chance.integers(0, many, many), minlength=many) @ columns
    width = len(COUNTS)
    return {
        name: {c: drawn[:, width * i + j] for j, c in enumerate(COUNTS)}
        for i, name in enumerate(models)
    }


def table(  # noqa: PLR0913, PLR0917 - what a table of net values rests on
    sums: pl.DataFrame,
    models: Sequence[str],
    thresholds: Sequence[float],
    benefit: Benefit | None,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """One row a model and threshold: net, estimate (standardised) with its interval, counts."""
    counted = totals(sums, models)
    drawn = resampled(sums, models, draws, seed)
    effect = None if benefit is None else benefit[0]
    effects = None if benefit is None else _drawn_effects(benefit, draws, seed)
    rows = []
    for row in counted.iter_rows(named=True):
        exact = {c: np.array(float(row[c])) for c in COUNTS}
        for threshold in thresholds:
            net, standard = worth(exact, threshold, effect)
            _, spread = worth(drawn[row["model"]], threshold, effects)
            known = spread[np.isfinite(spread)]
            ends = np.quantile(known, [0.025, 0.975]) if known.size else (None, None)
            rows.append(
                {
                    **row,
                    "threshold": threshold,
                    "net": float(net),
                    "estimate": float(standard),
                    "conf_low": ends[0] if np.isfinite(standard) else None,
                    "conf_high": ends[1] if np.isfinite(standard) else None,
                }
            )
    order = ["model", "threshold", "net", "estimate", "conf_low", "conf_high"]
    types = dict.fromkeys(order[1:], pl.Float64)
    frame = pl.DataFrame(rows, schema_overrides=types).with_columns(
        pl.col("net", "estimate").fill_nan(None)
    )
    return frame.select(*order, *COUNTS, "clients", *CELLS)


def _drawn_effects(benefit: Benefit, draws: int, seed: int) -> Floats:
    """Effects drawn from a normal distribution with the estimate's own interval."""
    estimate, low, high = benefit
    spread = (high - low) / (2 * Z95)
    drawn: Floats = np.random.default_rng([seed, 1]).normal(estimate, spread, draws)
    return np.clip(drawn, 0.0, 1.0)
