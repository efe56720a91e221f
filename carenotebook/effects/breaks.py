"""Whether a jump or a kink exists beyond a smooth curve, and where the data support one best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

CRITICAL = 7.3523
"""95th percentile of the likelihood ratio of where a break is: -2 log(1 - sqrt(0.95)) (Hansen
2000). A kink's is smaller, so that its interval is too wide rather than too narrow."""

_ENDS = (0.10, 0.90)
_MOST = 60
LEAST_BESIDE = 10


@dataclass(frozen=True)
class Break:
    """The best-supported place of a break.

    Attributes
    ----------
    at : float
        The lowest dose beyond the break.
    low, high : float
        Ends of the 95 % set: above the one, at or below the other.
    covered : float
        Share of the places first tried that the set spans; near 1 the data locate no break.
    p_value : float
        That there is none at any place tried.
    profile : array of shape (places, 2)
        Dose and likelihood ratio against the best.
    """

    at: float
    low: float
    high: float
    covered: float
    p_value: float
    profile: Array


def bent(dose: Array, at: float) -> Array:
    """A jump and a kink at a dose: columns of shape (rows, 2)."""
    above = dose >= at
    return np.column_stack([above.astype(np.float64), np.where(above, dose - at, 0.0)])


def check_threshold(dose: Array, threshold: float, caller: str) -> None:
    """Refuse a threshold that hardly any row lies beyond.

    Raises
    ------
    OptionError
    """
    fewest = min(int((dose >= threshold).sum()), int((dose < threshold).sum()))
    values = [len(np.unique(dose[s])) for s in (dose >= threshold, dose < threshold)]
    if fewest < LEAST_BESIDE or min(values) < 3:
        raise OptionError(
            f"{caller}: threshold={threshold:g} has fewer than {LEAST_BESIDE} rows, or fewer than "
            "3 distinct doses, on one side; nothing can be said of a break there."
        )


def find_break(  # noqa: PLR0913, PLR0917 - a model and how it is drawn
    y: Array,
    dose: Array,
    smooth: Array,
    weights: Array | None,
    clusters: npt.NDArray[np.int64] | None,
    draws: int,
    seed: int,
) -> Break:
    """Try a jump and kink at each place between the 10th and 90th percentile of doses.

    Parameters
    ----------
    y, dose : arrays of shape (rows,)
    smooth : array of shape (rows, terms)
        The design of the smooth model.
    weights : array, optional
    clusters : array, optional
        Whose residuals change sign together when drawn.
    draws, seed : int
        Of the wild bootstrap under the smooth model, whose largest gain gives the p-value.
    """
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    base, _ = np.linalg.qr(smooth * root[:, None])
    residual = _without(y * root, base)
    coarse, frames = _frames(dose, root, base, _tried(dose))
    gains = _gains(frames, residual)
    total = float(residual @ residual)
    observed = gains.max() / (total - gains.max())
    fine, closer = _frames(dose, root, base, _near(dose, coarse, len(y), total - gains))
    places, first = np.unique(np.concatenate([coarse, fine]), return_index=True)
    left = total - np.concatenate([gains, _gains(closer, residual)])[first]
    best = int(left.argmin())
    ratio = len(y) * (left - left[best]) / left[best]
    inside = places[ratio <= CRITICAL]
    largest = _drawn(residual, base, frames, clusters, np.random.default_rng(seed), draws)
    return Break(
        at=float(places[best]),
        low=float(dose[dose < inside.min()].max()),
        high=float(inside.max()),
        covered=float(np.mean((coarse >= inside.min()) & (coarse <= inside.max()))),
        p_value=float((1 + (largest >= observed).sum()) / (1 + draws)),
        profile=np.column_stack([places, ratio]),
    )


def _without(values: Array, base: Array) -> Array:
    return np.asarray(values - base @ (base.T @ values))


def _gains(frames: Array, residual: Array) -> Array:
    return np.asarray((np.einsum("gij,i->gj", frames, residual) ** 2).sum(1))


def _tried(dose: Array) -> Array:
    low, high = np.quantile(dose, _ENDS)
    return _at_most(np.unique(dose[(dose >= low) & (dose <= high)]))


def _near(dose: Array, coarse: Array, rows: int, left: Array) -> Array:
    """Doses around those that the coarse search cannot tell apart."""
    ratio = rows * (left - left.min()) / left.min()
    inside = np.nonzero(ratio <= CRITICAL)[0]
    low, high = coarse[max(inside[0] - 1, 0)], coarse[min(inside[-1] + 1, len(coarse) - 1)]
    return _at_most(np.unique(dose[(dose >= low) & (dose <= high)]))


def _at_most(places: Array) -> Array:
    if len(places) <= _MOST:
        return places
    return np.unique(np.quantile(places, np.linspace(0, 1, _MOST), method="nearest"))


def _frames(dose: Array, root: Array, base: Array, tried: Array) -> tuple[Array, Array]:
    """Places, and at each an orthonormal frame (places, rows, 2) of what a break there adds."""
    kept, found = [], []
    for at in tried:
        beside = min((dose >= at).sum(), (dose < at).sum())
        added = _without(bent(dose, at) * root[:, None], base)
        size = np.linalg.norm(added, axis=0)
        if beside < LEAST_BESIDE or size.min() < 1e-8 * len(dose) ** 0.5:
            continue
        q, r = np.linalg.qr(added / size)
        if abs(r[1, 1]) > 1e-6:
            kept.append(at)
            found.append(q)
    if not found:
        raise OptionError("dose_response(): the doses leave no place where a break could be tried.")
    return np.array(kept), np.array(found)


def _drawn(  # noqa: PLR0913, PLR0917 - a model and how it is drawn
    residual: Array,
    base: Array,
    frames: Array,
    clusters: npt.NDArray[np.int64] | None,
    chance: np.random.Generator,
    draws: int,
) -> Array:
    """The largest gain over places in each draw without a break."""
    group = np.arange(len(residual)) if clusters is None else clusters
    signs = chance.choice([-1.0, 1.0], (int(group.max()) + 1, draws))
    drawn = _without(residual[:, None] * signs[group], base)
    total = (drawn**2).sum(0)
    gains = np.array([((q.T @ drawn) ** 2).sum(0) for q in frames])
    largest: Array = (gains / (total - gains)).max(0)
    return largest
