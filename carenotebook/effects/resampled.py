"""Cluster bootstrap of a logistic model, without fitting it again from the rows each time.

Rows with the same covariates are one pattern. Drawing clusters changes only how often each pattern
counts, so a draw is a weighted fit of the patterns, and all draws are fitted side by side. Where
nearly every row is a pattern of its own, a draw starts from the fit of all rows with one step by
sums that each cluster keeps, and corrects it by gradients alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.coding import pattern_codes
from carenotebook.effects.frames import (
    Array,
    codes,
    complete,
    design,
    numbers,
    said_missing,
    taken,
)
from carenotebook.effects.patterns import Patterns, counted
from carenotebook.effects.rowwise import Rows, sorted_rows
from carenotebook.results.estimate import Assumption, Basis, Estimate

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

_CALLER = "cluster_bootstrap()"
FEW_CLUSTERS = 40
MOST_CELLS = 20_000_000
"""Beyond so many cells of pattern by cluster, rows are fitted as they are."""

_FIRST = ("Intercept",)


@dataclass(frozen=True, repr=False, eq=False)
class Bootstrapped(Estimate):
    """What `cluster_bootstrap` returns.

    Attributes
    ----------
    draws : polars.DataFrame
        One row a draw: the coefficients, a column a term.
    """

    draws: pl.DataFrame


def cluster_bootstrap(  # noqa: PLR0913 - a model and how it is drawn
    frame: Frame,
    outcome: str,
    covariates: Sequence[str],
    cluster: str,
    *,
    draws: int = 200,
    seed: int = 0,
) -> Bootstrapped:
    """A logistic model whose errors know that rows of one client go together.

    For a yes-or-no outcome per appointment or session, with clients (or therapists) as clusters.
    Not for few clusters: fewer than 40 say little of what others would have been like.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a unit.
    outcome : str
        Column of 0/1 or booleans.
    covariates : sequence of str
        Columns: numbers as they are, categories against the first level.
    cluster : str
        Column that says which rows go together. A draw is as many clusters as there are, with
        replacement, each with all its rows.
    draws : int
    seed : int

    Returns
    -------
    Bootstrapped
        tidy(): term, estimate (log odds ratio; as statsmodels' Logit gives), std_error (of the
        draws), conf_low and conf_high (percentiles 2.5 and 97.5, further out the fewer the clusters
        are), odds_ratio.

    Raises
    ------
    OptionError
        For a column that is not there, an outcome that is not 0/1 or does not vary, a covariate
        that is constant, collinear or separates the outcomes, a single cluster, or too few draws.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> visits = pl.DataFrame({"who": [i // 4 for i in range(80)], "late": [0, 1, 1, 0, 1] * 16,
    ...                        "missed": [0, 1, 0, 0, 1, 1, 0, 1] * 10})
    >>> found = cn.effects.cluster_bootstrap(visits, "missed", ["late"], "who")
    >>> found.tidy()["term"].to_list()
    ['Intercept', 'late']

    Notes
    -----
    With 16 clusters in two groups, one made-up study in eight was refused because some draw had no
    event in a group (`tests/validation/RESULTS.md`).

    Efron 1979; clusters: Field & Welsh 2007. How often each cluster is in a draw is multinomial,
    exactly; each draw is fitted by Newton's method to the maximum, all of them at once. Percentiles
    expanded for few clusters: Hesterberg 2015, Am Stat 69:371.
    """
    frame, wanted = taken(frame, [outcome, *covariates, cluster], _CALLER)
    used, left_out = complete(frame, wanted, _CALLER)
    if draws < 2:
        raise OptionError(f"{_CALLER}: draws= is 2 or more.")
    data, terms = _data(used, outcome, covariates, cluster)
    if data.clusters < 2:
        raise OptionError(f"{_CALLER}: {cluster} names a single cluster; nothing can be drawn.")
    estimate, found = data.fitted(draws, np.random.default_rng(seed))
    return Bootstrapped(
        heading=f"{outcome}: logistic model, clusters drawn again",
        frame=_tidy(terms, estimate, found, data.clusters),
        basis=Basis(
            estimand=f"Log odds ratio of {outcome} for one unit more of each term, the others "
            "being equal, over all rows.",
            rows=used.height,
            clusters={"clients" if "client" in cluster else f"{cluster} clusters": data.clusters},
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(
                Assumption(
                    "Clusters are alike and independent, and not few.",
                    f"{data.clusters} clusters",
                    holds=data.clusters >= FEW_CLUSTERS,
                ),
            ),
            caveat="Odds ratios of a common outcome look larger than ratios of risks.",
            residual_df=used.height - len(terms),
        ),
        draws=pl.DataFrame(found, schema=terms),
    )


def _data(
    frame: pl.DataFrame, outcome: str, covariates: Sequence[str], cluster: str
) -> tuple[Patterns | Rows, list[str]]:
    events = numbers(frame, outcome, _CALLER)
    happened = events == 1
    if not (happened | (events == 0)).all():
        raise OptionError(f"{_CALLER}: {outcome} must be 0 or 1.")
    if happened.all() or not happened.any():
        raise OptionError(f"{_CALLER}: {outcome} is the same in every row.")
    group = codes(frame, cluster)
    patterns = pattern_codes(frame.select(covariates), MOST_CELLS // (int(group.max()) + 1))
    if patterns is not None:
        pattern, distinct = patterns
        matrix, names = design(distinct, covariates, _CALLER)
        found = counted(_with_intercept(matrix), pattern, group, happened)
        return found, [*_FIRST, *names]
    matrix, names = design(frame, covariates, _CALLER)
    return sorted_rows(_with_intercept(matrix), group, events), [*_FIRST, *names]


def _with_intercept(matrix: Array) -> Array:
    return np.column_stack([np.ones(len(matrix)), matrix])


def _tidy(terms: list[str], estimate: Array, drawn: Array, clusters: int) -> pl.DataFrame:
    tail = _tail(clusters)
    low, high = np.quantile(drawn, (tail, 1 - tail), axis=0, method="weibull")
    return pl.DataFrame(
        {
            "term": terms,
            "estimate": estimate,
            "std_error": drawn.std(axis=0, ddof=1),
            "conf_low": low,
            "conf_high": high,
            "odds_ratio": np.exp(estimate),
        }
    )


def _tail(clusters: int) -> float:
    """Which percentile ends the interval: that of Student's t on the scale of the draws' spread."""
    from scipy.special import ndtr, stdtrit

    beyond = stdtrit(clusters - 1, 0.025) * np.sqrt(clusters / (clusters - 1))
    return float(ndtr(beyond))
