"""Whether attending more matters: naive, landmark, marginal structural model, spline."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
from validation.engine import Answer, Design, Run, Source
from validation.tidy import answer

import carenotebook as cn
from carenotebook.core.cohort import Cohort
from carenotebook.synthetic.truth import Attendance, Endings, Symptoms, Truth

_DAY = 86_400_000_000
_ORIGIN = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1_000_000)
_WEEKS = 8
_EFFECT = -0.9


def _course(chance: np.random.Generator, effect: float, *, pull: float, leaving: bool) -> Cohort:
    """Eight weekly sessions after a first one; a score at each attended one and at the horizon.

    The last recorded score, and nothing else, decides whether somebody comes: `pull` is what a
    point more takes off the log odds. Leaving: it also decides whether care ends, and with it
    the score at the horizon.
    """
    people = 500
    severity = chance.normal(15, 4, people)
    last, there = severity.copy(), np.full(people, _WEEKS + 2)
    sessions, scores = [], [(0, severity.copy(), np.ones(people, bool))]
    for week in range(1, _WEEKS + 1):
        severity = severity + chance.normal(0, 1.5, people)
        stays = there > week
        odds = np.exp(0.8 - pull * (last - 15))
        came = stays & (chance.random(people) < odds / (1 + odds))
        sessions.append((week, came, stays))
        scores.append((week, severity.copy(), came))
        last = np.where(came, severity, last)
        severity = severity + effect * came
        if leaving:
            goes = stays & (chance.random(people) < 1 / (1 + np.exp(3.5 - 0.2 * (last - 15))))
            there = np.where(goes, week + 1, there)
    severity = severity + chance.normal(0, 1.5, people)
    scores.append((_WEEKS + 1, severity, there > _WEEKS + 1))
    return _cohort(sessions, scores, there)


def _cohort(sessions: list, scores: list, there: np.ndarray) -> Cohort:
    who = np.array([f"c{i:04d}" for i in range(len(there))])
    first = pl.DataFrame({"client_id": who, "start": _at(0), "outcome": "attended"})
    booked = [
        pl.DataFrame(
            {
                "client_id": who[due],
                "start": _at(week),
                "outcome": np.where(came[due], "attended", "no_show"),
            }
        )
        for week, came, due in sessions
    ]
    taken = [
        pl.DataFrame(
            {"client_id": who[seen], "at": _at(week), "instrument": "S", "score": score[seen]}
        )
        for week, score, seen in scores
    ]
    ended = [None if w == _WEEKS + 2 else _at(w, hour=-12) for w in there]
    episodes = pl.DataFrame({"client_id": who, "started_at": _at(0), "ended_at": ended})
    return cn.from_frames(
        appointments=pl.concat([first, *booked]),
        episodes=episodes,
        measures=pl.concat(taken),
        as_of=_at(_WEEKS + 4),
    )


def _at(week: float, hour: int = 0) -> datetime:
    micro = _ORIGIN + int(week * 7 * _DAY) + hour * _DAY // 24
    return datetime.fromtimestamp(micro / 1_000_000, UTC)


def _asked(cohort: Cohort, method: str, horizon: str, window: str, outcome: str) -> Answer:
    found = cn.attendance_effect(
        cohort, outcome, estimand="per_session", baseline="first", horizon=horizon,
        method=method, window=window,
    )  # fmt: skip
    return answer(found.tidy(), "attended")


def _outside(method: str, *, pull: float = 0.1, leaving: bool = False):
    def run(chance: np.random.Generator, effect: float) -> Answer:
        cohort = _course(chance, effect, pull=pull, leaving=leaving)
        return _asked(cohort, method, "9w", "3d", "S")

    return run


def _truth(effect: float, ratios: tuple[float, ...]) -> Truth:
    return Truth(
        symptoms=Symptoms(
            phq_per_session=effect, phq_per_week=0.3, phq_sd=4.0, wander_sd=1.5,
            response_sd=0.0, reliability=1.0, phq_recorded=1.0,
        ),
        attendance=Attendance(
            no_show=0.2, severity_ratios=ratios, site_ratios=(1.0, 1.0), reliability=((1.0, 1.0),)
        ),
        endings=Endings(good_enough_ends=0.0),
        groups=(),
    )  # fmt: skip


def _synthetic(method: str, ratios: tuple[float, ...]):
    def run(chance: np.random.Generator, effect: float) -> Answer:
        truth = _truth(effect, ratios)
        cohort, _ = cn.synthetic_cohort(800, int(chance.integers(2**31)), truth)
        return _asked(cohort, method, "10w", "2w", "PHQ-9")

    return run


_STEEP, _USUAL, _FLAT = (0.1, 0.4, 1.0, 2.0, 3.0), Attendance().severity_ratios, (1.0,) * 5
_NAIVE, _LANDMARK = "Attendance, naive", "Attendance, landmark"
_MSM, _SPLINE = "Attendance, marginal structural model", "Attendance, spline's linear term"
_STEERED = "500 clients, 8 sessions; the last recorded score decides on coming"
_BY_LOT = "500 clients, 8 sessions; coming is by chance"
_LEAVES = _STEERED + ", and on leaving, so that scores are missing"
_MADE = "synthetic cohorts of 800 clients, severity on the day {} on coming"
_STRONGLY = _MADE.format("decides strongly")


def _design(name: str, method: str, setting: str, run: Run, *, fails: bool = False) -> Design:
    source: Source = "synthetic" if setting.startswith("synthetic") else "outside"
    return Design(name, method, setting, source, run, _EFFECT, 0, sets=200, fails=fails)


DESIGNS = (
    _design("msm", _MSM, _STEERED, _outside("msm")),
    _design("msm-strong", _MSM, "the same, twice as strongly", _outside("msm", pull=0.2)),
    _design("msm-leaving", _MSM, _LEAVES, _outside("msm", leaving=True)),
    _design("msm-by-lot", _MSM, _BY_LOT, _outside("msm", pull=0)),
    _design("msm-usual", _MSM, _MADE.format("decides a little"), _synthetic("msm", _USUAL)),
    _design("landmark", _LANDMARK, _BY_LOT, _outside("landmark", pull=0)),
    _design("spline-by-lot", _SPLINE, _BY_LOT, _outside("spline", pull=0)),
    _design("naive-by-lot", _NAIVE, _BY_LOT, _outside("naive", pull=0)),
    _design("naive-flat", _NAIVE, _MADE.format("has no say"), _synthetic("naive", _FLAT)),
    _design("naive", _NAIVE, _STEERED, _outside("naive"), fails=True),
    _design("naive-strong", _NAIVE, _STRONGLY, _synthetic("naive", _STEEP), fails=True),
    _design("landmark-steered", _LANDMARK, _STEERED, _outside("landmark"), fails=True),
    _design("msm-unrecorded", _MSM, _STRONGLY, _synthetic("msm", _STEEP), fails=True),
)
