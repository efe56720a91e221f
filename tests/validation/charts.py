"""Funnels and control charts: how often a unit, or a point, that is like the others lies within.

Each data set gives one answer, the first unit or the last point, so that answers are independent.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from validation.engine import Answer, Design

import carenotebook as cn

_UNITS = 40


def _funnel(spread: float, *, overdispersion: bool):
    """Units that differ by a gamma with this variance, and by chance; limits of 95 %."""

    def run(chance: np.random.Generator, _: float) -> Answer:
        expected = chance.uniform(20, 120, _UNITS)
        own = chance.gamma(1 / spread, spread, _UNITS) if spread else 1.0
        frame = pl.DataFrame(
            {
                "site": np.arange(_UNITS),
                "misses": chance.poisson(expected * own),
                "expected": expected,
            }
        )
        found = cn.quality.funnel(frame, "site", "misses", "expected", overdispersion, 0.95)
        first = found.tidy().row(0, named=True)
        return Answer(1.0, first["lower"], first["upper"], first["ratio"])

    return run


def _chart(chart: str, spread: float = 0.0):
    """Limits frozen at the first 24 points; asked: whether the 25th lies within."""

    def run(chance: np.random.Generator, _: float) -> Answer:
        of = chance.integers(350, 450, 25)
        if chart == "xmr":
            value = chance.normal(50, 5, 25)
        else:
            rate = np.clip(chance.normal(0.2, spread, 25), 0, 1)
            value = chance.binomial(of, rate)
        frame = pl.DataFrame({"week": np.arange(25), "value": value, "of": of})
        shares = {} if chart == "xmr" else {"denominator": "of"}
        found = cn.quality.spc(frame, "value", "week", chart, baseline=24, **shares)
        last = found.tidy().row(-1, named=True)
        return Answer(last["center"], last["lower"], last["upper"], last["value"])

    return run


_FUNNEL, _DIFFER = "Funnel, 95 % limits", "40 units that differ by a fifth beyond chance"
_BASE = "24 points of baseline, the 25th alike"
DESIGNS = (
    Design("funnel", _FUNNEL, _DIFFER, "outside", _funnel(0.04, overdispersion=True), 0),
    Design(
        "funnel-chance",
        _FUNNEL,
        "40 units that differ by chance alone",
        "outside",
        _funnel(0.0, overdispersion=True),
        0,
    ),
    Design(
        "funnel-plain",
        _FUNNEL + ", no over-dispersion",
        _DIFFER,
        "outside",
        _funnel(0.04, overdispersion=False),
        0,
        fails=True,
    ),
    Design("xmr", "XmR chart", _BASE + ", normal", "outside", _chart("xmr"), 0, level=0.9973),
    Design("p-chart", "p-chart", _BASE + ", binomial", "outside", _chart("p"), 0, level=0.9973),
    Design(
        "laney",
        "p'-chart",
        _BASE + ", rates that differ beyond chance",
        "outside",
        _chart("pprime", 0.04),
        0,
        level=0.9973,
    ),
    Design(
        "p-chart-overdispersed",
        "p-chart",
        _BASE + ", rates that differ beyond chance",
        "outside",
        _chart("p", 0.04),
        0,
        level=0.9973,
        fails=True,
    ),
)
