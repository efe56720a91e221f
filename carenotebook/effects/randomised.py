"""Randomisation inference: what the estimate would be, had others been treated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array
from carenotebook.effects.panel import Panel

Points = Callable[[Array, Array], Array]
"""Estimates, one an assignment, from outcomes, shape (units, periods), and from when each unit's
treatment begins, shape (assignments, units)."""


@dataclass(frozen=True)
class Randomised:
    """How unusual an estimate is among those of other assignments.

    Attributes
    ----------
    p_value : float
        Share of the assignments, the true one among them, with an estimate at least as far from 0.
    conf_low, conf_high : float or None
        The constant effects that a test at 5 % does not reject; None where there are too few
        assignments to reject any.
    assignments : int
    """

    p_value: float
    conf_low: float | None
    conf_high: float | None
    assignments: int


def randomised(panel: Panel, points: Points, draws: int, seed: int) -> Randomised:
    """Give the times at which treatment began to other clusters, all ways or `draws` of them.

    Notes
    -----
    Estimates are linear in the outcome, so that those under any constant effect follow from one
    with the outcomes and one with the treatment itself.

    Raises
    ------
    OptionError
        If treatment begins at several times within one cluster.
    """
    began = _of_clusters(panel)
    treated = np.where(panel.seen, panel.treated, np.nan).astype(float)
    rows = np.array([began, *_others(began, draws, seed)])[:, panel.cluster]
    found = np.column_stack([points(values, rows) for values in (panel.outcome, treated)])
    found = found[np.isfinite(found).all(1)]
    values, doses = found.T
    far = np.abs(values) >= abs(values[0]) * (1 - 1e-9)
    low, high = _ends(values, doses)
    return Randomised(float(far.mean()), low, high, len(values))


def _ends(values: Array, doses: Array) -> tuple[float | None, float | None]:
    """Effects at which the true assignment stands out less than 5 % of all do.

    An assignment is at least as far out for effects within an interval around the estimate; the
    true one always is.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        first = (values[0] - values[1:]) / (1 - doses[1:])
        second = (values[0] + values[1:]) / (1 + doses[1:])
    bounded = np.abs(doses[1:]) < 1 - 1e-9
    high = np.where(bounded, np.maximum(first, second), np.inf)
    low = np.where(bounded, np.minimum(first, second), -np.inf)
    place = int(0.05 * len(values))
    if place == 0:
        return None, None
    ends = (float(np.sort(low)[place - 1]), float(np.sort(high)[-place]))
    return tuple(e if np.isfinite(e) else None for e in ends)  # type: ignore[return-value]


def _of_clusters(panel: Panel) -> Array:
    began = np.full(int(panel.cluster.max()) + 1, np.nan)
    began[panel.cluster] = panel.group
    if (began[panel.cluster] != panel.group).any():
        raise OptionError(
            "difference_in_differences(): randomisation needs treatment to begin at one time "
            "within each cluster."
        )
    return began


def _others(began: Array, draws: int, seed: int) -> Iterator[Array]:
    """Assignments other than the true one."""
    kinds, counts = np.unique(began, return_counts=True)
    ways, left = 1, len(began)
    for count in counts:
        ways *= comb(left, int(count))
        left -= int(count)
    if ways <= draws + 1:
        yield from (a for a in _all(kinds, counts, len(began)) if (a != began).any())
        return
    rng = np.random.default_rng(seed)
    yield from (rng.permutation(began) for _ in range(draws))


def _all(kinds: Array, counts: npt.NDArray[np.int64], size: int) -> Iterator[Array]:
    def placed(kind: int, free: tuple[int, ...], so_far: Array) -> Iterator[Array]:
        if kind == len(kinds):
            yield so_far
            return
        for chosen in combinations(free, int(counts[kind])):
            after = so_far.copy()
            after[list(chosen)] = kinds[kind]
            rest = tuple(f for f in free if f not in chosen)
            yield from placed(kind + 1, rest, after)

    yield from placed(0, tuple(range(size)), np.full(size, np.nan))
