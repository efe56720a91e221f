"""Effects by imputation, after Borusyak, Jaravel and Spiess (2024)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.effects.frames import Array
from carenotebook.effects.panel import Mask, Panel
from carenotebook.effects.within import TwoWays, two_ways


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

    def average(self, chosen: Mask) -> tuple[float, Array]:
        """Mean effect over chosen cells, and what each unit adds to its error.

        Returns
        -------
        tuple
            Estimate, and an array of shape (units,) whose sum of squares is the variance: that of
            equation (7) of the paper, effects averaged by group and period.
        """
        chosen = chosen & self.usable
        own = chosen / chosen.sum()
        weights = own + self._carried(own)
        residual = np.where(self.ways.mask > 0, self.effect, 0.0)
        for began in np.unique(self.panel.group[self.panel.ever]):
            mine = self.panel.group == began
            square = own[mine] ** 2
            with np.errstate(invalid="ignore"):
                mean = (square * np.nan_to_num(self.effect[mine])).sum(0) / square.sum(0)
            residual[mine] = np.where(chosen[mine], self.effect[mine] - mean, residual[mine])
        return float((own * np.nan_to_num(self.effect)).sum()), (weights * residual).sum(1)

    def _carried(self, own: Array) -> Array:
        """Weights of untreated cells that those of treated cells bring with them."""
        mask = self.ways.mask
        size = np.maximum(mask.sum(1), 1.0)
        units, periods = own.sum(1), own.sum(0)
        pulled = self.ways.inverse @ (mask.T @ (units / size) - periods)
        mean = mask @ pulled / size
        carried: Array = mask * (pulled[None, :] - mean[:, None] - (units / size)[:, None])
        return carried


def impute(panel: Panel) -> Imputation:
    """Fit unit and period on untreated cells, and take what treated ones differ by."""
    untreated = panel.seen & ~panel.treated
    ways = two_ways(untreated)
    units, periods = ways.effects(panel.outcome)
    known = np.any(untreated, axis=1)[:, None] & np.any(untreated, axis=0)[None, :]
    usable = panel.seen & panel.treated & known
    effect = np.where(usable | untreated, panel.outcome - units[:, None] - periods[None, :], np.nan)
    return Imputation(panel, ways, usable, effect)
