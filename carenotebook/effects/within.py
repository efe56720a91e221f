"""Effects of units and of periods, taken out of a panel that may have holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.effects.frames import Array
from carenotebook.effects.panel import Mask


@dataclass(frozen=True)
class TwoWays:
    """Least squares on unit and period, on the cells of a mask.

    Attributes
    ----------
    mask : array of shape (units, periods)
        As 0 and 1.
    inverse : array of shape (periods, periods)
        Generalised inverse of the normal matrix of the periods, the units taken out.
    rank : int
        Of that matrix: one less than the periods, where all are connected.
    """

    mask: Array
    inverse: Array
    rank: int

    def effects(self, values: Array) -> tuple[Array, Array]:
        """Of units and of periods; a unit without a cell has none (NaN)."""
        kept = np.where(self.mask > 0, values, 0.0)
        means = self._mean(kept)
        periods = self.inverse @ (kept.sum(0) - self.mask.T @ np.nan_to_num(means))
        return self._mean(np.where(self.mask > 0, values - periods, 0.0)), periods

    def residual(self, values: Array) -> Array:
        """What units and periods do not explain; 0 outside the mask."""
        units, periods = self.effects(values)
        return np.where(self.mask > 0, values - units[:, None] - periods, 0.0)

    def _mean(self, kept: Array) -> Array:
        with np.errstate(invalid="ignore"):
            mean: Array = kept.sum(1) / self.mask.sum(1)
        return mean


def two_ways(mask: Mask) -> TwoWays:
    """Prepare least squares on the cells of a mask."""
    cells = mask.astype(float)
    size = np.maximum(cells.sum(1), 1.0)
    normal = np.diag(cells.sum(0)) - cells.T @ (cells / size[:, None])
    used = cells.sum(0) > 0
    rank = int(np.linalg.matrix_rank(normal[np.ix_(used, used)])) if used.any() else 0
    return TwoWays(cells, np.linalg.pinv(normal, rcond=1e-10, hermitian=True), rank)
