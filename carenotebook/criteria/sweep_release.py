"""Which cells of a sweep may be shown: no two shown ones tell the few clients between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.criteria.sweep_run import TELLING
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED

if TYPE_CHECKING:
    from carenotebook.criteria.spans import Keys
    from carenotebook.criteria.sweep_result import Members, Shown


def release_cells(  # noqa: PLR0913, PLR0917 - figures, whom they count, and what is known
    frame: pl.DataFrame,
    labels: Sequence[str],
    members: Sequence[Members],
    client: Keys,
    privacy: Privacy,
    known: Members | None = None,
) -> Released:
    """Figures of cells, or of rules, as they may be shown: as one table.

    The incidence is called `estimate`, as every share that is shown. Shares are no finer than the
    rounded counts that they stand for.

    Parameters
    ----------
    frame : polars.DataFrame
        The labels of each cell and the columns of `carenotebook.criteria.sweep_run.figures`.
    labels : sequence of str
        The columns that name a cell.
    members : sequence of arrays
        Whom each cell flags and, where shares are told at a horizon, whom by then; see
        `hidden_cells`, which each of them must pass.
    client : array
        See `hidden_cells`.
    privacy : Privacy
    known : array, optional
        See `hidden_cells`.
    """
    names = ("clients", TELLING[0])
    each = [
        hidden_cells(whom, frame[n].to_numpy(), client, privacy, known)
        for n, whom in zip(names, members, strict=False)
    ]
    few = [privacy.few(n) for n in frame[TELLING[1]]]
    hidden = [any(h) for h in zip(*each, few, strict=True)]
    step = max(0.001, privacy.round_to / max(len(client), 1))
    low, high = pl.col("conf_low"), pl.col("conf_high")
    shown = (
        frame.drop(TELLING)
        .with_columns(
            (pl.col("incidence") / step).round() * step,
            ((low / step).floor() * step).alias("conf_low"),
            ((high / step).ceil() * step).alias("conf_high"),
            pl.col("median_days").round(),
            *(privacy.rounded(c) for c in ("flagged", "clients")),
            *(pl.col(c).round_sig_figs(2) for c in frame.columns if c == "person_days"),
        )
        .with_columns(pl.col("incidence", "conf_low", "conf_high").round(3).clip(0, 1))
    )
    figures = [c for c in shown.columns if c not in labels]
    marked = shown.with_columns(pl.Series(SUPPRESSED, hidden), pl.col(labels).cast(pl.String))
    blank = marked.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in figures)
    return Released(blank.rename({"incidence": "estimate"}), privacy)


def known_from(views: Sequence[Shown], privacy: Privacy) -> Members | None:
    """Whom the shown counts of other views count, or None where there are none."""
    sets = [view.shown(privacy) for view in views]
    return np.concatenate(sets) if sets else None


def hidden_cells(
    members: Members,
    counts: Keys,
    client: Keys,
    privacy: Privacy,
    known: Members | None = None,
) -> list[bool]:
    """Which cells to hide.

    The first cell comes first, as it is what a report is about; then from the largest on. A cell is
    shown where it flags episodes of enough clients and leaves those of none or enough, and where it
    flags the same episodes as each shown cell or those of enough clients more or less.

    Parameters
    ----------
    members : array of shape (cells, bytes)
        One bit an episode.
    counts : array of shape (cells,)
        Clients of each cell.
    client : array of shape (episodes,)
        The number of each episode's client.
    privacy : Privacy
    known : array like `members`, optional
        Sets of episodes that are shown elsewhere in one report: cells of a sweep, clauses.
    """
    everyone = int(client.max(initial=-1)) + 1
    most = int(np.bincount(client, minlength=1).max()) * privacy.min_cell
    before = members[:0] if known is None else known
    every = np.concatenate([before, members])
    sizes = np.concatenate([[_clients(k, client) for k in before], counts]).astype(np.int64)
    shown = list(range(len(before)))
    hidden = np.ones(len(counts), np.bool_)
    for cell in dict.fromkeys((0, *np.argsort(-counts, kind="stable"))):
        if counts[cell] < privacy.min_cell:
            continue
        if privacy.few(everyone - int(counts[cell]) or _clients(~members[cell], client)):
            continue
        near = [s for s in shown if abs(sizes[s] - counts[cell]) < privacy.min_cell]
        apart = every[near] ^ members[cell]
        episodes = np.bitwise_count(apart).sum(axis=1, dtype=np.int64)
        few = np.flatnonzero((episodes > 0) & (episodes < most))
        if any(privacy.few(_clients(apart[i], client)) for i in few):
            continue
        hidden[cell] = False
        shown.append(len(before) + int(cell))
    return [bool(h) for h in hidden]


def _clients(episodes: Members, client: Keys) -> int:
    which = np.unpackbits(episodes, count=len(client)).astype(np.bool_)
    return len(np.unique(client[which]))
