"""Propensity weights, and what they do to the groups: balance and overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

Weighting = Literal["iptw", "overlap"]
WEIGHTINGS: tuple[Weighting, ...] = ("iptw", "overlap")

BALANCED = 0.1
"""Standardised differences up to this count as balance (Austin 2009)."""

LARGEST_WEIGHT = 100.0
"""A stabilised weight beyond this says that hardly anyone like that was in the group."""

LARGEST_SHARE = 0.25
LEAST_EFFECTIVE = 0.1
_RANGE = (0.05, 0.95)


@dataclass(frozen=True)
class Weights:
    """A weight a row, and how it came about.

    Attributes
    ----------
    values : array of shape (rows,)
        Stabilised, truncated.
    slope : array of shape (rows,)
        Their derivative by the linear predictor of the propensity; 0 where they were truncated.
    truncated : int
        How many were set to a limit.
    largest : float
        Before truncation.
    """

    values: Array
    slope: Array
    truncated: int
    largest: float


def propensity_weights(
    treated: npt.NDArray[np.bool_], chance: Array, method: Weighting, truncate: float
) -> Weights:
    """Weights that make groups alike in what the propensity rests on.

    Parameters
    ----------
    treated : array of bool, shape (rows,)
    chance : array of shape (rows,)
        Of being treated.
    method : {"iptw", "overlap"}
        Inverse probability of the treatment received, stabilised by its share; or the probability
        of the other treatment (Li, Morgan & Zaslavsky 2018).
    truncate : float
        For "iptw": weights beyond this quantile, and below its mirror image, are set to it.
    """
    if method == "overlap":
        values = np.where(treated, 1 - chance, chance)
        slope = np.where(treated, -1.0, 1.0) * chance * (1 - chance)
        return Weights(values, slope, 0, float(values.max()))
    share = treated.mean()
    whole = np.where(treated, share / chance, (1 - share) / (1 - chance))
    slope = np.where(treated, -whole * (1 - chance), whole * chance)
    low, high = np.quantile(whole, [truncate, 1 - truncate]) if truncate else (0.0, np.inf)
    beyond = (whole < low) | (whole > high)
    return Weights(
        values=np.clip(whole, low, high),
        slope=np.where(beyond, 0.0, slope),
        truncated=int(beyond.sum()),
        largest=float(whole.max()),
    )


def effective_size(weights: Array) -> float:
    """How many rows of equal weight would tell as much (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def check_weights(treated: npt.NDArray[np.bool_], weights: Weights, caller: str) -> None:
    """Refuse weights that let a few rows stand for a group.

    Raises
    ------
    OptionError
    """
    shares = [weights.values[g] / weights.values[g].sum() for g in (treated, ~treated)]
    heavy = max(float(s.max()) for s in shares if len(s))
    thin = min(effective_size(s) / len(s) for s in shares if len(s))
    if weights.largest > LARGEST_WEIGHT or heavy > LARGEST_SHARE or thin < LEAST_EFFECTIVE:
        raise OptionError(
            f"{caller}: the weights explode (largest {weights.largest:,.0f} before truncation; one "
            f"row holds up to {heavy:.0%} of its group; the effective size of a group falls to "
            f"{thin:.0%}): hardly anyone with some covariates was in one of the groups. Keep only "
            'those who could be in either, adjust for less, or use method="overlap" or truncate=.'
        )


def balance_table(
    treated: npt.NDArray[np.bool_], matrix: Array, names: list[str], weights: Array
) -> pl.DataFrame:
    """Standardised mean differences before and after weighting.

    Returns
    -------
    polars.DataFrame
        covariate, before, after (in standard deviations pooled over the unweighted groups),
        balanced (at most 0.1 after).

    Notes
    -----
    Austin 2009, Stat Med 28:3083.
    """
    groups = [matrix[treated], matrix[~treated]]
    spread = np.sqrt(sum(g.var(0, ddof=1) for g in groups) / 2)
    means = [g.mean(0) for g in groups]
    weighted = [
        np.average(matrix[g], axis=0, weights=weights[g]) if len(names) else np.empty(0)
        for g in (treated, ~treated)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = (np.asarray((a - b) / spread) for a, b in (means, weighted))
    frame = pl.DataFrame(
        {"covariate": names, "before": before, "after": after},
        schema={"covariate": pl.String, "before": pl.Float64, "after": pl.Float64},
    )
    return frame.with_columns(balanced=pl.col("after").abs() <= BALANCED)


def overlap_table(treated: npt.NDArray[np.bool_], chance: Array, weights: Array) -> pl.DataFrame:
    """How far the groups' propensities reach, and what the weights leave of their size.

    Returns
    -------
    polars.DataFrame
        group ("treated", "untreated"), rows, effective (size), propensity_low, propensity_high
        (5th and 95th percentile), outside (share beyond the range of the other group).
    """
    rows = []
    for name, mine in (("treated", treated), ("untreated", ~treated)):
        own, other = chance[mine], chance[~mine]
        low, high = np.quantile(own, _RANGE)
        rows.append(
            {
                "group": name,
                "rows": int(mine.sum()),
                "effective": effective_size(weights[mine]),
                "propensity_low": float(low),
                "propensity_high": float(high),
                "outside": float(((own < other.min()) | (own > other.max())).mean()),
            }
        )
    return pl.DataFrame(rows)
