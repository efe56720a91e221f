"""Logistic models that say so when a covariate tells the outcome entirely."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

_UNSURE = 100.0
"""A standard error, in log odds for one standard deviation, that only separation brings about."""


@dataclass(frozen=True)
class Logistic:
    """A fitted model of a chance.

    Attributes
    ----------
    params : array of shape (terms + 1,)
        Log odds, the intercept first.
    chance : array of shape (rows,)
    matrix : array of shape (rows, terms + 1)
        The design, the intercept first.
    information : array of shape (terms + 1, terms + 1)
    """

    params: Array
    chance: Array
    matrix: Array
    information: Array


def fit_logistic(happened: Array, matrix: Array, names: list[str], caller: str) -> Logistic:
    """Maximum likelihood by statsmodels.

    Parameters
    ----------
    happened : array of shape (rows,)
        0 or 1.
    matrix : array of shape (rows, terms)
        Without an intercept.
    names : list of str
        Of the terms, for the error.
    caller : str

    Raises
    ------
    OptionError
        If covariates separate those to whom it happened from the others.
    """
    import statsmodels.api as sm
    from scipy.special import expit
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    centre, spread = matrix.mean(0), matrix.std(0)
    scaled = np.column_stack([np.ones(len(happened)), (matrix - centre) / spread])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fit = sm.GLM(happened, scaled, family=sm.families.Binomial()).fit(tol=1e-12, maxiter=100)
        errors = np.asarray(fit.bse)
    _check_separation(errors, names, caller)
    params = np.asarray(fit.params)
    chance = expit(scaled @ params)
    slopes = params[1:] / spread
    whole = np.column_stack([np.ones(len(happened)), matrix])
    weight = chance * (1 - chance)
    return Logistic(
        params=np.concatenate([[params[0] - slopes @ centre], slopes]),
        chance=chance,
        matrix=whole,
        information=whole.T @ (whole * weight[:, None]),
    )


def as_flags(values: Array, column: str, caller: str) -> npt.NDArray[np.bool_]:
    """A column of 0 and 1 of which both occur.

    Raises
    ------
    OptionError
        For other values, or a single one.
    """
    if not np.isin(values, (0.0, 1.0)).all():
        raise OptionError(f"{caller}: {column} must hold 0 and 1, or false and true.")
    flags = values == 1
    if flags.all() or not flags.any():
        raise OptionError(f"{caller}: {column} is the same in every row; there is one group only.")
    return np.asarray(flags)


def _check_separation(errors: Array, names: list[str], caller: str) -> None:
    vast = ~(errors < _UNSURE)
    if not vast.any():
        return
    worst = names[max(int(np.nan_to_num(errors, nan=np.inf).argmax()) - 1, 0)]
    raise OptionError(
        f"{caller}: {worst} separates the groups (or does with the other covariates): some rows "
        "could only be in one of them, so nothing compares with them. Leave it out, join its "
        "categories, or keep only rows that could be in either group."
    )
