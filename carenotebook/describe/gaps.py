"""Time between attended sessions, and since the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import DAY
from carenotebook.describe.seen import ends_are_known, seen_episodes, within_episodes
from carenotebook.privacy import Privacy, Released, nested, release
from carenotebook.results.proportions import COLUMNS, WITHHELD, proportions, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.words import few, number, said_share

THRESHOLDS = (14, 28, 56)
"""Days; two, four and eight weeks."""

BETWEEN, SINCE = "between_sessions", "since_last_attended"
_QUARTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
_DENOMINATOR = {BETWEEN: "gaps_between_attended_sessions", SINCE: "open_episodes"}
_APART = "clients_between"


@dataclass(frozen=True, repr=False, eq=False)
class Gaps(Result):
    """What `gaps` returns."""

    frame: pl.DataFrame
    ends_known: bool

    @property
    def title(self) -> str:
        """What the two sections are."""
        return "Days between attended sessions, and since the last one"

    def tidy(self) -> pl.DataFrame:
        """Quartiles in days, and shares over 14, 28 and 56 days.

        Returns
        -------
        polars.DataFrame
            section, term, unit ("days" or "share"), denominator_name,
            `carenotebook.results.proportions.COLUMNS` (for quartiles only denominator, clients and
            estimate), and clients_between: for a share, the clients with a gap over this threshold
            but not over the next longer one.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown: quartiles in whole days, no small difference."""
        gate = privacy or Privacy()
        parts = []
        for section in self.frame.partition_by("section", maintain_order=True):
            days, over = (section.filter(pl.col("unit") == u) for u in ("days", "share"))
            shown = release(
                days.with_columns(pl.col("estimate").round(0)),
                gate,
                counts=["denominator"],
                values=["estimate"],
            )
            parts += [shown.frame.drop(_APART, *WITHHELD), _released_shares(over, gate)]
        empty = release(self.frame.clear(), gate).frame.drop(_APART, *WITHHELD)
        return Released(pl.concat(parts) if parts else empty, gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """The median gap, the share of long ones, and who is silent at the end of the data."""
        privacy = privacy or Privacy()
        rows = list(self.released(privacy).frame.iter_rows(named=True))
        found = {(r["section"], r["term"]): r for r in rows}
        lines = [
            (
                "Gaps: calendar days between consecutive attended sessions of one episode; and "
                "days since the last attended session (or the episode's start) in open episodes."
            ),
            *_said(found, BETWEEN, "gaps between sessions", privacy),
            *_said(found, SINCE, "open episodes", privacy),
        ]
        if not self.ends_known:
            lines.append(
                "Missing: no episodes table and no episode_end=, so time since the last session "
                "is left out: everyone who has finished would look silent."
            )
        lines.append(
            "Caveat: a gap counts only when a later session ends it, so those who never came back "
            "are not among the gaps; planned breaks count as gaps too."
        )
        return "\n".join(lines)


def gaps(cohort: Cohort) -> Gaps:
    """How long clients go between attended sessions, and how long open episodes have been quiet.

    For seeing what silence is usual before choosing a threshold in a rule. Not for judging a
    client: planned breaks and fortnightly care give long gaps too.

    Parameters
    ----------
    cohort : Cohort
        Attended sessions within what is seen of an episode. Time since the last one needs to know
        when episodes end: an `episodes` table, or ``episode_end=``.

    Returns
    -------
    Gaps
        A share over 28 days counts gaps of more than 28 times 24 h.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> cn.gaps(cohort).tidy()["section"].unique().sort().to_list()
    ['between_sessions', 'since_last_attended']
    """
    check_cohort(cohort, "gaps()")
    episodes = seen_episodes(cohort)
    attended = cohort.appointments.filter(pl.col("outcome") == "attended")
    sessions = within_episodes(attended.select("client_id", "start"), episodes, "start")
    between = (
        sessions.sort("client_id", "episode", "start")
        .with_columns(days=_days(pl.col("start").diff().over("client_id", "episode")))
        .drop_nulls("days")
    )
    sections = [_section(BETWEEN, between)]
    if ends_are_known(cohort):
        last = sessions.group_by("client_id", "episode").agg(pl.col("start").max())
        quiet = episodes.filter("open").join(last, on=["client_id", "episode"], how="left")
        since = pl.lit(cohort.as_of, pl.Datetime("us", "UTC")) - pl.coalesce("start", "seen_from")
        sections.append(_section(SINCE, quiet.with_columns(days=_days(since))))
    return Gaps(pl.concat(sections), ends_are_known(cohort))


def _days(duration: pl.Expr) -> pl.Expr:
    return duration.dt.total_microseconds() / DAY


def _section(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    quartiles = pl.DataFrame(
        {
            "term": list(_QUARTILES),
            "unit": "days",
            "denominator": rows.height,
            "clients": rows["client_id"].n_unique(),
            "estimate": [rows["days"].quantile(q, "linear") for q in _QUARTILES.values()],
        },
        schema_overrides={"estimate": pl.Float64, "denominator": pl.Int64, "clients": pl.Int64},
    )
    over = []
    for days, longer in zip(THRESHOLDS, (*THRESHOLDS[1:], None), strict=True):
        table = proportions(rows.with_columns(over=pl.col("days") > days), "over")
        inside = pl.col("days").is_between(days, longer or float("inf"), closed="right")
        apart = rows.filter(inside)["client_id"].n_unique()
        over.append(
            table.with_columns(
                pl.lit(f"over_{days}_days").alias("term"),
                pl.lit("share").alias("unit"),
                pl.lit(apart, pl.Int64).alias(_APART),
            )
        )
    return (
        pl.concat([quartiles, *over], how="diagonal")
        .with_columns(section=pl.lit(name), denominator_name=pl.lit(_DENOMINATOR[name]))
        .select("section", "term", "unit", "denominator_name", *COLUMNS, _APART)
    )


def _released_shares(over: pl.DataFrame, privacy: Privacy) -> pl.DataFrame:
    apart = [0, *over[_APART].to_list()[:-1]]
    hidden = nested(over["clients_with"].to_list(), privacy, apart)
    guarded = over.with_columns(pl.Series(_APART, [1 if h else 0 for h in hidden], pl.Int64))
    return release_proportions(guarded, privacy, guards=[_APART]).frame


def _said(
    found: dict[tuple[str, str], dict[str, object]], section: str, unit: str, privacy: Privacy
) -> Sequence[str]:
    if (section, "median") not in found:
        return []
    median, over = found[section, "median"], found[section, "over_28_days"]
    if median["suppressed"]:
        return [f"{unit.capitalize()}: {few(privacy)}."]
    if median["estimate"] is None:
        return [f"{unit.capitalize()}: none."]
    low, middle, high = (
        number(found[section, q]["estimate"])  # type: ignore[arg-type]
        for q in ("lower_quartile", "median", "upper_quartile")
    )
    return [
        (
            f"{unit.capitalize()}: median {middle} days (quartiles {low} and {high}), "
            f"{number(median['clients'])} clients; longer than 28 days: "  # type: ignore[arg-type]
            f"{said_share(over, privacy, unit)}."
        )
    ]
