"""Appointments that belong together: moved to a new time, or a series cancelled in one act."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core import schema
from carenotebook.core.cohort import REJECTED_SCHEMA, check_cohort
from carenotebook.core.durations import duration_us, say_duration
from carenotebook.core.errors import MissingDataError
from carenotebook.core.options import OUTCOMES
from carenotebook.core.parts import CLIENT, Part
from carenotebook.ingest.acts import BY_REPLACES, IN_ONE_ACT, moves, numbered, series
from carenotebook.privacy import Privacy, Released
from carenotebook.results.proportions import COLUMNS, release_proportions, shares
from carenotebook.results.result import Result
from carenotebook.results.words import said_share

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort

COLLAPSED = "was cancelled in one act with an earlier appointment: one decision"
STATES = {
    "moved_by_replaces": "moved with notice, as `replaces` says: now rescheduled",
    "moved_in_one_act": "cancelled with notice and booked anew in one act: now rescheduled",
    "moved_late": "moved with short notice: stays a late cancellation",
    "already_rescheduled": "rescheduled in the source",
    "not_moved": "not moved",
    "cancelled_alone": "cancelled alone",
    "first_of_a_series": "the first of several cancelled in one act",
    "further_of_a_series": "a further one of several cancelled in one act",
}
_SECTIONS = ("moved", "series")


@dataclass(frozen=True, repr=False, eq=False)
class Linkage(Result):
    """What `link_appointments` found: aggregates only."""

    frame: pl.DataFrame
    within: str
    collapsed: bool
    by_replaces: bool
    by_act: bool

    @property
    def title(self) -> str:
        """What is counted."""
        return "Clients' own cancellations, by what they were linked to"

    @property
    def acts(self) -> int:
        """How many times a client cancelled several appointments in one act, exact."""
        return int(self.frame.filter(state="first_of_a_series")["numerator"].sum())

    def tidy(self) -> pl.DataFrame:
        """One row a section and state that occurs; the shares of a section sum to 1.

        Returns
        -------
        polars.DataFrame
            section (moved, series), state (the keys of `STATES`) and
            `carenotebook.results.proportions.COLUMNS`: appointments among the clients' own
            cancellations (late_cancel, early_cancel and rescheduled).
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The shares as they may be shown."""
        gate = privacy or Privacy()
        shown = [
            release_proportions(
                self.frame.filter(section=section), gate, ["state"], category="state"
            ).frame
            for section in _SECTIONS
        ]
        return Released(pl.concat(shown), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """What was linked and how, what was not looked for, and what a link cannot know."""
        gate = privacy or Privacy()
        if self.frame.is_empty():
            return "Linkage: there is no cancellation by a client to link."
        lines = ["Linkage of the clients' own cancellations:"]
        lines += [
            f"- {STATES[r['state']]}: {said_share(r, gate, 'cancellations')}"
            for r in self.released(gate).frame.iter_rows(named=True)
        ]
        if not self.by_replaces:
            lines.append("Missing: links by `replaces` need replaces and appointment_id.")
        if not self.by_act:
            lines.append("Missing: links by one act need booked_at and cancelled_at.")
        lines.append(
            "Series are collapsed: the first appointment stands for the decision."
            if self.collapsed
            else "Series are reported and kept: every appointment of one counts."
        )
        lines.append(
            f"One act: at most {say_duration(self.within)} apart. Caveat: that a client cancelled "
            "and somebody booked in one act does not prove that one replaces the other."
        )
        return "\n".join(lines)


def link_appointments(
    cohort: Cohort, *, within: str = "5m", collapse_series: bool = False
) -> tuple[Cohort, Linkage]:
    """Tell moved appointments from lost ones, and one decision from many cancellations.

    For sources that write a moved appointment as a cancellation and a new booking, and a series
    that a client called off in one telephone call as so many cancellations. Nothing is linked
    unless you call this.

    A cancellation is *moved* where another appointment of the client names it in `replaces`, or was
    booked at most `within` from the cancellation, for another time that was still to come; each
    new appointment replaces one, in order of time. ``early_cancel`` then becomes ``rescheduled``
    (moved *with notice* to a new time). A ``late_cancel`` stays late although it was moved: its
    slot was lost all the same; the report counts it. Only the client's own cancellations are
    linked: never what the provider cancelled, what is excused, or a no-show. Where ids are known,
    the new appointment gets them as `replaces`. A time at midnight (in the cohort's time zone) is
    a date without a time and tells no act.

    A *series* is two or more appointments, still to come, that a client cancelled in one act. It is
    one decision: with ``collapse_series=True`` its first appointment stands for it, and the others
    go to `Cohort.rejected` with that reason and no row number, so that rows in are still rows
    accepted plus rejected. Do not collapse before `capacity`: every slot of the series was freed.

    Parameters
    ----------
    cohort : Cohort
        Needs `cancelled_at` (series), with `booked_at` (one act), or `replaces` and
        `appointment_id`, in the appointments.
    within : str
        How far apart two entries of one act may be: a duration in m, h, d or w; ``"0m"`` is the
        same instant.
    collapse_series : bool

    Returns
    -------
    Cohort
        A new one; linking it again changes nothing.
    Linkage
        How many were linked, and how.

    Raises
    ------
    MissingDataError
        If the appointments have neither.
    OptionError
        If `within` is no duration.

    Examples
    --------
    >>> import polars as pl
    >>> import carenotebook as cn
    >>> visits = pl.DataFrame(
    ...     {
    ...         "client_id": ["c1", "c1"],
    ...         "start": ["2026-03-09 10:00", "2026-03-12 15:00"],
    ...         "outcome": ["early_cancel", "attended"],
    ...         "booked_at": ["2026-03-01 09:00", "2026-03-05 16:31"],
    ...         "cancelled_at": ["2026-03-05 16:30", None],
    ...     }
    ... )
    >>> linked, report = cn.link_appointments(cn.from_frames(visits))
    >>> linked.appointments.collect()["outcome"].to_list()
    ['rescheduled', 'attended']
    >>> report.tidy().select("state", "numerator").rows()
    [('moved_in_one_act', 1), ('cancelled_alone', 1)]
    """
    check_cohort(cohort, "link_appointments()")
    by_replaces = all(cohort.has("appointments", c) for c in ("replaces", "appointment_id"))
    by_act = all(cohort.has("appointments", c) for c in ("booked_at", "cancelled_at"))
    if not by_replaces and not cohort.has("appointments", "cancelled_at"):
        raise MissingDataError(
            "link_appointments() needs cancelled_at (with booked_at, for moved appointments), or "
            "replaces and appointment_id, in the table 'appointments': supply them there, or map "
            "columns of your data to them."
        )
    tolerance = duration_us(within, "within", zero=True)
    done = [_link_part(cohort, p, tolerance, collapse=collapse_series) for p in cohort.parts]
    frames = [linked.select(_columns(cohort)) for linked, _, _ in done]
    rejected = [_collapsed(further) for _, further, _ in done]
    before = sum(told.height for _, _, told in done)
    result = replace(
        cohort,
        parts=tuple(
            {**part, "appointments": _sorted(frame).lazy()}
            for part, frame in zip(cohort.parts, frames, strict=True)
        ),
        rows_in={"appointments": before, **cohort.rows_in},
        _rejected=pl.concat([cohort.rejected, *rejected]),
    )
    own = pl.concat(told for _, _, told in done).filter(pl.col("moved").is_not_null())
    return result, Linkage(_counted(own), within, collapse_series, by_replaces, by_act)


def _link_part(
    cohort: Cohort, part: Part, within: int, *, collapse: bool
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The appointments that stay, those that an earlier one stands for, and what was told."""
    rows = numbered(part["appointments"].collect())
    told = _told(rows, within, cohort.timezone)
    linked = _linked(rows, told, has_ids=cohort.has("appointments", "appointment_id"))
    dropped = told.filter(collapse, series="further_of_a_series").select("row")
    return (
        linked.join(dropped, on="row", how="anti", maintain_order="left"),
        linked.join(dropped, on="row", how="semi", maintain_order="left"),
        told,
    )


def _columns(cohort: Cohort) -> list[str]:
    """The cohort's columns, with `replaces` where ids are known."""
    return [c for c in schema.dtypes("appointments") if _keeps(cohort, c)] + [CLIENT]


def _keeps(cohort: Cohort, column: str) -> bool:
    """Whether the linked cohort has the column: `replaces` comes with ids and acts."""
    gained = column == "replaces" and cohort.has("appointments", "appointment_id")
    return gained or cohort.has("appointments", column)


def _told(rows: pl.DataFrame, within: int, timezone: str) -> pl.DataFrame:
    """Each row with its client, what it was moved to and how, and its place in a series."""
    found = moves(rows, within, timezone)
    acts = series(rows, within, timezone)
    outcome = pl.col("outcome").cast(pl.String)
    moved = (
        pl.when(outcome == "rescheduled")
        .then(pl.lit("already_rescheduled"))
        .when((outcome == "late_cancel") & pl.col("how").is_not_null())
        .then(pl.lit("moved_late"))
        .when((outcome == "early_cancel") & (pl.col("how") == BY_REPLACES))
        .then(pl.lit("moved_by_replaces"))
        .when((outcome == "early_cancel") & (pl.col("how") == IN_ONE_ACT))
        .then(pl.lit("moved_in_one_act"))
        .when(outcome.is_in(["late_cancel", "early_cancel"]))
        .then(pl.lit("not_moved"))
    )
    place = (
        pl.when("first")
        .then(pl.lit("first_of_a_series"))
        .when(pl.col("first").is_not_null())
        .then(pl.lit("further_of_a_series"))
        .when(moved.is_not_null())
        .then(pl.lit("cancelled_alone"))
    )
    return (
        rows.select("row", "client_id", "outcome", "appointment_id")
        .join(found, on="row", how="left", maintain_order="left")
        .join(acts, on="row", how="left", maintain_order="left")
        .with_columns(moved=moved, series=place)
    )


def _linked(rows: pl.DataFrame, told: pl.DataFrame, *, has_ids: bool) -> pl.DataFrame:
    """The rows with what was moved as rescheduled, and the ids that the new ones replace."""
    now = told["moved"].is_in(["moved_by_replaces", "moved_in_one_act"]).fill_null(value=False)
    outcome = pl.when(now).then(pl.lit("rescheduled")).otherwise(pl.col("outcome").cast(pl.String))
    made = rows.with_columns(outcome.cast(pl.Enum(OUTCOMES)).alias("outcome"))
    if not has_ids:
        return made
    old = told.filter(how=IN_ONE_ACT).select(row="new_row", old_id="appointment_id")
    return made.join(old, on="row", how="left", maintain_order="left").with_columns(
        replaces=pl.coalesce("replaces", "old_id")
    )


def _collapsed(rows: pl.DataFrame) -> pl.DataFrame:
    texts = [
        json.dumps(r, default=str, ensure_ascii=False)
        for r in rows.drop("row", CLIENT, "old_id", strict=False).iter_rows(named=True)
    ]
    return pl.DataFrame(
        {
            "table": ["appointments"] * rows.height,
            "row": [None] * rows.height,
            "column": ["cancelled_at"] * rows.height,
            "reason": [COLLAPSED] * rows.height,
            "raw": texts,
        },
        schema=REJECTED_SCHEMA,
    )


def _sorted(appointments: pl.DataFrame) -> pl.DataFrame:
    """In the order of every cohort: by client, start, then all else."""
    first = ["client_id", "start"]
    rest = [c for c in appointments.columns if c not in (*first, CLIENT)]
    return appointments.sort(*first, *rest, nulls_last=False)


def _counted(own: pl.DataFrame) -> pl.DataFrame:
    order = {state: i for i, state in enumerate(STATES)}
    counted = [
        shares(own.select("client_id", state=section), "state").select(
            pl.lit(section).alias("section"), "state", *COLUMNS
        )
        for section in _SECTIONS
    ]
    return pl.concat(counted).sort(pl.col("state").replace_strict(order, return_dtype=pl.Int8))
