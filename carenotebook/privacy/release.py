"""`Released`: a frame that has passed the gate. Charts, reports and widgets accept nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.privacy.suppress import SUPPRESSED, Privacy, hide


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
    derive : callable, optional
        Computes rates and intervals again from the rounded counts, so that nothing shown comes
        from an exact one.
    """
    marked = hide(frame, privacy, clients, margins, overlapping, divided)
    every = [*clients, *counts]
    rounded = marked.with_columns(privacy.rounded(c) for c in every)
    if derive is not None:
        rounded = derive(rounded)
    blank = [c for c in (*every, *values) if c in rounded.columns]
    shown = rounded.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in blank)
    return Released(shown, privacy)
