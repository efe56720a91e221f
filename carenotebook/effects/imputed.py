"""Missing scores drawn from a mixed model, shifted, and combined by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array
from carenotebook.effects.mixed import fitted, fixed_effects, outcome_of, tidied


def delta_adjusted(  # noqa: PLR0913, PLR0917 - a model, its shifts, and how it is drawn
    frame: pl.DataFrame,
    formula: str,
    client: str,
    deltas: Sequence[float],
    imputations: int,
    seed: int,
) -> pl.DataFrame:
    """The model's estimates with missing scores imputed, then shifted by each delta."""
    if imputations < 2:
        raise OptionError("delta_adjusted(imputations=) is 2 or more.")
    outcome, rng = outcome_of(formula), np.random.default_rng(seed)
    known = frame[outcome].fill_nan(None).is_not_null()
    fit = fitted(frame.filter(known), formula, client, "mixed")
    drawn = [_drawn(frame, formula, outcome, client, fit, rng) for _ in range(imputations)]
    tables = []
    for delta in deltas:
        fits = [_refitted(frame, formula, client, outcome, values, delta) for values in drawn]
        tables.append(_combined(fits).with_columns(delta=pl.lit(float(delta))))
    return pl.concat(tables).select("delta", pl.exclude("delta"))


def _drawn(  # noqa: PLR0913, PLR0917
    frame: pl.DataFrame, formula: str, outcome: str, client: str, fit: Any, rng: Any
) -> Array:
    """Scores, with the missing ones drawn given the client's others."""
    count = len(fit.fe_params)
    covariance = np.asarray(fit.cov_params())[:count, :count]
    beta = rng.multivariate_normal(np.asarray(fit.fe_params), covariance)
    mean = fixed_effects(frame, formula, outcome) @ beta
    scores = frame[outcome].fill_nan(None).cast(pl.Float64)
    groups = frame[client].rank("dense").cast(pl.Int64).to_numpy() - 1
    between, within = float(np.asarray(fit.cov_re)[0, 0]), float(fit.scale)
    seen = scores.is_not_null().to_numpy()
    residual = np.where(seen, scores.fill_null(0.0).to_numpy() - mean, 0.0)
    number = np.bincount(groups, weights=seen)
    shrink = between / (number * between + within)
    intercept = shrink * np.bincount(groups, weights=residual)
    spread = np.sqrt(between * within / (number * between + within))
    own = intercept + spread * rng.standard_normal(len(number))
    drawn = mean + own[groups] + np.sqrt(within) * rng.standard_normal(len(mean))
    return np.where(seen, scores.fill_null(0.0).to_numpy(), drawn)


def _refitted(  # noqa: PLR0913, PLR0917
    frame: pl.DataFrame, formula: str, client: str, outcome: str, values: Array, delta: float
) -> pl.DataFrame:
    missing = frame[outcome].fill_nan(None).is_null().to_numpy()
    whole = frame.with_columns(pl.Series(outcome, values + delta * missing))
    return tidied(fitted(whole, formula, client, "mixed"), "mixed")


def _combined(fits: Sequence[pl.DataFrame]) -> pl.DataFrame:
    from scipy.stats import t

    estimates = np.array([f["estimate"].to_numpy() for f in fits])
    within = np.array([f["std_error"].to_numpy() ** 2 for f in fits]).mean(0)
    m, mean, between = len(fits), estimates.mean(0), estimates.var(0, ddof=1)
    total = within + (1 + 1 / m) * between
    with np.errstate(divide="ignore"):
        df = (m - 1) * (total / ((1 + 1 / m) * between)) ** 2
    error, quantile = np.sqrt(total), t.ppf(0.975, df)
    return pl.DataFrame(
        {
            "term": fits[0]["term"],
            "estimate": mean,
            "std_error": error,
            "conf_low": mean - quantile * error,
            "conf_high": mean + quantile * error,
            "p_value": 2 * t.sf(np.abs(mean / error), df),
        }
    )
