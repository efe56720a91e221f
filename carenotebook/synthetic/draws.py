"""Random draws that come out the same on every machine.

Only uniform draws, sums, products, square roots and comparisons are used: IEEE arithmetic rounds
these in one way, while logarithms and exponentials differ in the last bit between libraries and
could tip an outcome over its threshold. For the same reason nothing is summed in an order that a
machine may choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STREAMS = (
    "people",
    "calendar",
    "intake",
    "attendance",
    "timing",
    "symptoms",
    "endings",
    "details",
    "measures",
    "contacts",
    "checkins",
    "actions",
    "beginnings",
)
_SQRT_3 = 1.7320508075688772


class Draws:
    """One source of uniform draws."""

    def __init__(self, source: np.random.Generator) -> None:
        self._source = source

    def uniform(self, size: int) -> Floats:
        """Uniform on [0, 1)."""
        return self._source.random(size)

    def happens(self, chance: Floats | float, size: int) -> Flags:
        """True with the given chance."""
        return np.asarray(self.uniform(size) < chance)

    def whole(self, low: Any, high: Any, size: int) -> Ints:
        """Whole numbers from `low` to `high`, both included; scalars or arrays."""
        width = np.asarray(high) - np.asarray(low) + 1
        drawn = np.asarray(low) + np.floor(self.uniform(size) * width)
        return np.asarray(drawn, dtype=np.int64)

    def bell(self, size: int) -> Floats:
        """Bell-shaped, mean 0, standard deviation 1: the sum of four uniform draws."""
        total = self.uniform(size)
        for _ in range(3):
            total = total + self.uniform(size)
        return (total - 2.0) * _SQRT_3

    def pick(self, shares: Sequence[float], size: int) -> Ints:
        """Positions in `shares`, each as often as its share."""
        edges = np.cumsum(np.asarray(shares, dtype=np.float64))
        found = np.searchsorted(edges[:-1], self.uniform(size) * edges[-1], side="right")
        return np.asarray(found, dtype=np.int64)


def open_streams(seed: int) -> dict[str, Draws]:
    """A separate source for each purpose."""
    spawned = np.random.SeedSequence(seed).spawn(len(STREAMS))
    return {
        name: Draws(np.random.default_rng(child))
        for name, child in zip(STREAMS, spawned, strict=True)
    }
