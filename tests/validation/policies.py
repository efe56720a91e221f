"""`policy_effect` on synthetic services whose policy averts a known share of no-shows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
from validation.engine import Answer, Design, Run
from validation.tidy import answer

import carenotebook as cn
from carenotebook.core.cohort import Cohort
from carenotebook.effects.policy import PolicyEffect
from carenotebook.synthetic.truth import Attendance, Policy, Service, Truth

_SITES = 24
_RATIO = 0.6
_MANY = 20_000
_TERM = {"its": "level_change", "did": "att", "stepped_wedge": "average_effect"}
_ROLLED_OUT = {
    "its": {},
    "did": {"untreated_sites": _SITES // 2},
    "stepped_wedge": {"rollout_weeks": 4},
}
_CLIENTS = {"its": 600, "did": 2000, "stepped_wedge": 800}
_EVERY = {"its": "1mo", "did": "1q", "stepped_wedge": "1q"}


def _truth(design: str, ratio: float) -> Truth:
    policy = Policy(no_show_ratio=ratio, ending_ratio=1.0, enforcement=1.0, **_ROLLED_OUT[design])
    attendance = Attendance(no_show=0.15, site_ratios=(1.0,) * _SITES)
    return Truth(policy=policy, attendance=attendance, service=Service(clients_per_therapist=10))


def _asked(cohort: Cohort, design: str) -> PolicyEffect:
    """With the beginning of the records told: of those referred before it only few are seen."""
    begun = cohort.episodes.select(pl.col("started_at").min()).collect().item()
    cohort = replace(cohort, observed_from=begun)
    return cn.policy_effect(cohort, design=design, measure="no_show", every=_EVERY[design])


@cache
def _in_all(design: str) -> float:
    """Of many clients under the policy, with it and had it changed nothing."""
    means = []
    for ratio in (_RATIO, 1.0):
        cohort, _ = cn.synthetic_cohort(_MANY, 0, _truth(design, ratio))
        found = _asked(cohort, design).outcomes.filter(outcome="no_show")
        means.append(float(found["after"].item()))
    with_policy, without = means
    ratio = float(np.log(with_policy / without))
    return ratio if design == "its" else with_policy - without


def _policy(design: str) -> Run:
    def run(chance: np.random.Generator, ratio: float) -> Answer:
        seed = int(chance.integers(2**31))
        cohort, _ = cn.synthetic_cohort(_CLIENTS[design], seed, _truth(design, ratio))
        truth = _in_all(design) if ratio < 1 else 0.0
        return answer(_asked(cohort, design).tidy(), _TERM[design], truth)

    return run


def _design(name: str, method: str, design: str, setting: str) -> Design:
    setting = f"synthetic services of {_CLIENTS[design]:,} clients, no-shows a client; {setting}"
    return Design(name, method, setting, "synthetic", _policy(design), _RATIO, 1.0, sets=200)


DESIGNS = (
    _design("policy-its", "Time series, quasi-Poisson (`policy_effect`)", "its", "by month"),
    _design("policy-did", "DiD, group-time (`policy_effect`)", "did", "12 of 24 sites, by quarter"),
    _design(
        "policy-wedge",
        "Stepped wedge, by exposure time (`policy_effect`)",
        "stepped_wedge",
        "24 sites, one every 4 weeks, by quarter",
    ),
)
