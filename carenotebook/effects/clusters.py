"""Rows that go together: of one client, of one therapist, or of both at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array, codes
from carenotebook.results.estimate import Assumption

Codes = npt.NDArray[np.int64]
FEW = 20
"""Below so many clusters errors by cluster tend to be too small (Cameron & Miller 2015)."""

_PEOPLE = {"client_id": "clients", "therapist_id": "therapists"}


@dataclass(frozen=True)
class Clusters:
    """One way in which rows go together, or two that cross.

    Attributes
    ----------
    names : tuple of str
        The columns.
    ways : tuple of integer arrays of shape (rows,)
        0, 1, ... in each.
    """

    names: tuple[str, ...]
    ways: tuple[Codes, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many clusters there are in each way."""
        return tuple(int(w.max()) + 1 for w in self.ways)

    @property
    def freedom(self) -> float:
        """Of Student's t: the fewest clusters less one."""
        return min(self.sizes) - 1.0

    @property
    def coarsest(self) -> Codes:
        """The way with the fewest clusters."""
        return self.ways[int(np.argmin(self.sizes))]

    @property
    def counted(self) -> dict[str, int]:
        """How many, clients by the name under which the privacy gate counts them."""
        named = (_PEOPLE.get(n, n) for n in self.names)
        return dict(zip(named, self.sizes, strict=True))

    def covariance(self, of: Callable[[Codes], Array]) -> Array:
        """A covariance by cluster; in two ways the sum of both less that of where they cross.

        Parameters
        ----------
        of : callable
            The covariance for one way, small-sample factor included.

        Notes
        -----
        Cameron, Gelbach & Miller 2011 (J Bus Econ Stat 29:238). Where the difference has negative
        eigenvalues these are set to 0, and no variance is taken below that of either way alone.
        """
        parts = [of(w) for w in self.ways]
        if len(parts) == 1:
            return parts[0]
        _, crossed = np.unique(np.column_stack(self.ways), axis=0, return_inverse=True)
        whole = parts[0] + parts[1] - of(crossed.ravel().astype(np.int64))
        values, vectors = np.linalg.eigh(whole)
        if (values >= 0).all():
            return whole
        mended = (vectors * np.maximum(values, 0)) @ vectors.T
        least = np.maximum(*(np.diag(p) for p in parts))
        short = np.maximum(least - np.diag(mended), 0)
        return np.asarray(mended + np.diag(short))

    @property
    def enough(self) -> Assumption:
        """Whether there are enough of them for errors by cluster."""
        told = " and ".join(_told(name, n) for name, n in self.counted.items())
        return Assumption(
            "There are enough clusters for errors by cluster.", told, holds=min(self.sizes) >= FEW
        )


def _told(name: str, number: int) -> str:
    """How many there are; of clients no exact number is told."""
    if name != "clients":
        return f"{number} {name}"
    return f"{FEW} clients or more" if number >= FEW else f"fewer than {FEW} clients"


def names_of(cluster: str | Sequence[str] | None, caller: str) -> tuple[str, ...]:
    """The columns that `cluster=` names.

    Raises
    ------
    OptionError
        For more than two, or one twice.
    """
    names = (cluster,) if isinstance(cluster, str) else tuple(cluster or ())
    if len(names) > 2 or len(set(names)) < len(names):
        raise OptionError(f"{caller}: cluster= names a column, or two that differ.")
    return names


def clusters_of(frame: pl.DataFrame, names: Sequence[str], caller: str) -> Clusters | None:
    """The clusters of the rows; None where no column is named.

    Raises
    ------
    OptionError
        For a single cluster.
    """
    if not names:
        return None
    found = tuple(codes(frame, n) for n in names)
    single = [n for n, w in zip(names, found, strict=True) if w.max() < 1]
    if single:
        raise OptionError(
            f"{caller}: {single[0]} has a single value; errors cannot be found. Leave it out, "
            "or name another column."
        )
    return Clusters(tuple(names), found)
