"""Models of repeated scores, as statsmodels fits them."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.results.statistics import Z95

Method = Literal["mixed", "gee"]
CALLER = "repeated_measures()"


def columns_of(formula: str) -> tuple[str, list[str]]:
    """The outcome and the covariates that a formula names.

    Raises
    ------
    OptionError
        If it cannot be read, or its outcome is no plain column.
    """
    from formulaic import Formula

    try:
        parsed = Formula(formula)
        left, right = (
            sorted(map(str, getattr(parsed, s).required_variables)) for s in ("lhs", "rhs")
        )
    except Exception:  # noqa: BLE001 - formulaic raises many kinds; each means the same here
        raise OptionError(
            f"{CALLER}: formula= cannot be read. Write it like 'score ~ baseline + month'."
        ) from None
    if len(left) != 1:
        raise OptionError(f"{CALLER}: the formula's left side names one column, the score.")
    return left[0], right


def outcome_of(formula: str) -> str:
    """The column on a formula's left side."""
    return columns_of(formula)[0]


def fitted(
    frame: pl.DataFrame, formula: str, client: str, method: Method, weights: Any = None
) -> Any:
    """The fitted model of statsmodels."""
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    ordered = frame.with_columns(_weight=1.0 if weights is None else weights).sort(
        client, maintain_order=True
    )
    groups = ordered[client].rank("dense").to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a boundary or a slow step; what failed is told below
        try:
            if method == "mixed":
                fit = smf.mixedlm(formula, ordered, groups=groups).fit(reml=False)
            else:
                # Weights and a working correlation do not go together: rows would borrow weights.
                kinds = sm.cov_struct
                correlation = kinds.Exchangeable() if weights is None else kinds.Independence()
                weighing = None if weights is None else ordered["_weight"].to_numpy()
                fit = smf.gee(
                    formula, groups, ordered, cov_struct=correlation, weights=weighing
                ).fit()
        except np.linalg.LinAlgError:
            fit = None
    if fit is None or not np.isfinite(_errors(fit, method)).all():
        raise OptionError(
            f"{CALLER}: the model has no unique answer: a covariate is constant, or follows from "
            "the others. Leave it out."
        )
    return fit


def tidied(fit: Any, method: Method) -> pl.DataFrame:
    """One row a fixed effect."""
    names = [str(n) for n in (fit.fe_params.index if method == "mixed" else fit.params.index)]
    keep = slice(0, len(names))
    estimate, error = np.asarray(fit.params, np.float64)[keep], _errors(fit, method)
    return pl.DataFrame(
        {
            "term": names,
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - Z95 * error,
            "conf_high": estimate + Z95 * error,
            "statistic": estimate / error,
            "p_value": np.asarray(fit.pvalues, np.float64)[keep],
        }
    )


def _errors(fit: Any, method: Method) -> Any:
    """Of the fixed effects: a variance at its boundary has none, and needs none."""
    return np.asarray(fit.bse_fe if method == "mixed" else fit.bse, np.float64)


def fixed_effects(frame: pl.DataFrame, formula: str, outcome: str) -> Any:
    """The design matrix of every row, with a score or without, columns as in the fit."""
    import statsmodels.formula.api as smf

    whole = frame.with_columns(pl.lit(0.0).alias(outcome))
    return smf.ols(formula, whole).exog
