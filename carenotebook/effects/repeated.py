"""Scores that repeat within clients: linear mixed models and generalised estimating equations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from carenotebook.core.errors import CareNotebookWarning, OptionError
from carenotebook.core.options import check_option
from carenotebook.effects import dropout
from carenotebook.effects.frames import complete, require, said_missing
from carenotebook.effects.imputed import delta_adjusted
from carenotebook.effects.mixed import CALLER, Method, columns_of, fitted, outcome_of, tidied
from carenotebook.results.estimate import Assumption, Basis, Estimate

MISLEADS = (
    "Whether a score is missing depends on earlier scores, and unweighted GEE assumes that it does "
    'not. Use method="mixed", or weighted=True.'
)


@dataclass(frozen=True, repr=False, eq=False)
class RepeatedMeasures(Estimate):
    """What `repeated_measures` returns.

    Attributes
    ----------
    log_likelihood : float or None
        Of the mixed model (maximum likelihood).
    variance : Mapping[str, float]
        "between" and "within" clients for the mixed model; "correlation" for GEE.
    """

    log_likelihood: float | None
    variance: dict[str, float]
    formula: str
    client: str
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
        return dropout.patterns(self.data, self._outcome, self.client, self._needs_visit())

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
        return delta_adjusted(self.data, self.formula, self.client, deltas, imputations, seed)

    @property
    def _outcome(self) -> str:
        return outcome_of(self.formula)

    def _needs_visit(self) -> str:
        if self.visit is None:
            raise OptionError(
                f"{CALLER}: pass visit=, the column that orders the occasions, and a row for "
                "every occasion that was due, with a null score where it is missing."
            )
        return self.visit


def repeated_measures(  # noqa: PLR0913 - a model and what is known of the occasions
    frame: pl.DataFrame,
    formula: str,
    client: str,
    method: Method = "mixed",
    *,
    visit: str | None = None,
    weighted: bool = False,
) -> RepeatedMeasures:
    """How scores go with covariates when each client has several.

    For courses of scores over sessions or months. Scores are taken at attended sessions, so they
    are missing exactly where exposure is low: say which occasions were due (`visit`), look at
    `patterns`, and try `delta_adjusted`.

    Parameters
    ----------
    frame : polars.DataFrame
        One row a client and occasion.
    formula : str
        "score ~ baseline + month + arm", as statsmodels reads it.
    client : str
        Column that says which rows belong together.
    method : {"mixed", "gee"}
        "mixed": random intercept, maximum likelihood; right if scores are missing at random given
        the others of the client. "gee": exchangeable correlation (independence where weighted),
        robust errors; right only if missing completely at random, unless weighted.
    visit : str, optional
        Column that orders the occasions. With it, rows without a score are occasions that were due.
    weighted : bool
        For "gee": weigh by the inverse probability of still having scores (needs `visit`).

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
    Laird & Ware 1982; Liang & Zeger 1986; weights: Robins, Rotnitzky & Zhao 1995. Fitted by
    statsmodels.
    """
    check_option("method", method, ("mixed", "gee"))
    if weighted and (method != "gee" or visit is None):
        raise OptionError(f'{CALLER}: weighted=True is for method="gee" and needs visit=.')
    outcome, covariates = columns_of(formula)
    require(frame, [outcome, *covariates, client, visit], CALLER)
    due, no_covariate = complete(frame, [*covariates, client, *([visit] if visit else [])])
    used, no_score = complete(due, [outcome])
    if used[client].n_unique() < 2:
        raise OptionError(f"{CALLER}: scores of two clients or more are needed.")
    leaving = None
    if visit is not None:
        leaving = dropout.model(due, outcome, client, visit, covariates)
    weights = leaving.weights(used) if weighted and leaving is not None else None
    told = leaving is not None and leaving.depends
    if told and method == "gee" and not weighted:
        warnings.warn(MISLEADS, CareNotebookWarning, stacklevel=2)
    fit = fitted(used, formula, client, method, weights)
    left_out = {**no_covariate, **no_score}
    return RepeatedMeasures(
        heading=f"{outcome} over repeated occasions",
        frame=tidied(fit, method),
        basis=Basis(
            estimand=_estimand(outcome, method),
            rows=used.height,
            clusters={"clients": used[client].n_unique()},
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=_assumptions(method, weighted=weighted, leaving=leaving),
            caveat="Those who stop coming stop being measured; the figures speak for them only as "
            "far as the assumptions hold.",
            residual_df=used.height - len(fit.params),
        ),
        log_likelihood=float(fit.llf) if method == "mixed" else None,
        variance=_variance(fit, method, weighted=weighted),
        formula=formula,
        client=client,
        visit=visit,
        data=due,
    )


def _variance(fit: Any, method: Method, *, weighted: bool) -> dict[str, float]:
    if method == "mixed":
        return {"between": float(np.asarray(fit.cov_re)[0, 0]), "within": float(fit.scale)}
    return {} if weighted else {"correlation": float(fit.cov_struct.dep_params)}


def _estimand(outcome: str, method: Method) -> str:
    of = "for a client" if method == "mixed" else "on average over clients"
    return f"Difference in {outcome} for one unit more of each term, {of}, the others being equal."


def _assumptions(
    method: Method, *, weighted: bool, leaving: dropout.Leaving | None
) -> tuple[Assumption, ...]:
    seen = "" if leaving is None else leaving.said
    depends = None if leaving is None else leaving.depends
    if method == "mixed":
        text = "Scores are missing at random, given the client's other scores and the covariates."
        return (Assumption(text, seen), Assumption("Errors within a client are alike over time."))
    if weighted:
        text = "Who stops having scores is told by the last score and the covariates."
        return (Assumption(text, seen),)
    text = "Scores are missing completely at random."
    return (Assumption(text, seen, holds=None if depends is None else not depends),)
