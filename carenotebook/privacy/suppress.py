"""Which cells to hide, and how to round the others.

A cell of 1 to ``min_cell - 1`` clients is never shown or derivable (CMS cell size policy, as
published by ResDAC: 1-10); 0 may be shown. Shown counts are rounded to ``round_to`` (as in NHS
Talking Therapies publications).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from carenotebook.core import cells
from carenotebook.core.errors import OptionError
from carenotebook.privacy.audit import told_by_totals

SUPPRESSED = "suppressed"
_TOLD, _ROW = "_told", "_row"


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

    min_cell: int = cells.MIN_CELL
    round_to: int = cells.ROUND_TO

    def __post_init__(self) -> None:
        if self.min_cell < 2 or self.round_to < 1:
            raise OptionError("Privacy: min_cell must be 2 or more and round_to 1 or more.")

    @property
    def label(self) -> str:
        """How a hidden cell is shown."""
        return f"<{self.min_cell}"

    def is_small(self, count: str) -> pl.Expr:
        """Whether a column counts too few clients to be shown."""
        return cells.is_small(pl.col(count), self.min_cell)

    def few(self, count: int) -> bool:
        """Whether a number of clients is too small to be shown."""
        return 0 < count < self.min_cell

    def rounded(self, count: str) -> pl.Expr:
        """A column of counts, rounded; what may be shown is not rounded to what may not."""
        return cells.rounded(pl.col(count), self.min_cell, self.round_to).alias(count)

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

    Where a set with a known total has hidden rows it has at least two, and no hidden row follows
    from all the totals together. A total over one row is that row, and is as hidden as it is.

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
    parts = next(iter(clients[1:]), clients[0])
    sets = [_Set(list(m), _added, clients[0]) for m in margins]
    sets += [_Set(list(m), _largest, clients[0]) for m in overlapping]
    sets += [_Set(list(m), partial(_left_over, whole=clients[0]), parts) for m in divided]
    while True:
        before = marked[SUPPRESSED].sum()
        for known in sets:
            marked = _guarded(marked, known, clients, privacy)
        if marked[SUPPRESSED].sum() == before:
            marked = _untold(marked, sets, clients[0], privacy)
        if marked[SUPPRESSED].sum() == before:
            return marked


@dataclass(frozen=True)
class _Set:
    """Rows alike in the columns of `margin` have a known total.

    `together` gives how many clients of a column the hidden ones hold; `size` ranks the rows.
    """

    margin: list[str]
    together: Callable[[str], pl.Expr]
    size: str


def _guarded(
    frame: pl.DataFrame, known: _Set, clients: Sequence[str], privacy: Privacy
) -> pl.DataFrame:
    for size in clients:
        few = known.together(size).is_between(1, privacy.min_cell - 1)
        frame = _complement(frame, size, known.margin, few)
    alone = (pl.col(SUPPRESSED).sum() == 1) & (pl.col(known.size).sum() >= privacy.min_cell)
    return _complement(frame, known.size, known.margin, alone, zeros=True)


def _untold(frame: pl.DataFrame, sets: Sequence[_Set], size: str, privacy: Privacy) -> pl.DataFrame:
    """Hide one more row beside each that the totals tell although no set tells it by itself."""
    if len(sets) < 2 or not frame[SUPPRESSED].any():
        return frame
    lines = [_lines(frame, known.margin, size, privacy) for known in sets]
    told = frame.with_columns(told_by_totals(frame[SUPPRESSED], lines).alias(_TOLD))
    for known in sets:
        more = _complement(told, known.size, known.margin, pl.col(_TOLD).any(), zeros=True)
        if more[SUPPRESSED].sum() > told[SUPPRESSED].sum():
            return more.drop(_TOLD)
    return frame


def _lines(frame: pl.DataFrame, margin: list[str], size: str, privacy: Privacy) -> pl.Series:
    """By number, the set of each row; null where its total is not known."""
    number = pl.col(_ROW).first()
    known = (pl.len() > 1) & (pl.col(size).sum() >= privacy.min_cell)
    if margin:
        number, known = number.over(margin), known.over(margin)
    line = pl.when(known).then(number).cast(pl.Int64).alias(_ROW)
    return frame.with_row_index(_ROW).with_columns(line)[_ROW]


def _added(size: str) -> pl.Expr:
    return pl.col(size).filter(pl.col(SUPPRESSED)).sum()


def _largest(size: str) -> pl.Expr:
    return pl.col(size).filter(pl.col(SUPPRESSED)).max()


def _left_over(size: str, whole: str) -> pl.Expr:
    elsewhere = pl.col(whole).first() - pl.col(size).filter(~pl.col(SUPPRESSED)).sum()
    return pl.when(pl.col(SUPPRESSED).any()).then(pl.max_horizontal(_largest(size), elsewhere))


def nested(
    counts: Sequence[int],
    privacy: Privacy,
    apart: Sequence[int] | None = None,
    also: Sequence[bool] | None = None,
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
    also : sequence of bool, optional
        Counts that are hidden anyway. The first is taken to be known all the same.

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
        hidden.append(small or (also is not None and also[i]))
        if not hidden[-1]:
            last, between = i, 0
    return hidden


def _complement(
    frame: pl.DataFrame, size: str, margin: list[str], exposed: pl.Expr, *, zeros: bool = False
) -> pl.DataFrame:
    """Hide the smallest shown row of each set whose hidden rows a total would expose.

    With `zeros`, a row that counts nobody is hidden where there is no other.
    """
    last = pl.col(size).max() + 1 if zeros else pl.lit(None, pl.Int64)
    order = pl.when(pl.col(size) > 0).then(pl.col(size)).otherwise(last)
    smallest = pl.when(~pl.col(SUPPRESSED)).then(order).rank("ordinal") == 1
    if margin:
        exposed, smallest = exposed.over(margin), smallest.over(margin)
    also = exposed.fill_null(value=False) & smallest.fill_null(value=False)
    return frame.with_columns(pl.col(SUPPRESSED) | also)
