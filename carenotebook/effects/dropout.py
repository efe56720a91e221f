"""Who stops having scores, when, and whether earlier scores foretell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import design
from carenotebook.effects.logistic import fit_logistic
from carenotebook.results.words import p_value

TRUNCATED = (0.001, 0.999)
"""Weights beyond these quantiles are set to them (Cole & Hernan 2008); cutting more biases more."""

_LEVEL = 0.05
_CALLER = "repeated_measures(visit=)"


@dataclass(frozen=True)
class Leaving:
    """How stopping depends on what was seen.

    Attributes
    ----------
    p_value : float or None
        That stopping does not depend on the last score; None where nobody stops.
    coefficient : float or None
        Log odds of stopping for one point more of the last score.
    kept : polars.DataFrame
        The client and visit columns, and each row's weight.
    told : bool
        Whether the model of stopping could be fitted.
    """

    p_value: float | None
    coefficient: float | None
    kept: pl.DataFrame
    told: bool = True

    @property
    def depends(self) -> bool:
        """Whether an earlier score foretells stopping."""
        return self.p_value is not None and self.p_value < _LEVEL

    @property
    def said(self) -> str:
        """The finding in words."""
        if not self.told:
            return (
                "whether the last score foretells stopping cannot be told: it, or a covariate, "
                "settles who stops, or follows from the others"
            )
        if self.p_value is None or self.coefficient is None:
            return "nobody who was due stops having scores"
        way = "more" if self.coefficient > 0 else "less"
        return f"a higher last score goes with stopping {way} often, {p_value(self.p_value)}"

    def weights(self, frame: pl.DataFrame) -> pl.Series:
        """The weight of each row."""
        keys = self.kept.columns[:2]
        joined = frame.select(keys).join(self.kept, on=keys, how="left", maintain_order="left")
        return joined["weight"].fill_null(1.0)


def patterns(frame: pl.DataFrame, outcome: str, client: str, visit: str) -> pl.DataFrame:
    """Clients by the last occasion with a score."""
    seen = frame.sort(client, visit).with_columns(_y=pl.col(outcome).fill_nan(None))
    has = pl.col("_y").is_not_null()
    each = seen.group_by(client).agg(
        last_visit=pl.col(visit).filter(has).last(),
        first=pl.col("_y").drop_nulls().first(),
        last=pl.col("_y").drop_nulls().last(),
    )
    table = each.group_by("last_visit").agg(
        clients=pl.len(), first_score=pl.col("first").mean(), last_score=pl.col("last").mean()
    )
    return table.sort("last_visit", nulls_last=False).select(
        "last_visit",
        "clients",
        (pl.col("clients") / each.height).alias("share"),
        "first_score",
        "last_score",
    )


def model(
    frame: pl.DataFrame, outcome: str, client: str, visit: str, covariates: Sequence[str]
) -> Leaving:
    """A pooled logistic model of stopping at each occasion that was due, given the last score.

    Stopping is for good: a gap with scores after it is none. Weights are stabilised by the share
    that goes on at each occasion, and truncated.
    """
    from scipy.stats import norm

    at_risk = _person_occasions(frame, outcome, client, visit)
    stops = at_risk["stops"].to_numpy().astype(np.float64)
    uniform = at_risk.select(client, visit, weight=pl.lit(1.0))
    if not stops.any() or stops.all():
        return Leaving(None, None, uniform)
    varied = [c for c in covariates if c != visit and at_risk[c].n_unique() > 1]
    also = [visit] if at_risk.schema[visit].is_numeric() and at_risk[visit].n_unique() > 1 else []
    try:
        matrix, names = design(at_risk, ["last_score", *also, *varied], _CALLER)
        fit = fit_logistic(stops, matrix, names, _CALLER)
    except OptionError:
        return Leaving(None, None, uniform, told=False)
    error = np.sqrt(np.linalg.inv(fit.information)[1, 1])
    p = float(2 * norm.sf(abs(fit.params[1]) / error))
    goes_on = at_risk.with_columns(_stay=1 - pl.Series(fit.chance))
    stabilised = pl.col("stops").mean().over(visit)
    ratio = (1 - stabilised) / pl.col("_stay")
    kept = goes_on.with_columns(weight=ratio.cum_prod().over(client, order_by=visit))
    low, high = (float(kept["weight"].quantile(q) or 1.0) for q in TRUNCATED)
    weights = kept.select(client, visit, pl.col("weight").clip(low, high))
    return Leaving(p, float(fit.params[1]), weights)


def _person_occasions(frame: pl.DataFrame, outcome: str, client: str, visit: str) -> pl.DataFrame:
    """Occasions after a client's first score, up to the one at which scores stop."""
    y = pl.col(outcome).fill_nan(None)
    ordered = frame.sort(client, visit).with_columns(_y=y)
    has = pl.col("_y").is_not_null()
    return (
        ordered.with_columns(
            last_score=pl.col("_y").forward_fill().shift(1).over(client, order_by=visit),
            _last=pl.col(visit).filter(has).max().over(client),
        )
        .with_columns(stops=pl.col(visit) > pl.col("_last"))
        .filter(pl.col("last_score").is_not_null())
        .filter(~pl.col("stops").shift(1, fill_value=False).over(client, order_by=visit))
    )
