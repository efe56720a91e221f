"""What a comparison of rules returns, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.criteria.sweep_release import known_from, release_cells
from carenotebook.criteria.sweep_run import TELLING
from carenotebook.privacy import Privacy, Released, release
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, interval, number, percent

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from carenotebook.criteria.replay import Replay
    from carenotebook.criteria.sweep_result import Shown

CHANGES = ("gained", "lost", "earlier", "later", "at the same time", "flagged by neither")
_BY_FIRST = ("lost", "earlier", "later", "at the same time")
_BY_OTHER = ("gained", "earlier", "later", "at the same time")


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Result):
    """What `carenotebook.compare_rules` returns. Its repr, table and chart are aggregates.

    Attributes
    ----------
    replays : Mapping[str, Replay]
        The replay of each rule, by name; the others are compared with the first.
    missing : Mapping[str, str]
        Rules that could not be replayed, and what each needs.
    seen : polars.DataFrame
        Client-level: every seen episode.
    frame, sides : polars.DataFrame
        What `tidy` and `rules` give.
    members : array of shape (rules, bytes)
        One bit a seen episode: whether the rule flags it.
    beside : tuple of Shown
        What the same readers see: no rule is shown that differs by few from a set of theirs.
    """

    replays: Mapping[str, Replay]
    missing: Mapping[str, str]
    seen: pl.DataFrame
    frame: pl.DataFrame
    sides: pl.DataFrame
    members: npt.NDArray[np.uint8]
    beside: tuple[Shown, ...] = ()

    @property
    def first(self) -> str:
        """The name of the rule that the others are compared with."""
        return next(iter(self.replays))

    @property
    def title(self) -> str:
        """Names the first rule."""
        return f"What other rules change against {self.first!r}"

    def tidy(self) -> pl.DataFrame:
        """How each rule differs from the first, and which clause made the difference.

        Returns
        -------
        polars.DataFrame
            rule; change: "gained" (flagged by it and not by the first rule), "lost", "earlier",
            "later", "at the same time", "flagged by neither"; clause: null for all episodes of that
            change, else the one clause that was not true when the other rule first flagged (of the
            first rule for gained and earlier, of this one for lost and later); episodes and
            clients; median_days between the two first flags.
        """
        return self.frame

    def rules(self) -> SideBySide:
        """Every rule alone: how many it puts up for review, and how soon."""
        return SideBySide(self)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The changes as they may be shown; a small one is hidden with another beside it.

        The number flagged by each rule is known from elsewhere, so that no sum of changes that
        makes it has one hidden row alone.
        """
        gate = privacy or Privacy()
        sides = self.rules().released(gate).frame
        # A rule that may not be told from another, or from none, is not told by its changes.
        alike = sides.filter(SUPPRESSED)["rule"].implode()
        whole = self.frame.filter(pl.col("clause").is_null())
        totals = release(
            whole.with_columns(
                alike=pl.col("rule").is_in(alike).cast(pl.Int64),
                by_first=pl.col("change").is_in(_BY_FIRST),
                by_other=pl.col("change").is_in(_BY_OTHER),
            ),
            gate,
            clients=("clients", "alike"),
            counts=("episodes",),
            values=("median_days",),
            overlapping=[["rule"], ["rule", "by_first"], ["rule", "by_other"]],
        ).frame.drop("by_first", "by_other", "alike")
        key = ["rule", "change"]
        # What is hidden as a whole is hidden clause by clause.
        told = totals.filter(SUPPRESSED).select(*key, telling=pl.lit(1, pl.Int64))
        parts = self.frame.filter(pl.col("clause").is_not_null())
        clauses = release(
            parts.join(told, on=key, how="left", maintain_order="left").with_columns(
                pl.col("telling").fill_null(0)
            ),
            gate,
            clients=("clients", "telling"),
            counts=("episodes",),
            values=("median_days",),
            overlapping=[key],
        ).frame.drop("telling")
        order = self.frame.select("rule", "change", "clause")
        joined = order.join(
            pl.concat([totals, clauses]),
            on=["rule", "change", "clause"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        shown = joined.with_columns(
            pl.col("median_days").round(), pl.col("clause").fill_null("all")
        )
        return Released(shown, gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a rule, what could not be replayed, and the caveat."""
        gate = privacy or Privacy()
        frame = self.released(gate).frame.filter(pl.col("clause") == "all")
        lines = [f"Compared with {self.first!r}, in clients:"]
        for name in list(self.replays)[1:]:
            rows = {r["change"]: r for r in frame.filter(rule=name).iter_rows(named=True)}
            changes = ("gained", "lost", "earlier", "later")
            said = ", ".join(f"{_told(rows[c], gate)} {c}" for c in changes)
            lines.append(f"- {name}: {said}")
        if len(self.replays) == 1:
            lines.append("- no other rule could be replayed")
        lines += [f"Not replayed: {name}. {needs}" for name, needs in self.missing.items()]
        lines.append(
            "Caveat: who is flagged is not who should be. A difference counts first flags on past "
            "data, and a flag ends in a clinician's review."
        )
        return "\n".join(lines)


def _told(row: Mapping[str, object], privacy: Privacy) -> str:
    if row[SUPPRESSED]:
        return "a hidden number"
    return about(int(str(row["clients"])), privacy)


@dataclass(frozen=True, repr=False, eq=False)
class SideBySide(Result):
    """What `Comparison.rules` returns."""

    comparison: Comparison

    @property
    def title(self) -> str:
        """What is counted."""
        return "Put up for review by each rule"

    def tidy(self) -> pl.DataFrame:
        """One row a rule.

        Returns
        -------
        polars.DataFrame
            rule; flagged (episodes); clients; incidence of the first flag at the end of all that is
            seen, other ends of care competing, with conf_low and conf_high by client; median_days
            to the first flag of an episode.
        """
        return self.comparison.sides.drop(TELLING)

    def released(self, privacy: Privacy | None = None) -> Released:
        """Rules as they may be shown; one that differs from a shown one by few is hidden."""
        found = self.comparison
        client, gate = found.seen["client"].to_numpy(), privacy or Privacy()
        known = known_from(found.beside, gate)
        return release_cells(found.sides, ["rule"], (found.members,), client, gate, known)

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a rule."""
        gate = privacy or Privacy()
        lines = ["Put up for review at least once by the end of all that is seen:"]
        for row in self.released(gate).frame.iter_rows(named=True):
            said = f"hidden ({few(gate)})" if row[SUPPRESSED] else _share(row, gate)
            lines.append(f"- {row['rule']}: {said}")
        lines += [f"- {name}: not replayed. {n}" for name, n in self.comparison.missing.items()]
        return "\n".join(lines)


def _share(row: Mapping[str, object], privacy: Privacy) -> str:
    return (
        f"{percent(float(str(row['estimate'])))} ({interval(row)}; "
        f"{about(int(str(row['clients'])), privacy)} clients; median "
        f"{number(float(str(row['median_days'])))} days to the first flag)"
    )
