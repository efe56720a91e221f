"""`obstacles`: what clients say gets in the way, and the misses that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from carenotebook.appraise.contrasts import GAPS, contrasted
from carenotebook.appraise.estimates import EVERYONE, PER
from carenotebook.appraise.obstacle_rows import (
    NO_OBSTACLE,
    TERMS,
    appointments_after,
    named_rows,
    seen_check_ins,
)
from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import duration_us, say_duration
from carenotebook.core.journal import NOT_SAID
from carenotebook.core.options import check_option
from carenotebook.core.spoken import spoken
from carenotebook.describe.alternatives import suggested_alternatives
from carenotebook.describe.attendance import Every
from carenotebook.describe.groups import as_names, with_groups
from carenotebook.describe.seen import calendar_bin
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import COLUMNS, proportions, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.words import few, number, percent, said_share

NAMED, AFTER = "named", "missed_after"
_OF = {NAMED: "check_ins", AFTER: "kept_or_missed"}
_PERIODS = {"1w": "week", "1mo": "month", "1q": "quarter"}
_PLACE = {term: i for i, term in enumerate((*TERMS, NO_OBSTACLE))}
_NO_NAME = ("none_named", NOT_SAID, NO_OBSTACLE)
_COUNTED, _OFTEN, _AT = "_counted", "_often", "_at"
_COMPARED = ("split", "group", "kind", "unit", "reference", PER)


@dataclass(frozen=True, repr=False, eq=False)
class Obstacles(Result):
    """What `obstacles` returns.

    Attributes
    ----------
    by : tuple of str
    every : str or None
    within : str
    frame : polars.DataFrame
    """

    by: tuple[str, ...]
    every: str | None
    within: str
    frame: pl.DataFrame

    @property
    def title(self) -> str:
        """What is told, and how it is split."""
        split = [f"per {_PERIODS[self.every]}"] if self.every else []
        split += [f"by {', '.join(self.by)}"] if self.by else []
        return " ".join(["What clients say gets in the way", *split])

    def tidy(self) -> pl.DataFrame:
        """One row a section, group and obstacle, exact.

        Returns
        -------
        polars.DataFrame
            section: "named" (check-ins that name the obstacle, most often named first) or
            "missed_after" (missed, of the appointments kept or missed that follow); period (only
            with `every`); the columns of `by`; term (an obstacle; "none_named", "not_given" or, in
            "missed_after", "no_obstacle" for both); denominator_name;
            `carenotebook.results.proportions.COLUMNS`; cumulative (of all that was named, the
            share that this obstacle and those above it make up; released only where none of them
            is hidden); difference, difference_low,
            difference_high (of "missed_after", against "no_obstacle") and smallest_gap.
        """
        return _ranked(_told(self.frame, self._cells))

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown; ranks and differences follow from what is shown."""
        gate = privacy or Privacy()
        parts = [
            release_proportions(
                rows,
                gate,
                by=[*self._cells, "term"],
                disjoint=self.by,
                category="term" if section == (NAMED,) else None,
                groups=self.by,
            ).frame
            for section, rows in self.frame.group_by("section", maintain_order=True)
        ]
        empty = release_proportions(self.frame.clear(), gate).frame
        shown = pl.concat(parts) if parts else empty
        ranked = _ranked(_told(shown, self._cells))
        return Released(ranked.drop(GAPS) if self.every else ranked, gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """What is named most, the misses that follow, what might be offered, and a caveat."""
        gate = privacy or Privacy()
        lines = [
            (
                "Obstacles that clients named in check-ins. One check-in may name several; they "
                "are ranked by how often they are named."
            ),
            *(self._lines(gate) if not self._cells else ["The table gives them by group."]),
            (
                f"Misses that follow: of the appointments kept or missed within "
                f"{say_duration(self.within)} after a check-in, by what the latest one before "
                "them names; set against check-ins that name none. Intervals are by client, "
                "and not adjusted for their number."
            ),
            *self._offers(gate),
            (
                "Caveat: an obstacle goes along with misses; nothing here says that it leads to "
                "them. Those who answer differ from those who do not, and who is silent is not "
                "heard here."
            ),
        ]
        return "\n".join(lines)

    def suggestions(self, privacy: Privacy | None = None) -> pl.DataFrame:
        """What might be offered for the obstacles that are shown, those named most often first.

        Returns
        -------
        polars.DataFrame
            See `carenotebook.appraise.suggested_alternatives`.
        """
        shown = self.released(privacy).frame.filter(pl.col("section") == NAMED, ~pl.col(SUPPRESSED))
        terms = [t for t in dict.fromkeys(shown["term"]) if t not in _NO_NAME]
        return suggested_alternatives(*terms) if terms else suggested_alternatives().clear()

    def _offers(self, privacy: Privacy) -> list[str]:
        found = self.suggestions(privacy)
        kinds = found.group_by("obstacle", maintain_order=True).agg(
            pl.col("kind").unique(maintain_order=True)
        )
        said = "; ".join(f"{o}: {', '.join(k)}" for o, k in kinds.iter_rows())
        return [f"What might be offered, if the client wants it: {said}."] if said else []

    @property
    def _cells(self) -> tuple[str, ...]:
        return (*(["period"] if self.every else []), *self.by)

    def _lines(self, privacy: Privacy) -> list[str]:
        shown = list(self.released(privacy).frame.iter_rows(named=True))
        after = {r["term"]: r for r in shown if r["section"] == AFTER}
        named = [r for r in shown if r["section"] == NAMED]
        if not named:
            return ["Nobody has answered a check-in that is seen."]
        clients = next((r["clients"] for r in named if r["clients"] is not None), None)
        lines = [f"N: {few(privacy) if clients is None else number(clients) + ' clients'}."]
        for row in named:
            misses = after.get(row["term"])
            told = f"; then {_misses(misses)}" if misses and row["term"] not in _NO_NAME else ""
            said = said_share(row, privacy, "check-ins")
            lines.append(f"- {spoken(row['term'])}: {said}{told}")
        if NO_OBSTACLE in after:
            lines.append(f"- after check-ins that name none: {_misses(after[NO_OBSTACLE])}")
        return lines


def obstacles(
    cohort: Cohort,
    by: str | Sequence[str] | None = None,
    *,
    every: Every | None = None,
    within: str = "28d",
) -> Obstacles:
    """What clients say gets in the way, ranked, and how many appointments are missed afterwards.

    For a service that wants to know what to change first. Not for judging a client by what they
    named, and not for saying why people miss: only those who answered are heard.

    Parameters
    ----------
    cohort : Cohort
        With the table `checkins`.
    by : str or sequence of str, optional
        Columns of `clients` over which obstacles are set side by side.
    every : {"1w", "1mo", "1q"}, optional
        What was named in each week, month or quarter; the misses that follow are then left out.
    within : str
        How long after a check-in an appointment is looked at. It counts by the latest check-in
        before it, once for each obstacle that is named there.

    Returns
    -------
    Obstacles
        `.plot()` is a Pareto chart with the misses that follow; `.suggestions()` what might be
        offered.

    Raises
    ------
    MissingDataError
        If the cohort has no `checkins`, or no such column of `clients`.
    OptionError
        If `by` names clients, or `every` or `within` is none.

    Notes
    -----
    Shares: Wilson's interval at the effective sample size, with clients as clusters. Differences
    from the intervals of the two shares, see `carenotebook.appraise.contrasts.contrasted`; a client
    who stands in both makes the interval wider than it need be, never narrower.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    >>> found = cn.obstacles(cohort)
    >>> found.tidy()["section"].unique(maintain_order=True).to_list()
    ['named', 'missed_after']
    """
    check_cohort(cohort, "obstacles()")
    if every is not None:
        check_option("every", every, tuple(_PERIODS))
    duration_us(within, "within", zero=False)
    names = as_names(by)
    check_ins = seen_check_ins(cohort)
    sections = {NAMED: named_rows(check_ins)}
    if every is None:
        sections[AFTER] = appointments_after(cohort, check_ins, within)
    tables = [_table(s, rows, cohort, names, every) for s, rows in sections.items()]
    return Obstacles(names, every, within, pl.concat(tables))


def _table(
    section: str, rows: pl.DataFrame, cohort: Cohort, by: tuple[str, ...], every: str | None
) -> pl.DataFrame:
    grouped = with_groups(rows.lazy(), cohort, by, (), "obstacles()")
    if every is not None:
        grouped = grouped.with_columns(period=calendar_bin("at", every, cohort.timezone))
    cells = [*(["period"] if every else []), *by, "term"]
    table = (
        proportions(grouped, "value", by=cells)
        .with_columns(section=pl.lit(section), denominator_name=pl.lit(_OF[section]))
        .select("section", *cells, "denominator_name", *COLUMNS)
    )
    # Groups come by size, never by what they name.
    size = pl.col("clients").max().over(by) if by else None
    return table if size is None else table.sort(size, descending=True, maintain_order=True)


def _told(frame: pl.DataFrame, cells: Sequence[str]) -> pl.DataFrame:
    """With the cumulative share of what is named, and the differences of the misses that follow."""
    named = frame.filter(pl.col("section") == NAMED)
    after = frame.filter(pl.col("section") == AFTER)
    split = pl.concat_str([pl.col(c).cast(pl.String) for c in cells], separator=", ")
    compared = after.with_columns(
        (split if cells else pl.lit(EVERYONE)).alias("split"),
        pl.col("term").alias("group"),
        pl.lit("share").alias("kind"),
        pl.lit("share").alias("unit"),
        pl.lit(NO_OBSTACLE).alias("reference"),
        pl.lit(1.0).alias(PER),
        term=pl.lit(AFTER),
    )
    told = contrasted(compared).with_columns(term=pl.col("group")).drop(_COMPARED)
    return pl.concat([_cumulated(named, cells), told], how="diagonal").select(
        *frame.columns, "cumulative", *GAPS
    )


def _cumulated(named: pl.DataFrame, cells: Sequence[str]) -> pl.DataFrame:
    counted = pl.when(~pl.col("term").is_in(_NO_NAME)).then("numerator")
    place = pl.col("term").replace_strict(_PLACE, return_dtype=pl.Int64)
    marked = named.with_columns(counted.alias(_COUNTED), (-counted).alias(_OFTEN), place.alias(_AT))
    groups = [pl.col(c) for c in cells] or [pl.lit(0)]
    so_far = pl.col(_COUNTED).cum_sum().over(*groups, order_by=[_OFTEN, _AT])
    # Of some that are hidden no share can be told.
    hidden = (~pl.col("term").is_in(_NO_NAME) & pl.col("numerator").is_null()).any().over(*groups)
    share = pl.when(~hidden).then(so_far / pl.col(_COUNTED).sum().over(*groups))
    return marked.with_columns(share.alias("cumulative")).drop(_COUNTED, _OFTEN, _AT)


def _ranked(frame: pl.DataFrame) -> pl.DataFrame:
    """Obstacles of each section by how often they are named, groups and periods as they come."""
    often = frame.filter(pl.col("section") == NAMED).group_by("term").agg(pl.sum("numerator"))
    counts: dict[str, int] = dict(often.iter_rows())
    terms = sorted(
        dict.fromkeys(frame["term"]),
        key=lambda t: (t in _NO_NAME, -(counts.get(t) or 0), _PLACE[t]),
    )
    place = {term: i for i, term in enumerate(terms)}
    return frame.sort(
        pl.col("section").replace_strict({NAMED: 0, AFTER: 1}, return_dtype=pl.Int64),
        pl.col("term").replace_strict(place, return_dtype=pl.Int64),
        maintain_order=True,
    )


def _misses(row: dict[str, Any]) -> str:
    if row[SUPPRESSED]:
        return "misses hidden"
    if row["estimate"] is None:
        return "no appointment follows"
    told = f"{percent(row['estimate'])} missed of what follows"
    if row["difference"] is None:
        return told
    ends = " to ".join(f"{100 * row[k]:+.1f}" for k in ("difference_low", "difference_high"))
    return f"{told} ({100 * row['difference']:+.1f} points, 95 % CI {ends})"
