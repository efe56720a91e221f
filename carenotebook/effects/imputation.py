"""Effects by imputation, after Borusyak, Jaravel and Spiess (2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from carenotebook.effects.frames import Array
from carenotebook.effects.panel import Mask, Panel
from carenotebook.effects.within import TwoWays, two_ways

_ALONE = 1 - 1e-9
"""A unit with such a share in a mean has nobody beside it."""


class Average(NamedTuple):
    """A mean effect; two arrays of shape (units,) whose sums of squares are variances."""

    estimate: float
    shares: Array
    """As published."""

    for_interval: Array
    """With what each unit has in the mean from which it departs allowed for."""


@dataclass(frozen=True)
class Imputation:
    """What untreated cells say that treated ones would have been.

    Attributes
    ----------
    panel : Panel
    ways : TwoWays
        On the cells without treatment.
    usable : array of shape (units, periods)
        Treated cells whose unit and period are both seen without treatment.
    effect : array of shape (units, periods)
        Observed less imputed; of untreated cells the residual.
    """

    panel: Panel
    ways: TwoWays
    usable: Mask
    effect: Array

    def average(self, chosen: Mask) -> Average:
        """Mean effect over chosen cells, with what each unit adds to its error.

        Notes
        -----
        The error is that of equation (7) of the paper, effects averaged by group and period. The
        interval's allows for what each unit has in the mean from which it departs (as HC2 for a
        regression), since the paper warns of small groups; a unit that is alone in its group
        departs from those at the same time since treatment, or from all.
        """
        chosen = chosen & self.usable
        own = chosen / chosen.sum()
        weights = own + self._carried(own)
        effect, square = self.effect[chosen], own[chosen] ** 2
        group = np.broadcast_to(self.panel.group[:, None], chosen.shape)[chosen]
        time = np.broadcast_to(self.panel.times[None, :], chosen.shape)[chosen]
        among = [np.stack((group, time)), (time - group)[None], np.zeros((1, len(time)))]
        departures = [_departures(effect, square, cells) for cells in among]
        published = departures[0][0]
        unbiased = np.zeros(len(effect))
        for departure, share in reversed(departures):
            grown = departure / np.sqrt(np.maximum(1 - share, 1e-9))
            unbiased = np.where(share < _ALONE, grown, unbiased)
        residual = np.where(self.ways.mask > 0, self.effect, 0.0)
        shares = []
        for departure in (published, unbiased):
            residual[chosen] = departure
            shares.append((weights * residual).sum(1))
        return Average(float((own * np.nan_to_num(self.effect)).sum()), *shares)

    def _carried(self, own: Array) -> Array:
        """Weights of untreated cells that those of treated cells bring with them."""
        mask = self.ways.mask
        size = np.maximum(mask.sum(1), 1.0)
        units, periods = own.sum(1), own.sum(0)
        pulled = self.ways.inverse @ (mask.T @ (units / size) - periods)
        mean = mask @ pulled / size
        carried: Array = mask * (pulled[None, :] - mean[:, None] - (units / size)[:, None])
        return carried


def _departures(effect: Array, square: Array, cells: Array) -> tuple[Array, Array]:
    """How far effects lie from the mean of their cell, and the share that each has in that mean."""
    _, place = np.unique(cells, axis=1, return_inverse=True)
    place = place.ravel()
    total = np.bincount(place, weights=square)
    mean = np.bincount(place, weights=square * effect) / total
    return effect - mean[place], square / total[place]


def impute(panel: Panel) -> Imputation:
    """Fit unit and period on untreated cells, and take what treated ones differ by."""
    untreated = panel.seen & ~panel.treated
    ways = two_ways(untreated)
    units, periods = ways.effects(panel.outcome)
    known = np.any(untreated, axis=1)[:, None] & np.any(untreated, axis=0)[None, :]
    usable = panel.seen & panel.treated & known
    effect = np.where(usable | untreated, panel.outcome - units[:, None] - periods[None, :], np.nan)
    return Imputation(panel, ways, usable, effect)
