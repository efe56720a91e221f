"""What has been shown before, so that two figures never tell the few clients between them.

Changing a rule step by step releases figure after figure; the difference of two is a figure too
(a differencing attack). A new set of clients that differs from a shown one by fewer than `min_cell`
clients is therefore shown as that one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from carenotebook.privacy.suppress import Privacy

Members = npt.NDArray[np.bool_]
T = TypeVar("T")


class Ledger:
    """The figures that one reader has seen, each with the clients it counts.

    Parameters
    ----------
    privacy : Privacy

    Examples
    --------
    >>> ledger = Ledger(Privacy())
    >>> first, second = np.arange(100) < 40, np.arange(100) < 43
    >>> ledger.settle("clients", first, lambda: 40), ledger.settle("clients", second, lambda: 43)
    (40, 40)
    >>> ledger.settle("clients", np.arange(100) < 9, lambda: 9) is None
    True
    """

    def __init__(self, privacy: Privacy) -> None:
        self.privacy = privacy
        self._shown: dict[str, list[tuple[npt.NDArray[np.uint8], int, Any]]] = {}

    def settle(self, what: str, members: Members, figure: Callable[[], T]) -> T | None:
        """The figure to show for a set of clients.

        Parameters
        ----------
        what : str
            Which figures can be compared with each other ("clients", "clients in London").
        members : array of bool
            One value a client of the cohort, always in the same order.
        figure : callable
            Computes the figure; called only if it is new.

        Returns
        -------
        object or None
            The figure, or that of the earlier set from which it differs too little; None where
            fewer than `min_cell` clients are counted.
        """
        size, least = int(np.count_nonzero(members)), self.privacy.min_cell
        if size < least:
            return None
        packed = np.packbits(members)
        shown = self._shown.setdefault(what, [])
        for earlier, count, kept in shown:
            if abs(count - size) < least and _apart(packed, earlier) < least:
                return cast("T", kept)
        made = figure()
        shown.append((packed, size, made))
        return made


def _apart(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(a ^ b).sum())
