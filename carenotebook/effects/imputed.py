"""Missing scores drawn from a mixed model, shifted, and combined by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.mixed import Design, Fitted, Model, design_of, fitted, outcome_of


def delta_adjusted(
    frame: pl.DataFrame, model: Model, deltas: Sequence[float], imputations: int, seed: int
) -> pl.DataFrame:
    """The model's estimates with missing scores imputed, then shifted by each delta."""
    if imputations < 2:
        raise OptionError("delta_adjusted(imputations=) is 2 or more.")
    model, outcome = replace(model, method="mixed"), outcome_of(model.formula)
    known = frame[outcome].fill_nan(None).is_not_null()
    fit = fitted(frame.filter(known), model)
    design, rng = design_of(frame, model), np.random.default_rng(seed)
    drawn = [_drawn(design, known.to_numpy(), fit, rng) for _ in range(imputations)]
    tables = []
    for delta in deltas:
        fits = [_refitted(frame, model, v + delta * ~known.to_numpy()) for v in drawn]
        tables.append(_combined(fits).with_columns(delta=pl.lit(float(delta))))
    return pl.concat(tables).select("delta", pl.exclude("delta"))


def _drawn(
    design: Design, seen: npt.NDArray[np.bool_], fit: Fitted, rng: np.random.Generator
) -> Array:
    """Scores, with the missing ones drawn given the client's others."""
    if fit.random is None:
        raise OptionError("delta_adjusted() draws from a mixed model.")
    beta = rng.multivariate_normal(fit.params, fit.covariance)
    mean, factor = design.matrix @ beta, fit.random.factor
    moved = design.varied @ factor
    many, size = int(design.groups.max()) + 1, factor.shape[1]
    inner, pulled = np.tile(np.eye(size), (many, 1, 1)), np.zeros((many, size))
    known, group = moved[seen], design.groups[seen]
    np.add.at(inner, group, known[:, :, None] * known[:, None, :])
    np.add.at(pulled, group, known * (design.outcome - mean)[seen, None])
    spread = np.linalg.inv(inner)
    within = fit.random.residual
    noise = np.linalg.cholesky(spread) @ rng.standard_normal((many, size, 1))
    own = (spread @ pulled[:, :, None] + np.sqrt(within) * noise)[:, :, 0]
    apart = np.einsum("rq,rq->r", moved, own[design.groups])
    drawn = mean + apart + np.sqrt(within) * rng.standard_normal(len(mean))
    return np.where(seen, design.outcome, drawn)


def _refitted(frame: pl.DataFrame, model: Model, values: Array) -> Fitted:
    return fitted(frame.with_columns(pl.Series(outcome_of(model.formula), values)), model)


def _combined(fits: Sequence[Fitted]) -> pl.DataFrame:
    """Rubin's rules, with the degrees of freedom of Barnard & Rubin 1999."""
    estimates = np.array([f.params for f in fits])
    within = np.array([f.sureness.errors**2 for f in fits]).mean(0)
    complete = np.array([f.sureness.freedom for f in fits]).mean(0)
    m, mean, between = len(fits), estimates.mean(0), estimates.var(0, ddof=1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    seen = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (share**2 / (m - 1) + 1 / seen)
    return tidy_terms(fits[0].terms, mean, np.sqrt(total), df).drop("statistic")
