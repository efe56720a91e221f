"""The outcome panel: where everyone stands, so that nobody drops out of the denominator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.options import END_REASONS, MISSED, OUTCOMES, SCHEDULED, UNRESOLVED
from carenotebook.core.spoken import spoken
from carenotebook.describe.groups import EPISODE_COLUMNS, as_names, attributes_of, with_groups
from carenotebook.describe.seen import (
    ends_are_known,
    latest_outcomes,
    seen_appointments,
    seen_episodes,
    within_episodes,
)
from carenotebook.privacy import Privacy, Released
from carenotebook.results.proportions import COLUMNS, release_proportions, shares
from carenotebook.results.result import Result
from carenotebook.results.words import few, number, said_share

PEOPLE, APPOINTMENTS = "people", "appointments"
STATES = (
    *SCHEDULED,
    "attended_nothing_booked",
    "never_rebooked",
    "waiting_booked",
    "waiting",
    *(f"ended_{r.removeprefix('ended_')}" for r in END_REASONS if r != "ongoing"),
    "ended_reason_unknown",
    "no_episode",
)
"""Where a person can stand; exclusive and exhaustive (see `outcome_panel`)."""

_DENOMINATOR = {PEOPLE: "everyone", APPOINTMENTS: "all_appointments_seen"}


@dataclass(frozen=True, repr=False, eq=False)
class OutcomePanel(Result):
    """What `outcome_panel` returns."""

    frame: pl.DataFrame
    by: tuple[str, ...]
    disjoint: tuple[str, ...]
    bookings_known: bool
    ends_known: bool

    @property
    def title(self) -> str:
        """Names the split."""
        split = f" by {', '.join(self.by)}" if self.by else ""
        return f"Where everyone stands, and what became of every appointment{split}"

    def tidy(self) -> pl.DataFrame:
        """One row a section, group and state that occurs; shares sum to 1 in each group.

        Returns
        -------
        polars.DataFrame
            section ("people" or "appointments"), the columns of `by`, state, denominator_name, and
            `carenotebook.results.proportions.COLUMNS`.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The panel as it may be shown; no total over states or groups tells a hidden one."""
        gate = privacy or Privacy()
        sections = [
            _released(part, self, gate)
            for part in self.frame.partition_by("section", maintain_order=True)
        ]
        empty = release_proportions(self.frame.clear(), gate).frame
        return Released(pl.concat(sections) if sections else empty, gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many there are, where everyone stands, and what is missing."""
        privacy = privacy or Privacy()
        lines = [
            (
                "Outcome panel: everyone (each episode seen, and each client without one, counted "
                "as one) in exactly one state as of the end of the data; then every appointment "
                "by outcome. A state with a booking is told by the latest outcome."
            ),
            *self._people(privacy),
        ]
        if not self.bookings_known:
            lines.append(
                "Missing: the data hold no appointment after their end, so nobody can be said to "
                "be booked or never rebooked; states are those of the latest appointment."
            )
        if not self.ends_known:
            lines.append(
                "Missing: no episodes table and no episode_end=, so nobody is counted as ended."
            )
        lines.append(
            "Caveat: a policy that ends care, or stops booking, moves people between states and "
            "cannot take them out of the total; compare the whole panel before and after."
        )
        return "\n".join(lines)

    def _people(self, privacy: Privacy) -> list[str]:
        if self.by or self.frame.is_empty():
            return ["The table gives the shares by group."]
        people = self.released(privacy).frame.filter(pl.col("section") == PEOPLE)
        found = {r["state"]: r for r in people.iter_rows(named=True)}
        clients = people["clients"].drop_nulls().to_list()
        lines = [f"N: {number(clients[0])} clients." if clients else f"N: {few(privacy)}."]
        lines += [
            f"- {spoken(s)}: {said_share(row, privacy, 'episodes')}" for s, row in found.items()
        ]
        return lines


def outcome_panel(cohort: Cohort, by: str | Sequence[str] | None = None) -> OutcomePanel:
    """Where everyone stands as of the end of the data, and what became of every appointment.

    For judging a policy: an attendance rate rises when a rule ends the care of those who miss,
    because they leave its denominator. Here they stay, as ended. Not for following one person.

    The first section, "people", counts each episode of which something is seen, and each client
    known from any table without such an episode. Exactly one state holds, the first that fits:

    - ended_completed, ended_dropped_out, ended_by_service, ended_transferred, ended_died,
      ended_reason_unknown: the episode ended at or before `as_of`.
    - waiting_booked, waiting: open, no appointment with a usable outcome yet; something is booked,
      or nothing is.
    - attended_nothing_booked; never_rebooked: open, nothing is booked; the latest usable outcome
      is attended, or is anything else.
    - attended, no_show, late_cancel, early_cancel, rescheduled, provider_cancel,
      technical_failure, excused, was_not_brought: open, something is booked; the latest usable
      outcome.
    - no_episode: a client of whom no episode is seen.

    Something is booked if an appointment at or after `as_of` was booked before it (or at an
    unknown time) and was not cancelled before it. Where the data hold no appointment at or after
    `as_of`, bookings are not known: the latest outcome alone is the state.

    The second section, "appointments", divides all appointments seen by outcome, booked and
    unknown (past, never resolved) included.

    Parameters
    ----------
    cohort : Cohort
    by : str or sequence of str, optional
        therapist_id or site of the episodes, or columns of `clients`; an appointment belongs to
        the group of the episode that sees it.

    Returns
    -------
    OutcomePanel

    Raises
    ------
    MissingDataError
        If the cohort has no such column.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> panel = cn.outcome_panel(cohort).tidy()
    >>> panel.group_by("section").agg(pl.col("estimate").sum().round(9))["estimate"].to_list()
    [1.0, 1.0]
    """
    check_cohort(cohort, "outcome_panel()")
    names = as_names(by)
    episodes = seen_episodes(cohort)
    booked = _booked(cohort)
    people = _people(cohort, episodes, booked)
    sections = {
        PEOPLE: with_groups(people, cohort, names, EPISODE_COLUMNS, "outcome_panel()"),
        APPOINTMENTS: _appointments(cohort, episodes, names),
    }
    tables = [
        shares(rows, "state", by=names)
        .sort(*names, pl.col("state").cast(pl.Enum(_ORDER)))
        .with_columns(section=pl.lit(name), denominator_name=pl.lit(_DENOMINATOR[name]))
        .select("section", *names, "state", "denominator_name", *COLUMNS)
        for name, rows in sections.items()
    ]
    return OutcomePanel(
        frame=pl.concat(tables),
        by=names,
        disjoint=tuple(attributes_of(cohort, names, EPISODE_COLUMNS, "episodes")),
        bookings_known=booked is not None,
        ends_known=ends_are_known(cohort),
    )


def _released(part: pl.DataFrame, panel: OutcomePanel, privacy: Privacy) -> pl.DataFrame:
    """A section; appointments are hidden among those that `attendance` adds up too."""
    by = [*panel.by, "state"]
    known = [[*panel.by, u] for u in (_USE, _COUNTED)] if part["section"][0] == APPOINTMENTS else []
    use = pl.col("state").replace_strict(_USES, default="left_out")
    counted = use.replace("unresolved", "left_out")
    shown = release_proportions(
        part.with_columns(use.alias(_USE), counted.alias(_COUNTED)),
        privacy,
        by,
        panel.disjoint,
        category="state",
        groups=panel.by,
        known=known,
    )
    return shown.frame.drop(_USE, _COUNTED)


_USE, _COUNTED = "_use", "_counted"
_USES = {
    "attended": "attended",
    **dict.fromkeys(MISSED, "missed"),
    **dict.fromkeys(UNRESOLVED, "unresolved"),
}
_ORDER = [*OUTCOMES, *(s for s in STATES if s not in OUTCOMES)]


def _people(cohort: Cohort, episodes: pl.DataFrame, booked: pl.LazyFrame | None) -> pl.LazyFrame:
    latest = latest_outcomes(cohort, episodes)
    known = episodes.lazy().join(latest, on=["client_id", "episode"], how="left")
    if booked is None:
        known = known.with_columns(booked=pl.lit(None, pl.Boolean))
    else:
        known = known.join(booked.with_columns(booked=pl.lit(1) == 1), on="client_id", how="left")
        known = known.with_columns(pl.col("booked").fill_null(value=False))
    stands = known.with_columns(state=_state(cohort.has("episodes", "end_reason")))
    others = _every_client(cohort).join(known, on="client_id", how="anti")
    kept = [c for c in EPISODE_COLUMNS if cohort.has("episodes", c)]
    return pl.concat(
        [
            stands.select("client_id", "state", *kept),
            others.with_columns(state=pl.lit("no_episode")),
        ],
        how="diagonal",
    )


def _state(has_reason: bool) -> pl.Expr:  # noqa: FBT001 - internal
    reason = pl.col("end_reason").cast(pl.String) if has_reason else pl.lit(None, pl.String)
    told = reason.is_not_null() & (reason != "ongoing")
    ended = pl.when(told).then("ended_" + reason.str.strip_prefix("ended_"))
    seen, booked = pl.col("outcome").is_not_null(), pl.col("booked")
    return (
        pl.when(~pl.col("open"))
        .then(ended.otherwise(pl.lit("ended_reason_unknown")))
        .when(~seen & booked)
        .then(pl.lit("waiting_booked"))
        .when(~seen)
        .then(pl.lit("waiting"))
        .when(~booked & (pl.col("outcome") == "attended"))
        .then(pl.lit("attended_nothing_booked"))
        .when(~booked)
        .then(pl.lit("never_rebooked"))
        .otherwise(pl.col("outcome"))
    )


def _booked(cohort: Cohort) -> pl.LazyFrame | None:
    """Clients with an appointment still to come; None if the data hold no later appointment."""
    later = cohort.appointments.filter(pl.col("start") >= cohort.as_of)
    if later.select(pl.len()).collect().item() == 0:
        return None
    known = later.collect_schema().names()
    if "booked_at" in known:
        later = later.filter((pl.col("booked_at") < cohort.as_of).fill_null(value=True))
    if "cancelled_at" in known:
        later = later.filter((pl.col("cancelled_at") >= cohort.as_of).fill_null(value=True))
    return later.select("client_id").unique()


def _every_client(cohort: Cohort) -> pl.LazyFrame:
    ids = [cohort.table(t).select("client_id") for t in cohort.tables if t != "policies"]
    return pl.concat(ids).unique()


def _appointments(cohort: Cohort, episodes: pl.DataFrame, by: tuple[str, ...]) -> pl.LazyFrame:
    seen = seen_appointments(cohort).with_columns(state=pl.col("outcome").cast(pl.String))
    own = [c for c in by if c in EPISODE_COLUMNS and cohort.has("episodes", c)]
    rows = seen.select("client_id", "start", "state").with_row_index("_row")
    if own:
        placed = within_episodes(rows, episodes, "start", *own).select("_row", *own)
        rows = rows.join(placed.lazy(), on="_row", how="left")
    return with_groups(rows, cohort, by, own, "outcome_panel()")
