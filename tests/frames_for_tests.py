"""Every frame-level function with a frame that it takes: what the contract tests go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

import carenotebook as cn


@dataclass(frozen=True)
class Case:
    """A function, a frame, and how it is called.

    Attributes
    ----------
    call : callable
        The function with its columns named; the frame is its one argument left.
    frame : polars.DataFrame
    numeric : tuple of str
        Columns that must hold numbers.
    optional : tuple of str
        Columns that may hold null: it has a meaning of its own.
    terms : tuple of str
        Columns of `tidy`, the first ones in this order.
    covariates : tuple of str
        Those of `numeric` that may be names of categories as well.
    refuses_missing : bool
        Whether a row with a missing value stops it; elsewhere such rows are left out and counted.
    """

    call: Callable[[Any], Any]
    frame: pl.DataFrame
    numeric: tuple[str, ...]
    terms: tuple[str, ...]
    optional: tuple[str, ...] = ()
    refuses_missing: bool = False
    covariates: tuple[str, ...] = ()


ESTIMATED = ("term", "estimate", "std_error", "conf_low", "conf_high")
TESTED = (*ESTIMATED, "statistic", "p_value")
RATIOS = (*TESTED, "ratio", "ratio_low", "ratio_high")


def people(rows: int = 240, seed: int = 1) -> pl.DataFrame:
    """One row a person, with what a comparison needs."""
    chance = np.random.default_rng(seed)
    severe = chance.normal(size=rows)
    seen = chance.random(rows) < 1 / (1 + np.exp(-0.8 * severe))
    score = 12 + 2 * severe - 2 * seen + chance.normal(size=rows)
    return pl.DataFrame(
        {
            "client_id": [f"XQ-{i:05}" for i in range(rows)],
            "therapist_id": [f"TH-{i % 24:03}" for i in range(rows)],
            "site": chance.choice(["Zeta", "Yota", "Xi"], rows),
            "severe": severe,
            "share": chance.random(rows),
            "seen": seen.astype(np.int64),
            "left": (chance.random(rows) < 0.3 + 0.2 * seen).astype(np.int64),
            "risk": chance.random(rows),
            "score": score,
            "entered": chance.integers(0, 5, rows).astype(float),
            "weeks": chance.integers(6, 40, rows).astype(float),
            "ended": (chance.random(rows) < 0.6).astype(np.int64),
            "way": chance.choice(["completed", "dropped_out", "censored"], rows),
        }
    )


def sessions(clients: int = 60, seed: int = 2) -> pl.DataFrame:
    """One row a client and session."""
    chance, rows = np.random.default_rng(seed), []
    for who in range(clients):
        total, start = 3 + who % 8, chance.normal(18, 3)
        for number in range(1, total + 1):
            score = start - 12 * number / total + chance.normal()
            missed = int(chance.random() < 0.3)
            rows.append((f"XQ-{who:05}", number, number % 2, score, who % 3 + 0.5, missed))
    names = ["client_id", "session", "late", "score", "baseline", "missed"]
    return pl.DataFrame(rows, schema=names, orient="row")


def months(points: int = 40, seed: int = 3) -> pl.DataFrame:
    """One row a month."""
    chance = np.random.default_rng(seed)
    at = np.arange(points)
    mean = np.exp(4 + 0.01 * at - 0.4 * (at >= 24))
    return pl.DataFrame(
        {
            "month": at,
            "missed": chance.poisson(mean),
            "clients": chance.integers(150, 250, points),
            "hours": chance.normal(5, 1, points),
        }
    )


def panel(units: int = 30, periods: int = 8, seed: int = 4) -> pl.DataFrame:
    """One row a site and period; a third is never treated."""
    chance, rows = np.random.default_rng(seed), []
    for site in range(units):
        first = (0, 4, 6)[site % 3]
        level = chance.normal(20, 3)
        for period in range(1, periods + 1):
            treated = first and period >= first
            outcome = level + 0.5 * period - 3 * bool(treated) + chance.normal()
            rows.append((f"ST-{site:03}", period, first, outcome))
    return pl.DataFrame(rows, schema=["site", "period", "first", "missed"], orient="row")


def units(many: int = 30, seed: int = 5) -> pl.DataFrame:
    """One row a service."""
    chance = np.random.default_rng(seed)
    expected = chance.uniform(20, 200, many)
    return pl.DataFrame(
        {
            "site": [f"ST-{i:03}" for i in range(many)],
            "misses": chance.poisson(expected * np.exp(chance.normal(0, 0.2, many))),
            "expected": expected,
        }
    )


def cases() -> Mapping[str, Case]:
    """By name, every public function of `effects` and `quality` that takes a frame."""
    e, q = cn.effects, cn.quality
    person, session, month, site, unit = people(), sessions(), months(), panel(), units()
    tipped = person.with_columns(score=pl.when(pl.int_range(pl.len()) % 7 > 0).then("score"))
    return {
        "survival_curve": Case(
            partial(e.survival_curve, duration="weeks", event="ended", by="site"),
            person,
            ("weeks", "ended"),
            ("site", "time", "at_risk", "events", "estimate", "std_error", "conf_low", "conf_high"),
            optional=("site",),
        ),
        "cumulative_incidence": Case(
            partial(e.cumulative_incidence, duration="weeks", event="way", by="site"),
            person,
            ("weeks",),
            ("site", "term", "time", "at_risk", "events", *ESTIMATED[1:]),
            optional=("site", "way"),
        ),
        "hazard_model": Case(
            partial(
                e.hazard_model,
                duration="weeks",
                event="ended",
                covariates=["severe", "site"],
                entry="entered",
                cluster="therapist_id",
            ),
            person,
            ("weeks", "ended", "severe", "entered"),
            (*TESTED, "hazard_ratio", "ratio_low", "ratio_high"),
            covariates=("severe",),
        ),
        "repeated_measures": Case(
            partial(e.repeated_measures, formula="score ~ session + baseline", client="client_id"),
            session,
            ("score", "session", "baseline"),
            TESTED,
            covariates=("session", "baseline"),
        ),
        "repeated_measures_gee": Case(
            partial(
                e.repeated_measures,
                formula="score ~ session + baseline",
                client="client_id",
                method="gee",
            ),
            session,
            ("score", "session", "baseline"),
            TESTED,
            covariates=("session", "baseline"),
        ),
        "interrupted_time_series": Case(
            partial(
                e.interrupted_time_series,
                outcome="missed",
                time="month",
                start=24,
                exposure="clients",
                family="quasipoisson",
                slope_change=True,
                adjust=["hours"],
            ),
            month,
            ("missed", "month", "clients", "hours"),
            RATIOS,
            covariates=("hours",),
        ),
        "difference_in_differences": Case(
            partial(
                e.difference_in_differences,
                outcome="missed",
                unit="site",
                time="period",
                first_treated="first",
            ),
            site,
            ("missed", "period", "first"),
            (*ESTIMATED, "p_value"),
            optional=("first",),
        ),
        "stepped_wedge": Case(
            partial(
                e.stepped_wedge,
                outcome="missed",
                cluster="site",
                time="period",
                first_treated="first",
            ),
            site,
            ("missed", "period", "first"),
            TESTED,
            optional=("first",),
        ),
        "weighted_effect": Case(
            partial(
                e.weighted_effect,
                outcome="score",
                treatment="seen",
                adjust=["severe", "site"],
                cluster="therapist_id",
            ),
            person,
            ("score", "seen", "severe"),
            TESTED,
            covariates=("severe",),
        ),
        "dose_response": Case(
            partial(
                e.dose_response,
                outcome="score",
                dose="share",
                adjust=["severe", "site"],
                threshold=0.6,
                cluster="therapist_id",
                draws=19,
            ),
            person,
            ("score", "share", "severe"),
            TESTED,
            covariates=("severe",),
        ),
        "good_enough_level": Case(
            partial(e.good_enough_level, outcome="score", client="client_id", session="session"),
            session,
            ("score", "session"),
            TESTED,
        ),
        "misclassified_outcome": Case(
            partial(e.misclassified_outcome, outcome="left", treatment="seen"),
            person,
            ("left", "seen"),
            TESTED,
        ),
        "tipping_point": Case(
            partial(e.tipping_point, outcome="score", treatment="seen"),
            tipped,
            ("score", "seen"),
            TESTED,
            optional=("score",),
        ),
        "decision_curve": Case(
            partial(e.decision_curve, outcome="left", predictions=["risk"], thresholds=[0.2, 0.4]),
            person,
            ("left", "risk"),
            ("model", "threshold", "net_benefit"),
        ),
        "reliable_change": Case(
            partial(
                e.reliable_change,
                first="weeks",
                last="score",
                sd=7.5,
                reliability=0.8,
                client="client_id",
                case_at=14,
            ),
            person,
            ("weeks", "score"),
            ("term", "numerator", "denominator"),
        ),
        "cluster_bootstrap": Case(
            partial(
                e.cluster_bootstrap,
                outcome="missed",
                covariates=["late", "baseline"],
                cluster="client_id",
                draws=20,
            ),
            session,
            ("missed", "late", "baseline"),
            ESTIMATED,
            covariates=("late", "baseline"),
        ),
        "spc": Case(
            partial(q.spc, value="missed", time="month", chart="u", denominator="clients"),
            month,
            ("missed", "clients"),
            ("time", "value", "denominator", "phase", "center", "lower", "upper", "signal"),
            refuses_missing=True,
        ),
        "funnel": Case(
            partial(q.funnel, unit="site", observed="misses", expected="expected"),
            unit,
            ("misses", "expected"),
            ("site", "observed", "expected", "ratio", "z", "lower", "upper", "outlier"),
            refuses_missing=True,
        ),
    }


def columns_of(case: Case) -> Sequence[str]:
    """The columns that a call names."""
    given: list[str] = []
    for value in case.call.keywords.values():  # type: ignore[attr-defined]
        given += (
            [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
        )
    found = [c for c in given if c in case.frame.columns]
    if "formula" in case.call.keywords:  # type: ignore[attr-defined]
        found += ["score", "session", "baseline"]
    return list(dict.fromkeys(found))
