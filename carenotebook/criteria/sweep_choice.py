"""Choose a cell of a sweep by earlier episodes, and report on later ones."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError
from carenotebook.criteria.sweep_pass import CellFlags
from carenotebook.criteria.sweep_result import said_cell
from carenotebook.criteria.sweep_run import TELLING, figures, followed
from carenotebook.privacy import Privacy, Released, release
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, interval, number, percent

if TYPE_CHECKING:
    from carenotebook.criteria.rule import Rule
    from carenotebook.criteria.spans import Keys
    from carenotebook.criteria.sweep_result import Sweep

EARLIER, LATER = "earlier episodes, by which it was chosen", "later episodes"
BEYOND = "beyond"
"""Clients of earlier episodes who were flagged from the split on, which decided nothing."""

_GUARDS = (*TELLING, BEYOND)


@dataclass(frozen=True, repr=False, eq=False)
class Chosen(Result):
    """What `Sweep.choose` returns.

    Attributes
    ----------
    rule : Rule
        The rule with the chosen values in the place of its parameters.
    frame : polars.DataFrame
        `tidy` with `clients` (flagged) and `of_clients` (seen).
    tried : int
        From how many cells it was chosen.
    split : datetime
    parameters : tuple of str
    when : str
        The horizon in words.
    """

    rule: Rule
    frame: pl.DataFrame
    tried: int
    split: datetime
    parameters: tuple[str, ...]
    when: str

    @property
    def title(self) -> str:
        """Names the cell."""
        cell = said_cell(self.frame.row(0, named=True), self.parameters)
        return f"Chosen among {number(self.tried)} cells: {cell}"

    def tidy(self) -> pl.DataFrame:
        """Two rows, of which only the later one is evidence.

        Returns
        -------
        polars.DataFrame
            part, the parameters, episodes (seen), flagged, incidence, conf_low, conf_high,
            median_days.
        """
        return self.frame.drop("clients", "of_clients", *_GUARDS)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The two rows as they may be shown; the episodes of both together are known.

        Shares are no finer than the rounded counts that they stand for.
        """
        gate = privacy or Privacy()
        shown = release(
            self.frame.with_columns(without=pl.col("of_clients") - pl.col("clients")),
            gate,
            clients=("clients", "of_clients", "without", *_GUARDS),
            counts=("flagged", "episodes"),
            values=("incidence", "conf_low", "conf_high", "median_days"),
            overlapping=[[]],
        )
        step = pl.max_horizontal(pl.lit(0.001), gate.round_to / pl.col("episodes"))
        frame = shown.frame.with_columns(
            (pl.col("incidence") / step).round() * step,
            (pl.col("conf_low") / step).floor() * step,
            (pl.col("conf_high") / step).ceil() * step,
            pl.col("median_days").round(),
        ).with_columns(pl.col("incidence", "conf_low", "conf_high").round(3).clip(0, 1))
        nobody = pl.col("clients").fill_null(0) == 0
        hidden = frame.with_columns(pl.col(SUPPRESSED) | nobody)
        figures_ = [c for c in hidden.columns if c not in ("part", *self.parameters, SUPPRESSED)]
        return Released(
            hidden.with_columns(
                pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in figures_
            ).drop("without", *_GUARDS),
            gate,
        )

    def summary(self, privacy: Privacy | None = None) -> str:
        """The cell, among how many it was chosen, and what it does where it was not chosen."""
        gate = privacy or Privacy()
        rows = {r["part"]: r for r in self.released(gate).frame.iter_rows(named=True)}
        return "\n".join(
            [
                f"{self.title}.",
                (
                    f"Chosen by episodes first seen before {self.split:%Y-%m-%d}, and by what was "
                    "seen of them until then; what counts is what it does in the later ones."
                ),
                f"Put up for review at least once {self.when}:",
                *(f"- {part}: {_said(rows[part], gate)}" for part in (LATER, EARLIER)),
                (
                    f"Caveat: {number(self.tried)} cells were tried, so the earlier figures look "
                    "better than they are. One client may have episodes in both parts."
                ),
            ]
        )


def _said(row: dict[str, object], privacy: Privacy) -> str:
    if row[SUPPRESSED]:
        return f"hidden ({few(privacy)})"
    clients, episodes = int(str(row["clients"])), int(str(row["episodes"]))
    share = float(str(row["incidence"]))
    return (
        f"{percent(share)} ({interval(row)}; {about(clients, privacy)} clients; of "
        f"{about(episodes, privacy)} episodes)"
    )


def choose(
    sweep: Sweep,
    split: datetime | str,
    incidence: float | None,
    by: pl.Expr | None,
    executor: Executor | None,
) -> Chosen:
    """See `Sweep.choose`."""
    if (incidence is None) == (by is None):
        raise OptionError("choose() needs either incidence= or by=: what makes a cell the choice.")
    score = (pl.col("incidence") - incidence).abs() if by is None else by
    at = _instant(split)
    run = sweep.run
    early = run.seen["seen_from"] < at
    if early.all() or not early.any():
        raise OptionError(
            f"choose(): every episode is first seen {'before' if early.all() else 'after'} the "
            "split; choose an instant between them."
        )
    found = list(run.flags(executor=executor))
    known = run.seen.filter(early).with_columns(pl.col("seen_until").clip(upper_bound=at))
    earlier = _figures(sweep, (_part(f, early) for f in found), known, at)
    cells = pl.concat([run.grid.frame(), earlier], how="horizontal")
    ranked = cells.with_row_index("_cell").sort(score, nulls_last=True, maintain_order=True)
    best = int(ranked["_cell"][0])
    later_ones = run.seen.filter(~early)
    later = _figures(sweep, [_part(found[best], ~early)], later_ones, run.cohort.as_of)
    rows = pl.concat([earlier[best], later])
    frame = pl.concat([run.grid.frame()[[best, best]], rows], how="horizontal")
    parts = frame.with_columns(part=pl.Series([EARLIER, LATER]))
    return Chosen(
        run.filled(best),
        parts.select("part", *sweep.parameters, "episodes", "of_clients", *earlier.columns[2:]),
        run.grid.size,
        at,
        sweep.parameters,
        sweep.when,
    )


def _part(flags: CellFlags, mine: pl.Series) -> CellFlags:
    """The flags of some episodes, which are numbered anew."""
    chosen = mine.to_numpy()
    kept = chosen[flags.episode]
    place = np.cumsum(chosen) - 1
    return CellFlags(place[flags.episode[kept]], flags.waited[kept], 0)


def _figures(
    sweep: Sweep, found: Iterable[CellFlags], seen: pl.DataFrame, as_of: datetime
) -> pl.DataFrame:
    """A row a cell: what it does among these episodes, none of which is seen from `as_of` on."""
    until = None if sweep.horizon is None else duration_us(sweep.horizon)
    client = seen["client"].to_numpy()
    length = (seen["seen_until"] - seen["seen_from"]).dt.total_microseconds().to_numpy()
    split = [_told_by(flags, length) for flags in found]
    told = figures((timely for timely, _ in split), followed(seen, as_of), client, until)
    beyond = [len(np.unique(client[later.episode])) for _, later in split]
    return told.drop("person_days").select(
        pl.lit(seen.height, pl.Int64).alias("episodes"),
        pl.lit(seen["client"].n_unique(), pl.Int64).alias("of_clients"),
        pl.all(),
        pl.Series(BEYOND, beyond, pl.Int64),
    )


def _told_by(flags: CellFlags, length: Keys) -> tuple[CellFlags, CellFlags]:
    """The flags that came while their episode is seen, and the others."""
    told = flags.waited < length[flags.episode]
    timely, later = (CellFlags(flags.episode[m], flags.waited[m], 0) for m in (told, ~told))
    return timely, later


def _instant(split: datetime | str) -> datetime:
    try:
        at = datetime.fromisoformat(split) if isinstance(split, str) else split
    except ValueError:
        raise OptionError(
            "choose(): split= is not a date or a time: write it as 2024-05-01 or 2024-05-01T09:30."
        ) from None
    if not isinstance(at, datetime):
        raise OptionError("choose(): split= takes a datetime or text such as 2024-05-01.")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
