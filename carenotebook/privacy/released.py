"""`Released`: a frame that has passed the gate. Charts, reports and widgets accept nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.privacy.suppress import SUPPRESSED, Privacy, hide

SMALL_GROUPS = "small groups"
"""The label that stands for all groups of too few clients."""

_FEW = "_few"


@dataclass(frozen=True)
class Released:
    """Aggregates that may be shown: hidden cells are null with ``suppressed=True``."""

    frame: pl.DataFrame
    privacy: Privacy

    @property
    def hidden(self) -> int:
        """How many cells are hidden."""
        return int(self.frame[SUPPRESSED].sum())


def release(  # noqa: PLR0913 - the kinds of column
    frame: pl.DataFrame,
    privacy: Privacy,
    *,
    clients: Sequence[str] = ("clients",),
    counts: Sequence[str] = (),
    values: Sequence[str] = (),
    margins: Sequence[Sequence[str]] = (),
    overlapping: Sequence[Sequence[str]] = (),
    divided: Sequence[Sequence[str]] = (),
    groups: Sequence[str] = (),
    derive: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
) -> Released:
    """Pass aggregates through the gate.

    Parameters
    ----------
    frame : polars.DataFrame
        One cell a row.
    privacy : Privacy
    clients : sequence of str
        Columns that count clients; small ones hide their row. All are rounded.
    counts : sequence of str
        Further counts (of rows, of days) to round.
    values : sequence of str
        What else becomes null in a hidden row.
    margins, overlapping, divided : sequence of sequences of str
        See `carenotebook.privacy.suppress.hide`.
    groups : sequence of str
        Columns of text that name groups of clients as found in the data. A group of too few
        clients loses its label: all such become one, `SMALL_GROUPS`. Groups come in the order of
        what is shown of them, largest first, then by label.
    derive : callable, optional
        Computes rates and intervals again from the rounded counts, so that nothing shown comes
        from an exact one.
    """
    marked = hide(frame, privacy, clients, margins, overlapping, divided)
    if groups:
        largest = pl.col(clients[0]).max().over(groups)
        marked = marked.with_columns((largest < privacy.min_cell).alias(_FEW))
    every = [*clients, *counts]
    rounded = marked.with_columns(privacy.rounded(c) for c in every)
    if derive is not None:
        rounded = derive(rounded)
    blank = [c for c in (*every, *values) if c in rounded.columns]
    shown = rounded.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in blank)
    return Released(_pooled(shown, groups, clients[0]) if groups else shown, privacy)


def _pooled(frame: pl.DataFrame, groups: Sequence[str], size: str) -> pl.DataFrame:
    few = pl.col(_FEW)
    named = frame.with_columns(
        pl.when(few).then(pl.lit(SMALL_GROUPS)).otherwise(pl.col(c)).alias(c) for c in groups
    )
    whole = pl.col(size).sum().over(groups)
    ordered = named.sort(
        [whole, few, *groups], descending=[True, *[False] * (1 + len(groups))], maintain_order=True
    )
    return ordered.drop(_FEW).unique(maintain_order=True)
