"""Two groups made alike by weights: the mean difference that then remains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.core.plain import is_number
from carenotebook.effects.clusters import Clusters, Codes, clusters_of, names_of
from carenotebook.effects.frames import (
    Array,
    check_roles,
    complete,
    design,
    numbers,
    said_missing,
    taken,
    varying,
)
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.logistic import Logistic, as_flags, fit_logistic
from carenotebook.effects.propensity import (
    BALANCED,
    WEIGHTINGS,
    Weighting,
    Weights,
    balance_table,
    check_weights,
    overlap_table,
    propensity_weights,
)
from carenotebook.results.estimate import Assumption, Basis, Estimate

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "weighted_effect()"
LEAST_GROUP = 10
_FOR_WHOM = {
    "iptw": "were everyone like these rows treated, against nobody",
    "overlap": "among those who could well have been in either group (overlap population)",
}


@dataclass(frozen=True, repr=False, eq=False)
class WeightedEffect(Estimate):
    """What `weighted_effect` returns.

    Attributes
    ----------
    balance : polars.DataFrame
        covariate, before, after (standardised mean differences), balanced (at most 0.1 after).
    overlap : polars.DataFrame
        group, rows, effective, propensity_low, propensity_high, outside.
    """

    balance: pl.DataFrame
    overlap: pl.DataFrame


def weighted_effect(  # noqa: PLR0913 - what is compared, and how it is weighed
    frame: Frame,
    outcome: str,
    treatment: str,
    adjust: Sequence[str],
    method: Weighting = "iptw",
    *,
    truncate: float = 0.0,
    cluster: str | Sequence[str] | None = None,
) -> WeightedEffect:
    """The mean difference between treated and untreated, weighted to be alike at the start.

    For a comparison that nobody randomised, where what decided who was treated was recorded
    before. Not for covariates that treatment can change, nor where something unrecorded decided
    (see `e_value`).

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person or episode.
    outcome : str
        Column of numbers, or of 0 and 1 (the estimate is then a difference of risks).
    treatment : str
        Column of 0 and 1, or booleans.
    adjust : sequence of str
        Columns known before treatment: numbers enter linearly, text as categories.
    method : {"iptw", "overlap"}
        "iptw": stabilised inverse probability weights, the average effect in all. "overlap": the
        average effect in those of whom either treatment was likely; safer where groups differ much.
    truncate : float
        For "iptw": the share of weights at each end that are set to the limit. By default none,
        as in the method's papers; where a few weights are large 0.01 is usual, at some bias.
    cluster : str or sequence of str, optional
        Column of therapists, sites or clients whose rows go together, or two that cross;
        `client_id` also tells the privacy gate how many clients there are.

    Returns
    -------
    WeightedEffect
        tidy() has one row, named after the treatment; `.balance` and `.overlap` are frames.

    Raises
    ------
    OptionError
        For one group, fewer than 10 rows in one, a covariate that is constant, collinear or
        separates the groups, weights that explode, or a `truncate` beyond 0 to 0.25.

    Examples
    --------
    >>> import carenotebook as cn, numpy as np, polars as pl
    >>> chance = np.random.default_rng(1)
    >>> severe = chance.normal(size=400)
    >>> seen = (chance.uniform(size=400) < 1 / (1 + np.exp(-severe))).astype(int)
    >>> score = 10 + 3 * severe - 2 * seen + chance.normal(size=400)
    >>> data = pl.DataFrame({"score": score, "seen": seen, "severe": severe})
    >>> found = cn.effects.weighted_effect(data, "score", "seen", ["severe"])
    >>> found.tidy()["estimate"].round().item()
    -2.0

    Notes
    -----
    Weighted means (Hajek), errors by stacked estimating equations, so that they know that the
    propensity was estimated (Lunceford & Davidian 2004); summed within clusters. Limits of
    truncation count as known (Cole & Hernan 2008). Overlap weights: Li, Morgan & Zaslavsky 2018.

    "iptw" misses its promise in small studies, the more the more covariates decide on treatment,
    since a few weights are large: on 400 made-up people 95 % intervals held the truth in 93 %, and
    in 89 % where covariates decide strongly ("overlap": 95 % in both). Cutting 1 % of the weights
    biases and holds it no more often (`tests/validation/RESULTS.md`).
    """
    check_option("method", method, WEIGHTINGS)
    _check(adjust, truncate)
    check_roles((outcome, treatment, *adjust), CALLER)
    ways = names_of(cluster, CALLER)
    frame, columns = taken(frame, [outcome, treatment, *adjust, *ways], CALLER)
    used, left_out = complete(frame, columns, CALLER)
    y, treated = _groups(used, outcome, treatment)
    matrix, names = design(used, adjust, CALLER)
    model = fit_logistic(treated.astype(np.float64), matrix, names, CALLER)
    weights = propensity_weights(treated, model.chance, method, truncate)
    if method == "iptw":
        check_weights(treated, weights, CALLER)
    difference, influence = _difference(y, treated, weights, model)
    clusters = clusters_of(used, ways, CALLER)
    error = _error(influence, clusters)
    freedom = float("inf") if clusters is None else clusters.freedom
    balance = balance_table(treated, matrix, names, weights.values)
    overlap = overlap_table(treated, model.chance, weights.values)
    return WeightedEffect(
        heading=f"{outcome} by {treatment}, groups weighted to be alike",
        frame=tidy_terms([treatment], np.array([difference]), np.array([error]), freedom),
        basis=Basis(
            estimand=f"Mean difference in {outcome} {_FOR_WHOM[method]}.",
            rows=used.height,
            clusters={} if clusters is None else clusters.counted,
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(
                *_assumptions(weights, balance, overlap, (method, truncate)),
                *(() if clusters is None else (clusters.enough,)),
            ),
            caveat="Weights make groups alike in what was recorded, and in nothing else.",
            residual_df=used.height - len(model.params) - 2,
        ),
        balance=balance,
        overlap=overlap,
    )


def _check(adjust: Sequence[str], truncate: float) -> None:
    if isinstance(adjust, str) or not adjust:
        raise OptionError(
            f"{CALLER}: adjust= takes a list of columns known before treatment. Without any, the "
            "groups are only compared as they are."
        )
    if not is_number(truncate) or not 0 <= truncate <= 0.25:
        raise OptionError(f"{CALLER}: truncate= is a share of weights at each end, 0 to 0.25.")


def _groups(
    used: pl.DataFrame, outcome: str, treatment: str
) -> tuple[Array, npt.NDArray[np.bool_]]:
    if used.is_empty():
        raise OptionError(f"{CALLER}: no row is complete in the columns named.")
    treated = as_flags(numbers(used, treatment, CALLER), treatment, CALLER)
    smaller = int(min(treated.sum(), (~treated).sum()))
    if smaller < LEAST_GROUP:
        raise OptionError(
            f"{CALLER}: a group has fewer than {LEAST_GROUP} complete rows; too few to weigh."
        )
    return varying(used, outcome, CALLER), treated


def _difference(
    y: Array, treated: npt.NDArray[np.bool_], weights: Weights, model: Logistic
) -> tuple[float, Array]:
    """The difference of weighted means, and what each row does to it."""
    sums = [float(weights.values[g].sum()) for g in (treated, ~treated)]
    means = [float(np.average(y[g], weights=weights.values[g])) for g in (treated, ~treated)]
    centred = np.where(treated, (y - means[0]) / sums[0], -(y - means[1]) / sums[1])
    steering = (weights.slope * centred) @ model.matrix
    scores = model.matrix * (treated - model.chance)[:, None]
    through = scores @ np.linalg.solve(model.information, steering)
    return means[0] - means[1], weights.values * centred + through


def _error(influence: Array, clusters: Clusters | None) -> float:
    if clusters is None:
        return float(np.sqrt((influence**2).sum()))

    def by(groups: Codes) -> Array:
        summed = np.bincount(groups, weights=influence)
        return np.atleast_2d((summed**2).sum() * len(summed) / (len(summed) - 1))

    return float(np.sqrt(clusters.covariance(by)[0, 0]))


def _assumptions(
    weights: Weights,
    balance: pl.DataFrame,
    overlap: pl.DataFrame,
    how: tuple[Weighting, float],
) -> tuple[Assumption, ...]:
    method, truncate = how
    worst = float(np.abs(balance["after"].to_numpy()).max())
    before = float(np.abs(balance["before"].to_numpy()).max())
    kept = float((overlap["effective"] / overlap["rows"]).to_numpy().min())
    outside = float(overlap["outside"].to_numpy().max())
    cut = method == "iptw" and truncate
    first = (
        f"weights truncated at the {truncate:.1%} ends; largest before that" if cut else "largest"
    )
    return (
        Assumption("Everything that decided on treatment and bears on the outcome is in adjust."),
        Assumption(
            "The propensity model is right, so that weighted groups are alike.",
            f"largest standardised difference {before:.2f} before, {worst:.2f} after",
            holds=worst <= BALANCED,
        ),
        Assumption(
            "Anyone could have been in either group.",
            f"{first} weight {weights.largest:.1f}; the weights leave "
            f"{kept:.0%} of the size of a group; up to {outside:.0%} of a group lie beyond the "
            "other's propensities",
        ),
    )
