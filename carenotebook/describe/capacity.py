"""Therapists' slots: kept, lost, freed with notice, refilled; and the waiting list."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import DAY
from carenotebook.describe.seen import calendar_bin, seen_appointments, within_episodes
from carenotebook.privacy import Privacy, Released, release
from carenotebook.results.proportions import COLUMNS, release_proportions, shares
from carenotebook.results.result import Result
from carenotebook.results.words import few, number, said_share

USES: dict[str, tuple[str, ...]] = {
    "kept": ("attended",),
    "lost": ("no_show", "late_cancel", "provider_cancel", "technical_failure"),
    "freed_with_notice": ("early_cancel", "rescheduled"),
    "other": ("excused", "was_not_brought"),
    "not_known": ("booked", "unknown"),
}
_REFILLABLE = (*USES["lost"], *USES["freed_with_notice"], *USES["other"])
_COLUMNS = (
    "client_id",
    "start",
    "outcome",
    "therapist_id",
    "booked_at",
    "cancelled_at",
    "duration_min",
)
_QUARTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


@dataclass(frozen=True, repr=False, eq=False)
class Capacity(Result):
    """What `capacity` returns."""

    frame: pl.DataFrame
    overall: pl.DataFrame
    waiting_list: pl.DataFrame | None
    refills_known: bool
    hours_known: bool
    timezone: str

    @property
    def title(self) -> str:
        """What is counted."""
        return "Therapist slots per week: kept, lost, freed with notice, refilled"

    def tidy(self) -> pl.DataFrame:
        """One row a week and use that occurs; the shares of a week sum to 1.

        Returns
        -------
        polars.DataFrame
            period (Monday), state (kept, lost, freed_with_notice, refilled, other, not_known),
            denominator_name, `carenotebook.results.proportions.COLUMNS` (slots in that use among
            all slots of the week) and hours (null where no duration is known).
        """
        return self.frame

    def waiting(self) -> pl.DataFrame | None:
        """The waiting list, exact: term, unit, clients, estimate; None without referred_at."""
        return self.waiting_list

    def released(self, privacy: Privacy | None = None) -> Released:
        """The weeks as they may be shown, hours rounded to whole ones."""
        gate = privacy or Privacy()
        shown = release_proportions(
            self.frame.with_columns(pl.col("hours").round(0)),
            gate,
            ["period", "state"],
            category="state",
        ).frame
        return Released(
            shown.with_columns(pl.when(~pl.col("suppressed")).then(pl.col("hours"))), gate
        )

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many slots were used and lost, what was refilled, who waits, what is not known."""
        privacy = privacy or Privacy()
        whole = release_proportions(self.overall, privacy, ["state"], category="state").frame
        lines = [
            "Capacity: every appointment seen is one slot of its therapist, in one use.",
            *(
                f"{r['state'].replace('_', ' ').capitalize()}: {said_share(r, privacy, 'slots')}."
                for r in whole.iter_rows(named=True)
            ),
            "Refilled: cancelled or moved, and the same therapist saw someone booked into that "
            "start after the cancellation."
            if self.refills_known
            else "Missing: refilled slots need booked_at and cancelled_at in the appointments.",
        ]
        if not self.hours_known:
            lines.append("Missing: hours need duration_min in the appointments.")
        lines += self._waiting_lines(privacy)
        lines.append(
            f"Weeks start on Monday in {self.timezone}. Caveat: only slots that somebody booked "
            "are seen; empty ones are not, and a lost slot may have served paperwork or a call."
        )
        return "\n".join(lines)

    def _waiting_lines(self, privacy: Privacy) -> list[str]:
        if self.waiting_list is None:
            return ["Missing: the waiting list needs referred_at in the episodes."]
        gate = release(
            self.waiting_list.with_columns(pl.col("estimate").round(0)),
            privacy,
            values=["estimate"],
        )
        rows = {r["term"]: r for r in gate.frame.iter_rows(named=True)}
        now, waited = rows["waiting_now"], rows["median"]
        here = few(privacy) if now["suppressed"] else f"about {number(now['clients'])} clients"
        lines = [f"Waiting for a first session at the end of the data: {here}."]
        if waited["suppressed"] or waited["estimate"] is None:
            return lines
        low, high = (number(rows[q]["estimate"]) for q in ("lower_quartile", "upper_quartile"))
        return [
            *lines,
            (
                f"Those who began waited a median of {number(waited['estimate'])} days (quartiles "
                f"{low} and {high}); those still waiting are not among them, so waits are longer."
            ),
        ]


def capacity(cohort: Cohort) -> Capacity:
    """What became of therapists' slots, week by week, and who is waiting.

    For seeing where capacity goes before blaming clients: slots are also lost by the provider.
    Not for comparing therapists.

    Parameters
    ----------
    cohort : Cohort
        Needs therapist_id in the appointments. booked_at and cancelled_at tell refilled slots,
        duration_min the hours, referred_at in the episodes the waiting list; without them these
        are null and the summary says so.

    Returns
    -------
    Capacity
        Each appointment seen is one slot: kept (attended), lost (no_show, late_cancel,
        provider_cancel, technical_failure), freed_with_notice (early_cancel, rescheduled), other
        (excused, was_not_brought), not_known (past and unresolved). One that was not kept is
        refilled instead where the same therapist has another appointment with the same start,
        booked at or after the cancellation; that appointment is a slot of its own.

    Raises
    ------
    MissingDataError
        If the appointments have no therapist_id.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> "kept" in cn.capacity(cohort).tidy()["state"].to_list()
    True
    """
    check_cohort(cohort, "capacity()")
    cohort.require("appointments", "therapist_id", needed_by="capacity()")
    refills = cohort.has("appointments", "booked_at") and cohort.has("appointments", "cancelled_at")
    hours = cohort.has("appointments", "duration_min")
    slots = (
        seen_appointments(cohort)
        .filter(pl.col("therapist_id").is_not_null())
        .select(c for c in _COLUMNS if cohort.has("appointments", c))
        .with_row_index("_slot")
        .with_columns(pl.col("outcome").cast(pl.String))
        .collect()
    )
    refilled = _refilled(slots) if refills else pl.Series([], dtype=slots["_slot"].dtype)
    use = {o: u for u, outcomes in USES.items() for o in outcomes}
    counted = slots.with_columns(
        period=calendar_bin("start", "1w", cohort.timezone),
        state=pl.when(pl.col("_slot").is_in(refilled.implode()))
        .then(pl.lit("refilled"))
        .otherwise(pl.col("outcome").replace_strict(use)),
        hours=(pl.col("duration_min") / 60) if hours else pl.lit(None, pl.Float64),
    )
    return Capacity(
        frame=_weeks(counted),
        overall=_in_order(shares(counted, "state")),
        waiting_list=_waiting(cohort) if cohort.has("episodes", "referred_at") else None,
        refills_known=refills,
        hours_known=hours,
        timezone=cohort.timezone,
    )


def _refilled(slots: pl.DataFrame) -> pl.Series:
    """Slots that were given to someone else after they had been cancelled."""
    place = ["therapist_id", "start"]
    given_up = slots.filter(pl.col("outcome").is_in(_REFILLABLE)).drop_nulls("cancelled_at")
    taken = slots.select(*place, taken_at="booked_at", taker="_slot").drop_nulls("taken_at")
    pairs = given_up.select(*place, "_slot", "cancelled_at").join(taken, on=place)
    later = (pl.col("taken_at") >= pl.col("cancelled_at")) & (pl.col("taker") != pl.col("_slot"))
    return pairs.filter(later)["_slot"].unique()


def _weeks(slots: pl.DataFrame) -> pl.DataFrame:
    hours = slots.group_by("period", "state").agg(
        pl.when(pl.col("hours").is_not_null().any()).then(pl.col("hours").sum()).alias("hours")
    )
    table = shares(slots, "state", by=["period"]).join(hours, on=["period", "state"], how="left")
    named = table.with_columns(denominator_name=pl.lit("slots_of_the_week"))
    return _in_order(named).select("period", "state", "denominator_name", *COLUMNS, "hours")


def _in_order(table: pl.DataFrame) -> pl.DataFrame:
    order = ("kept", "lost", "freed_with_notice", "refilled", "other", "not_known")
    first = ["period"] if "period" in table.columns else []
    return table.sort(*first, pl.col("state").cast(pl.Enum(order)))


def _waiting(cohort: Cohort) -> pl.DataFrame:
    """Clients waiting as of the end of the data, and the waits of those who began."""
    referred = (
        cohort.spans()
        .drop_nulls("referred_at")
        .filter(pl.col("referred_at") < cohort.as_of)
        .with_columns(waits_from=pl.min_horizontal("referred_at", "started_at"))
    )
    attended = cohort.appointments.filter(
        pl.col("outcome") == "attended", pl.col("start") < cohort.as_of
    )
    spans = referred.with_columns(
        seen_from=pl.col("waits_from"),
        seen_until=pl.coalesce("ended_at", pl.lit(cohort.as_of, pl.Datetime("us", "UTC"))),
    )
    first = (
        within_episodes(attended.select("client_id", "start"), spans, "start")
        .group_by("client_id", "episode")
        .agg(pl.col("start").min())
    )
    known = referred.join(first, on=["client_id", "episode"], how="left")
    began = known.drop_nulls("start").with_columns(
        days=(pl.col("start") - pl.col("referred_at")).dt.total_microseconds() / DAY
    )
    still = known.filter(
        pl.col("start").is_null(),
        (pl.col("ended_at") > cohort.as_of).fill_null(value=True),
    )
    rows: list[tuple[str, str, int, float | None]] = [
        ("waiting_now", "clients", still["client_id"].n_unique(), None)
    ]
    clients = began["client_id"].n_unique()
    rows += [
        (term, "days", clients, began["days"].quantile(q, "linear"))
        for term, q in _QUARTILES.items()
    ]
    schema = {"term": pl.String, "unit": pl.String, "clients": pl.Int64, "estimate": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
