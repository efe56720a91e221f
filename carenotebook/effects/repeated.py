"""Scores that repeat within clients: linear mixed models and generalised estimating equations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import polars as pl

from carenotebook.core.errors import CareNotebookWarning, OptionError
from carenotebook.core.options import check_option
from carenotebook.core.plain import to_polars
from carenotebook.effects import dropout
from carenotebook.effects.frames import complete, said_missing, taken
from carenotebook.effects.imputed import delta_adjusted
from carenotebook.effects.mixed import (
    CALLER,
    Fitted,
    Likelihood,
    Method,
    Model,
    checked,
    columns_of,
    fitted,
    outcome_of,
    quoted,
)
from carenotebook.effects.propensity import LEAST_EFFECTIVE, effective_size
from carenotebook.results.estimate import Assumption, Basis, Estimate

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

FEW_CLIENTS = 10
"""Down to which intervals of GEE were found to hold what they promise (Li & Redden 2015)."""

EVEN = 0.7
"""Effective share of weighted rows below which tests were found to reject too often."""

MISLEADS = (
    "Whether a score is missing depends on earlier scores, and unweighted GEE assumes that it does "
    'not. Use method="mixed", or weighted=True.'
)


@dataclass(frozen=True, repr=False, eq=False)
class RepeatedMeasures(Estimate):
    """What `repeated_measures` returns.

    `tidy` has also statistic and df: intervals and p-values are Student's, with errors corrected
    for few clients, while std_error is as other programs print it (Notes of `repeated_measures`).

    Attributes
    ----------
    log_likelihood : float or None
        Of the mixed model (restricted, where that was asked for).
    variance : Mapping[str, float]
        "between" and "within" clients for the mixed model, with a slope also "slope" and
        "covariance"; "correlation" for GEE.
    """

    log_likelihood: float | None
    variance: dict[str, float]
    model: Model
    visit: str | None
    data: pl.DataFrame

    def patterns(self) -> pl.DataFrame:
        """Who stops having scores when, and how they stood before.

        Returns
        -------
        polars.DataFrame
            last_visit (the last with a score; null: none), clients, share, first_score and
            last_score (means).

        Raises
        ------
        OptionError
            If `repeated_measures` was not told the `visit`.
        """
        return dropout.patterns(
            self.data, outcome_of(self.model.formula), self.model.client, self._needs_visit()
        )

    def delta_adjusted(
        self, deltas: tuple[float, ...] = (0.0, 2.0, 5.0), imputations: int = 20, seed: int = 1
    ) -> pl.DataFrame:
        """What becomes of the estimates if missing scores are worse than those seen suggest.

        Parameters
        ----------
        deltas : tuple of float
            Added to every missing score after it was imputed as if missing at random, in points.
        imputations : int
        seed : int

        Returns
        -------
        polars.DataFrame
            delta, term, estimate, std_error, conf_low, conf_high, p_value.

        Notes
        -----
        Imputed from the mixed model (client's intercept included), combined by Rubin's rules: a
        pattern-mixture analysis (Little 1993).
        """
        self._needs_visit()
        return delta_adjusted(self.data, self.model, deltas, imputations, seed)

    def _needs_visit(self) -> str:
        if self.visit is None:
            raise OptionError(
                f"{CALLER}: pass visit=, the column that orders the occasions, and a row for "
                "every occasion that was due, with a null score where it is missing."
            )
        return self.visit


def repeated_measures(  # noqa: PLR0913 - a model and what is known of the occasions
    frame: Frame,
    formula: str,
    client: str,
    method: Method = "mixed",
    *,
    visit: str | None = None,
    weighted: bool = False,
    slope: str | None = None,
    likelihood: Likelihood = "ml",
) -> RepeatedMeasures:
    """How scores go with covariates when each client has several.

    For courses of scores over sessions or months. Scores are taken at attended sessions, so they
    are missing exactly where exposure is low: say which occasions were due (`visit`), look at
    `patterns`, and try `delta_adjusted`.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a client and occasion.
    formula : str
        "score ~ baseline + month + arm", as statsmodels reads it; names of columns may have dots.
    client : str
        Column that says which rows belong together.
    method : {"mixed", "gee"}
        "mixed": random intercept; right if scores are missing at random given
        the others of the client. "gee": exchangeable correlation (independence where weighted),
        robust errors; right only if missing completely at random, unless weighted.
    visit : str, optional
        Column that orders the occasions. With it, rows without a score are occasions that were due.
    weighted : bool
        For "gee": weigh by the inverse probability of still having scores (needs `visit`).
    slope : str, optional
        For "mixed": a column, such as the month, whose coefficient varies between clients too.
    likelihood : {"ml", "reml"}
        For "mixed": "reml" where variances are of interest, or clients few; models with other
        terms are compared by "ml".

    Returns
    -------
    RepeatedMeasures

    Raises
    ------
    OptionError
        For a column that is not there, a formula that cannot be read, a single client, or a
        covariate that is constant or collinear.

    Warns
    -----
    CareNotebookWarning
        Where missing scores depend on earlier ones and the method assumes that they do not.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> scores = pl.DataFrame({"who": [1, 1, 2, 2, 3, 3, 4, 4], "month": [1, 2] * 4,
    ...                        "score": [14.0, 11, 18, 16, 9, 8, 15, 11]})
    >>> found = cn.effects.repeated_measures(scores, "score ~ month", "who")
    >>> found.tidy().filter(term="month")["estimate"].round(2).item()
    -2.5

    Notes
    -----
    Laird & Ware 1982, with the criterion and errors of R's lme4; Liang & Zeger 1986, by statsmodels
    with the moments of R's geepack; weights: Robins, Rotnitzky & Zhao 1995.

    `std_error` is the one that lme4 (given the likelihood asked for) and geepack print, which is
    too small where clients are few. Intervals, `statistic` and `p_value` rest on corrected errors
    (estimate / statistic) and Student's t with `df` degrees of freedom. "mixed": those of
    restricted maximum likelihood, whichever likelihood was asked for, with Satterthwaite's degrees
    of freedom as R's lmerTest has them (Fai & Cornelius 1996). "gee": Kauermann & Carroll's (2001),
    with as many degrees of freedom as there are clients beyond the terms (Li & Redden 2015, Stat
    Med 34:281). So with 16 clients 95 % intervals for what differs between clients held the truth
    in 94 % of made-up studies; by `std_error` and the normal distribution they did in 89 to 91 %.

    Weights for leaving: with an effective size of about 84 % of the rows, weighted GEE held the
    truth in 95 % of made-up studies, unweighted in 93 %, with a bias. Where the last score so
    strongly decided who left that it was about 55 %, weighted GEE found a change in 9 % where there
    was none: hardly anyone like those who left is there to stand for them, and the most extreme
    weights are cut (`tests/validation/RESULTS.md`). An assumption says where the effective size is
    below 70 %; take "mixed" then.
    """
    check_option("method", method, ("mixed", "gee"))
    check_option("likelihood", likelihood, get_args(Likelihood))
    if method == "gee" and (slope is not None or likelihood != "ml"):
        raise OptionError(f'{CALLER}: slope= and likelihood= are for method="mixed".')
    if weighted and (method != "gee" or visit is None):
        raise OptionError(f'{CALLER}: weighted=True is for method="gee" and needs visit=.')
    frame = to_polars(f"{CALLER}: frame=", frame)
    formula = quoted(formula, frame.columns)
    outcome, covariates = columns_of(formula)
    frame, _ = taken(frame, [outcome, *covariates, client, visit, slope], CALLER)
    needed = [c for c in (*covariates, client, visit, slope) if c is not None]
    due, no_covariate = complete(frame, list(dict.fromkeys(needed)), CALLER)
    due = checked(due, formula)
    used, no_score = complete(due, [outcome], CALLER)
    if used[client].n_unique() < 2:
        raise OptionError(f"{CALLER}: scores of two clients or more are needed.")
    leaving = None
    if visit is not None:
        if due.select(client, visit).is_duplicated().any():
            raise OptionError(
                f"{CALLER}: some {client} has several rows at one {visit}; average them first."
            )
        leaving = dropout.model(due, outcome, client, visit, covariates)
        if weighted:
            _check_weights(leaving)
    weights = leaving.weights(used) if weighted and leaving is not None else None
    told = leaving is not None and leaving.depends
    if told and method == "gee" and not weighted:
        warnings.warn(MISLEADS, CareNotebookWarning, stacklevel=2)
    model = Model(formula, client, method, slope, likelihood)
    fit = fitted(used, model, weights)
    left_out = {**no_covariate, **no_score}
    return RepeatedMeasures(
        heading=f"{outcome} over repeated occasions",
        frame=fit.tidy(),
        basis=Basis(
            estimand=_estimand(outcome, method),
            rows=used.height,
            clusters={"clients": used[client].n_unique()},
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=_assumptions(fit, model, leaving, weighted=weighted),
            caveat="Those who stop coming stop being measured; the figures speak for them only as "
            "far as the assumptions hold.",
            residual_df=used.height - len(fit.terms),
        ),
        log_likelihood=None if fit.random is None else fit.random.log_likelihood,
        variance=fit.variance,
        model=model,
        visit=visit,
        data=due,
    )


def _check_weights(leaving: dropout.Leaving) -> None:
    if not leaving.told:
        raise OptionError(f"{CALLER}: weighted=True has no weights: {leaving.said}.")
    weights = leaving.kept["weight"].to_numpy()
    left = effective_size(weights) / len(weights) if len(weights) else 1.0
    if left < LEAST_EFFECTIVE:
        raise OptionError(
            f"{CALLER}: the weights explode (their effective size is {left:.0%} of the rows): "
            'hardly anyone with some scores goes on. Take method="mixed".'
        )


def _estimand(outcome: str, method: Method) -> str:
    of = "for a client" if method == "mixed" else "on average over clients"
    return f"Difference in {outcome} for one unit more of each term, {of}, the others being equal."


def _assumptions(
    fit: Fitted, model: Model, leaving: dropout.Leaving | None, *, weighted: bool
) -> tuple[Assumption, ...]:
    seen = "" if leaving is None else leaving.said
    depends = None if leaving is None else leaving.depends
    if fit.random is not None:
        text = "Scores are missing at random, given the client's other scores and the covariates."
        varies = "intercept" if model.slope is None else f"intercept and slope of {model.slope}"
        return (
            Assumption(text, seen),
            Assumption(
                f"Clients differ in their {varies} as a normal distribution has it; errors within "
                "a client are alike and independent.",
                _shared(fit.variance),
            ),
        )
    clients = len(np.unique(fit.groups))
    many = Assumption(
        "There are enough clients for robust errors.",
        f"{'fewer than' if clients < FEW_CLIENTS else 'at least'} {FEW_CLIENTS} clients",
        holds=clients >= FEW_CLIENTS,
    )
    if weighted:
        text = "Who stops having scores is told by the last score and the covariates."
        return (Assumption(text, seen), _even(leaving), many)
    text = "Scores are missing completely at random."
    return (Assumption(text, seen, holds=None if depends is None else not depends), many)


def _even(leaving: dropout.Leaving | None) -> Assumption:
    weights = np.ones(1) if leaving is None else leaving.kept["weight"].to_numpy()
    share = effective_size(weights) / len(weights)
    return Assumption(
        "Among those who stay are enough like those who leave to stand for them.",
        f"effective size of the weights: {share:.0%} of the rows",
        holds=bool(share >= EVEN),
    )


def _shared(variance: dict[str, float]) -> str:
    between, within = variance["between"], variance["within"]
    return f"{between / (between + within):.0%} of what is left to explain lies between clients"
