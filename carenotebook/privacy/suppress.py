"""Which cells to hide, and how to round the others.

A cell of 1 to ``min_cell - 1`` clients is never shown or derivable (CMS cell size policy, as
published by ResDAC: 1-10); 0 may be shown. Shown counts are rounded to ``round_to`` (as in NHS
Talking Therapies publications).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from carenotebook.core.errors import OptionError

SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class Privacy:
    """What may leave: the smallest cell that is shown, and the rounding of counts.

    Parameters
    ----------
    min_cell : int
        Cells of fewer clients (but not 0) are hidden. At least 2.
    round_to : int
        Shown counts are rounded to a multiple of this. 1 leaves them.

    Examples
    --------
    >>> Privacy().label
    '<11'
    """

    min_cell: int = 11
    round_to: int = 5

    def __post_init__(self) -> None:
        if self.min_cell < 2 or self.round_to < 1:
            raise OptionError("Privacy: min_cell must be 2 or more and round_to 1 or more.")

    @property
    def label(self) -> str:
        """How a hidden cell is shown."""
        return f"<{self.min_cell}"

    def is_small(self, count: str) -> pl.Expr:
        """Whether a column counts too few clients to be shown."""
        return pl.col(count).is_between(1, self.min_cell - 1)

    def rounded(self, count: str) -> pl.Expr:
        """A column of counts, rounded; what may be shown is not rounded to what may not."""
        step, found = self.round_to, pl.col(count)
        least = -(-self.min_cell // step) * step
        nearest = (found + step // 2) // step * step
        shown = pl.when(found >= self.min_cell).then(pl.max_horizontal(nearest, pl.lit(least)))
        return shown.otherwise(nearest).cast(pl.Int64).alias(count)

    def round(self, count: int) -> int:
        """One count, rounded.

        Examples
        --------
        >>> Privacy().round(243), Privacy().round(11)
        (245, 15)
        """
        return int(pl.select(pl.lit(count).alias("n")).select(self.rounded("n")).item())


def hide(  # noqa: PLR0913, PLR0917 - the kinds of margin
    frame: pl.DataFrame,
    privacy: Privacy,
    clients: Sequence[str],
    margins: Sequence[Sequence[str]] = (),
    overlapping: Sequence[Sequence[str]] = (),
    divided: Sequence[Sequence[str]] = (),
) -> pl.DataFrame:
    """Mark the rows to hide in a boolean column `suppressed`.

    Parameters
    ----------
    frame : polars.DataFrame
        One cell a row.
    privacy : Privacy
    clients : sequence of str
        Columns that count clients; a row is hidden where any of them is small.
    margins : sequence of sequences of str
        For each, the columns whose values name a set of rows whose total is known beside them,
        where each client is in one row of the set. In each of `clients`, the hidden rows of such
        a set hold no client or at least `min_cell` together; more rows are hidden, smallest
        first, until they do (complementary suppression).
    overlapping : sequence of sequences of str
        The same for sets in which a client may be in several rows (months, therapists). Counts of
        clients do not add up there, so one hidden row must hold `min_cell` by itself.
    divided : sequence of sequences of str
        Overlapping sets over whose rows all the clients of the set divide (states); each row gives
        their number in the first of `clients`. Those not in a shown row are in a hidden one, which
        may do instead.

    Examples
    --------
    >>> sites = pl.DataFrame({"site": ["A", "B", "C"], "clients": [60, 9, 31]})
    >>> hide(sites, Privacy(), ["clients"], margins=[[]])["suppressed"].to_list()
    [False, True, True]
    """
    small = [privacy.is_small(c).fill_null(value=False) for c in clients]
    marked = frame.with_columns(pl.any_horizontal(small).alias(SUPPRESSED))
    sets = [(list(m), _added) for m in margins]
    sets += [(list(m), _largest) for m in overlapping]
    sets += [(list(m), partial(_left_over, whole=clients[0])) for m in divided]
    while True:
        before = marked[SUPPRESSED].sum()
        for margin, together in sets:
            for size in clients:
                held = together(size)
                marked = _complement(marked, size, margin, held.is_between(1, privacy.min_cell - 1))
        if marked[SUPPRESSED].sum() == before:
            return marked


def _added(size: str) -> pl.Expr:
    return pl.col(size).filter(pl.col(SUPPRESSED)).sum()


def _largest(size: str) -> pl.Expr:
    return pl.col(size).filter(pl.col(SUPPRESSED)).max()


def _left_over(size: str, whole: str) -> pl.Expr:
    elsewhere = pl.col(whole).first() - pl.col(size).filter(~pl.col(SUPPRESSED)).sum()
    return pl.when(pl.col(SUPPRESSED).any()).then(pl.max_horizontal(_largest(size), elsewhere))


def nested(
    counts: Sequence[int], privacy: Privacy, apart: Sequence[int] | None = None
) -> list[bool]:
    """Which of a chain of ever narrower counts to hide, so that no difference is small.

    Parameters
    ----------
    counts : sequence of int
        Clients, each count a subset of the one before it (clauses in order, longer and longer
        gaps), or each a superset.
    privacy : Privacy
    apart : sequence of int, optional
        Clients who make the difference between a count and the one before it, where that is not
        the difference in clients (rows repeat a client). The first is not read.

    Returns
    -------
    list of bool
        True for each count to hide: it is small, or it differs from the nearest shown one before
        it by a small number.

    Examples
    --------
    >>> nested([500, 496, 300, 8], Privacy())
    [False, True, False, True]
    """
    hidden: list[bool] = []
    last, between = 0, 0
    for i, count in enumerate(counts):
        if i > 0:
            between = abs(counts[last] - count) if apart is None else max(between, apart[i])
        small = any(0 < n < privacy.min_cell for n in (count, between))
        hidden.append(small)
        if not small:
            last, between = i, 0
    return hidden


def _complement(
    frame: pl.DataFrame, size: str, margin: list[str], exposed: pl.Expr
) -> pl.DataFrame:
    """Hide the smallest shown row of each set whose hidden rows a total would expose."""
    shown = pl.when(~pl.col(SUPPRESSED) & (pl.col(size) > 0)).then(pl.col(size))
    smallest = shown.rank("ordinal") == 1
    if margin:
        exposed, smallest = exposed.over(margin), smallest.over(margin)
    also = exposed.fill_null(value=False) & smallest.fill_null(value=False)
    return frame.with_columns(pl.col(SUPPRESSED) | also)
