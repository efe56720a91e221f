"""The clients: attributes, obstacles and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carenotebook.synthetic.draws import Draws, Flags, Floats, Ints
from carenotebook.synthetic.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_RECORDED = -1
_MOST_PREVALENT = 0.9
_GROUPED = ("obstacles", "misses", "safeguards")
_AFFECTED = (
    "no_show",
    "late_cancel",
    "early_cancel",
    "rescheduled",
    "technical_failure",
    "fading",
)


@dataclass(frozen=True)
class People:
    """One entry a client. `levels` are positions in the attribute's levels.

    `recorded` differs from `levels` where the attribute was not recorded: it acts all the same.
    """

    levels: Mapping[str, Ints]
    recorded: Mapping[str, Ints]
    obstacles: Flags
    misses: Floats
    safeguards: Floats
    ratios: Mapping[str, Floats]

    @property
    def size(self) -> int:
        return self.misses.size


def draw_people(truth: Truth, clients: int, draws: Draws) -> People:
    """Clients with their groups, obstacles and reliability."""
    levels = {a.column: draws.pick(a.shares, clients) for a in truth.attributes}
    recorded = {
        a.column: np.where(draws.happens(a.missing, clients), NOT_RECORDED, levels[a.column])
        for a in truth.attributes
    }
    kinds = np.array([r for r, _ in truth.attendance.reliability])
    reliability = kinds[draws.pick([s for _, s in truth.attendance.reliability], clients)]
    groups = {effect: _group_ratio(truth, levels, clients, effect) for effect in _GROUPED}
    obstacles = np.array(
        [
            draws.happens(np.minimum(o.prevalence * groups["obstacles"], _MOST_PREVALENT), clients)
            for o in truth.obstacles
        ]
    ).reshape(len(truth.obstacles), clients)
    return People(
        levels=levels,
        recorded=recorded,
        obstacles=obstacles,
        misses=reliability * groups["misses"],
        safeguards=groups["safeguards"],
        ratios={name: _obstacle_ratio(truth, obstacles, name) for name in _AFFECTED},
    )


def _group_ratio(truth: Truth, levels: Mapping[str, Ints], clients: int, effect: str) -> Floats:
    product = np.ones(clients)
    places = {a.column: a.levels for a in truth.attributes}
    for group in truth.groups:
        member = levels[group.column] == places[group.column].index(group.level)
        product = np.where(member, product * getattr(group, effect), product)
    return product


def _obstacle_ratio(truth: Truth, obstacles: Flags, effect: str) -> Floats:
    product = np.ones(obstacles.shape[1])
    for obstacle, has in zip(truth.obstacles, obstacles, strict=True):
        product = np.where(has, product * getattr(obstacle, effect), product)
    return product
