"""Models of repeated scores: a linear mixed model, and generalised estimating equations."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.fewclients import Sureness, marginal_sureness, mixed_sureness
from carenotebook.effects.frames import Array, codes, numbers
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.random import Random, fit_random

Method = Literal["mixed", "gee"]
Likelihood = Literal["ml", "reml"]
CALLER = "repeated_measures()"
_PLAIN = re.compile(r"[^\W\d][\w. ]*")
_QUOTED = re.compile(r"""Q\((["'])(.+?)\1\)""")
_NO_ANSWER = (
    f"{CALLER}: the model has no unique answer: a covariate is constant, or follows from the "
    "others. Leave it out."
)


@dataclass(frozen=True)
class Model:
    """What is fitted.

    Attributes
    ----------
    formula : str
    client : str
    method : {"mixed", "gee"}
    slope : str or None
        A column whose coefficient varies between clients too.
    likelihood : {"ml", "reml"}
    """

    formula: str
    client: str
    method: Method = "mixed"
    slope: str | None = None
    likelihood: Likelihood = "ml"


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes
    ----------
    terms : list of str
    params : array of shape (terms,)
    covariance : array of shape (terms, terms)
        As lme4 and geepack have it.
    groups : array of shape (rows,)
    sureness : Sureness
        What intervals and tests rest on.
    variance : dict
        "between" and "within" clients, and of slopes; or "correlation".
    random : Random or None
    """

    terms: list[str]
    params: Array
    covariance: Array
    groups: npt.NDArray[np.int64]
    sureness: Sureness
    variance: dict[str, float] = field(default_factory=dict)
    random: Random | None = None

    def tidy(self) -> pl.DataFrame:
        """One row a fixed effect."""
        errors, freedom = self.sureness
        table = tidy_terms(self.terms, self.params, errors, freedom)
        return table.with_columns(
            std_error=np.sqrt(np.diag(self.covariance)), df=pl.Series(freedom)
        )


@dataclass(frozen=True)
class Design:
    """Arrays of a model: of shape (rows,), (rows, terms), (rows, varied), (rows,)."""

    outcome: Array
    matrix: Array
    varied: Array
    groups: npt.NDArray[np.int64]
    terms: list[str]


def quoted(formula: str, columns: Sequence[str]) -> str:
    """The formula with names that Python could not read, as `bdi.pre`, marked as names.

    Examples
    --------
    >>> quoted("bdi ~ bdi.pre + time", ["bdi", "bdi.pre", "time"])
    'bdi ~ Q("bdi.pre") + time'
    """
    odd = [c for c in columns if not c.isidentifier() and _PLAIN.fullmatch(c)]
    if not odd:
        return formula
    names = "|".join(map(re.escape, sorted(odd, key=len, reverse=True)))
    return re.sub(rf"(?<![\w.`\"'])`?({names})`?(?![\w.`\"'])", lambda m: f'Q("{m[1]}")', formula)


def columns_of(formula: str) -> tuple[str, list[str]]:
    """The outcome and the covariates that a formula names.

    Raises
    ------
    OptionError
        If it cannot be read, or its outcome is no plain column.
    """
    from formulaic import Formula

    names = {f"quoted_{i}_": m[2] for i, m in enumerate(_QUOTED.finditer(formula))}
    short = iter(names)

    try:
        parsed = Formula(_QUOTED.sub(lambda _: next(short), formula))
        left, right = (
            sorted({names.get(str(v), str(v)) for v in getattr(parsed, s).required_variables})
            for s in ("lhs", "rhs")
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


def checked(frame: pl.DataFrame, formula: str) -> pl.DataFrame:
    """The frame with its numbers as floats.

    Raises
    ------
    OptionError
        If the score holds no numbers, or numbers are not finite.
    """
    outcome, covariates = columns_of(formula)
    dates = [c for c in covariates if frame.schema[c].is_temporal()]
    if dates:
        raise OptionError(
            f"{CALLER}: {', '.join(dates)} must hold numbers or names of categories. Make dates "
            "numbers of weeks or months first."
        )
    known = [c for c in covariates if frame.schema[c].is_numeric()]
    if frame.schema[outcome].is_float():
        frame = frame.with_columns(pl.col(outcome).fill_nan(None))
    for name in (outcome, *known):
        numbers(frame.drop_nulls(name), name, CALLER)
    return frame.with_columns(pl.col(outcome, *known).cast(pl.Float64))


def fitted(frame: pl.DataFrame, model: Model, weights: Any = None) -> Fitted:
    """The fitted model.

    Raises
    ------
    OptionError
        If the formula cannot be worked out, or the model has no unique answer.
    """
    weighted = frame.with_columns(_weight=1.0 if weights is None else weights)
    ordered = weighted.sort(model.client, maintain_order=True)
    made = design_of(ordered, model)
    _check(made, model)
    if model.method == "mixed":
        return _mixed(made, model)
    return _marginal(made, None if weights is None else ordered["_weight"].to_numpy())


def design_of(frame: pl.DataFrame, model: Model) -> Design:
    """The arrays of every row, with a score or without."""
    import statsmodels.formula.api as smf

    whole = frame.with_columns(pl.col(outcome_of(model.formula)).fill_null(0.0).fill_nan(0.0))
    try:
        parts = smf.ols(model.formula, whole)
    except Exception:  # noqa: BLE001 - a formula is code: whatever it raises means the same here
        raise OptionError(
            f"{CALLER}: formula= cannot be worked out on these columns. Numbers enter as they are, "
            "names as C(name)."
        ) from None
    ones = np.ones((frame.height, 1))
    slope = [] if model.slope is None else [numbers(frame, model.slope, CALLER)]
    return Design(
        outcome=np.asarray(parts.endog, np.float64),
        matrix=np.asarray(parts.exog, np.float64),
        varied=np.column_stack([ones, *slope]),
        groups=codes(frame, model.client),
        terms=[_QUOTED.sub(r"\2", str(n)) for n in parts.exog_names],
    )


def _check(made: Design, model: Model) -> None:
    rows, terms = made.matrix.shape
    if made.outcome.ndim > 1 or not np.isfinite(made.matrix).all():
        raise OptionError(f"{CALLER}: the formula gives values that are not finite.")
    if np.ptp(made.outcome) == 0:
        raise OptionError(f"{CALLER}: {outcome_of(model.formula)} is the same in every row.")
    if rows <= terms + made.varied.shape[1]:
        raise OptionError(f"{CALLER}: {rows} rows are too few for {terms} terms.")
    if np.bincount(made.groups).max() < 2:
        raise OptionError(f"{CALLER}: no client has two scores; nothing repeats.")
    if model.method == "gee" and made.groups.max() < terms:
        raise OptionError(
            f'{CALLER}: method="gee" needs more clients than terms, of which there are {terms}. '
            'Take method="mixed".'
        )
    length = np.linalg.norm(made.matrix, axis=0)
    if (length == 0).any() or np.linalg.matrix_rank(made.matrix / length) < terms:
        raise OptionError(_NO_ANSWER)
    if made.varied.shape[1] > 1 and _alike(made):
        raise OptionError(f"{CALLER}: slope= varies within no client; leave it out.")


def _alike(made: Design) -> bool:
    slope, groups = made.varied[:, 1], made.groups
    means = np.bincount(groups, weights=slope) / np.bincount(groups)
    return bool(np.allclose(slope, means[groups]))


def _mixed(made: Design, model: Model) -> Fitted:
    fit = fit_random(
        made.outcome,
        made.matrix,
        made.varied,
        made.groups,
        restricted=model.likelihood == "reml",
    )
    variance = {"between": float(fit.between[0, 0]), "within": fit.residual}
    if model.slope is not None:
        variance |= {"slope": float(fit.between[1, 1]), "covariance": float(fit.between[0, 1])}
    sure = mixed_sureness(made.outcome, made.matrix, made.varied, made.groups)
    return Fitted(made.terms, fit.effects, fit.covariance, made.groups, sure, variance, fit)


def _marginal(made: Design, weights: Any) -> Fitted:
    """Exchangeable correlation; independence with weights, or rows would borrow weights."""
    import statsmodels.api as sm

    working = _exchangeable() if weights is None else sm.cov_struct.Independence()
    scale = np.abs(made.matrix).max(0)
    model = sm.GEE(
        made.outcome, made.matrix / scale, groups=made.groups, cov_struct=working, weights=weights
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what failed is told below
        try:
            fit = model.fit(maxiter=200, ctol=1e-8)
        except (np.linalg.LinAlgError, ValueError):
            fit = None
    if fit is None or not fit.converged or not np.isfinite(fit.bse).all():
        raise OptionError(_NO_ANSWER)
    correlation = {} if weights is not None else {"correlation": float(working.dep_params)}
    covariance = np.asarray(fit.cov_params()) / np.outer(scale, scale)
    params = np.asarray(fit.params) / scale
    root = np.ones(len(made.outcome)) if weights is None else np.sqrt(weights)
    sure = marginal_sureness(
        made.matrix / scale * root[:, None],
        (made.outcome - made.matrix @ params) * root,
        made.groups,
        **correlation,
    )
    sure = Sureness(sure.errors / scale, sure.freedom)
    return Fitted(made.terms, params, covariance, made.groups, sure, correlation)


def _exchangeable() -> Any:
    """One correlation for all pairs, by moments as R's geepack has it.

    statsmodels takes the number of terms off the number of pairs.
    """
    import statsmodels.api as sm

    class Exchangeable(sm.cov_struct.Exchangeable):  # type: ignore[misc]
        def update(self, params: Any) -> None:  # noqa: ARG002 - the base class's signature
            squared = crossed = 0.0
            rows = pairs = 0
            for outcome, (mean, _) in zip(
                self.model.endog_li, self.model.cached_means, strict=True
            ):
                left = np.asarray(outcome - mean, np.float64)
                squares = float(left @ left)
                squared += squares
                crossed += (float(left.sum()) ** 2 - squares) / 2
                rows += len(left)
                pairs += len(left) * (len(left) - 1) // 2
            self.dep_params = crossed / pairs / (squared / rows)

    return Exchangeable()
