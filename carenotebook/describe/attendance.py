"""Attendance rates over time and by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.options import MISSED, SCHEDULED, UNRESOLVED, check_option
from carenotebook.describe.groups import APPOINTMENT_COLUMNS, as_names, attributes_of, with_groups
from carenotebook.describe.seen import calendar_bin, seen_appointments
from carenotebook.privacy import Privacy, Released
from carenotebook.results.proportions import (
    COLUMNS,
    hidden_together,
    proportions,
    release_proportions,
    shares,
)
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, number, percent, said_share

Denominator = Literal["kept_or_missed", "scheduled", "with_early_cancels"]
Every = Literal["1w", "1mo", "1q"]

DENOMINATORS: dict[str, tuple[str, ...]] = {
    "kept_or_missed": ("attended", *MISSED),
    "scheduled": SCHEDULED,
    "with_early_cancels": ("attended", *MISSED, "early_cancel"),
}
SAYS = {
    "kept_or_missed": "attended + no-show + late cancellation",
    "scheduled": "every appointment with a usable outcome, whoever cancelled it",
    "with_early_cancels": "attended + no-show + late + early cancellation",
}
_PAUSES = (
    "A miss within a recorded pause counts here as the miss it was recorded as; criteria take it "
    "as excused."
)
_APART = "clients_not_counted"
PERIODS = {"1w": "week", "1mo": "month", "1q": "quarter"}


@dataclass(frozen=True, repr=False, eq=False)
class Attendance(Result):
    """What `attendance` returns."""

    frame: pl.DataFrame
    overall: pl.DataFrame
    use: pl.DataFrame
    apart: pl.DataFrame
    by: tuple[str, ...]
    disjoint: tuple[str, ...]
    every: str | None
    denominator: str
    timezone: str
    pauses_known: bool

    @property
    def title(self) -> str:
        """Names the denominator and the split."""
        split = [f"per {PERIODS[self.every]}"] if self.every else []
        split += [f"by {', '.join(self.by)}"] if self.by else []
        return " ".join([f"Attended, of {self.denominator.replace('_', ' ')}", *split])

    def tidy(self) -> pl.DataFrame:
        """One row a period and group.

        Returns
        -------
        polars.DataFrame
            period (first local day; only with `every`), the columns of `by`, term ("attended"),
            denominator_name, and `carenotebook.results.proportions.COLUMNS`. Groups come by size,
            largest first, never by rate; released ones by what is shown of their size.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown; no total over periods or groups tells a hidden one."""
        cells = [*(["period"] if self.every else []), *self.by]
        return release_proportions(
            _guarded(self.frame, self.apart, self.by) if self.every is None else self.frame,
            privacy or Privacy(),
            by=cells,
            disjoint=self.disjoint,
            groups=self.by,
            guards=[_APART] if self.every is None else [],
        )

    def summary(self, privacy: Privacy | None = None) -> str:
        """The rate over everything seen, its denominator, what was left out, what is unresolved."""
        privacy = privacy or Privacy()
        guarded = _guarded(self.overall, self.apart, ())
        whole = release_proportions(guarded, privacy, guards=[_APART]).frame.row(0, named=True)
        clients = "" if whole["clients"] is None else f" of {number(whole['clients'])} clients"
        lines = [
            f"Attendance rate: attended / ({SAYS[self.denominator]}).",
            (
                f"Attended: {said_share(whole, privacy, 'appointments')}{clients}. The interval "
                "takes into account that a client's appointments resemble each other."
            ),
            *self._left_out(whole, privacy),
            *([_PAUSES] if self.pauses_known else []),
            *self._split(),
            (
                "Caveat: a rate counts only those who still have appointments; a service that ends "
                "care early looks better on it. Read it beside the outcome panel, which sums to "
                "everyone. Differences describe; they do not explain."
            ),
        ]
        return "\n".join(lines)

    def _left_out(self, whole: dict[str, Any], privacy: Privacy) -> list[str]:
        # How many are counted is said elsewhere, so the others hide together.
        use = hidden_together(self.use, "use", "counted", _APART)
        parts = release_proportions(use, privacy, ["use"], category="use", guards=[_APART])
        found = {r["use"]: r for r in parts.frame.iter_rows(named=True)}
        left, open_ = found.get("left_out"), found.get("unresolved")
        lines = []
        if left and left["suppressed"]:
            lines.append(f"Left out: appointments with another outcome: {few(privacy)}.")
        elif left:
            lines.append(
                f"Left out: {about(left['numerator'], privacy)} appointments with an outcome that "
                "this denominator does not count."
            )
        if not open_:
            return [*lines, "Missing: every past appointment has a usable outcome."]
        if open_["suppressed"]:
            return [*lines, f"Missing: past appointments without a usable outcome: {few(privacy)}."]
        return [*lines, _range_of(whole, open_["numerator"], privacy)]

    def _split(self) -> list[str]:
        lines = []
        if self.every:
            lines.append(
                f"Periods are calendar {PERIODS[self.every]}s in {self.timezone}; the first and "
                "the last may be seen only in part."
            )
        if self.by:
            lines.append(f"Clients without a value of {', '.join(self.by)} form the group missing.")
        return lines


def attendance(
    cohort: Cohort,
    by: str | Sequence[str] | None = None,
    every: Every | None = "1mo",
    denominator: Denominator = "kept_or_missed",
) -> Attendance:
    """Share of appointments that were attended, over time and by group.

    For describing a service's attendance and comparing it with itself over time. Not for ranking
    therapists (their clients differ), and not alone for judging a policy: see `outcome_panel`.

    Parameters
    ----------
    cohort : Cohort
        Appointments that start in ``[observed_from, as_of)`` are seen, inside an episode or not,
        with the outcome as recorded.
    by : str or sequence of str, optional
        Columns of the appointments (therapist_id, site, kind, modality, reason) or of `clients`.
    every : {"1w", "1mo", "1q"} or None
        Calendar bins in the cohort's time zone, weeks from Monday; None: one figure a group.
    denominator : {"kept_or_missed", "scheduled", "with_early_cancels"}
        "kept_or_missed": attended + no_show + late_cancel. "scheduled": every usable outcome.
        "with_early_cancels": early cancellations count as misses. The choice changes the answer.

    Returns
    -------
    Attendance

    Raises
    ------
    MissingDataError
        If the cohort has no such column to split by.
    OptionError
        If `every` or `denominator` is not one of those named.

    Notes
    -----
    Intervals are Wilson's at the effective sample size, with clients as clusters.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> rate = cn.attendance(cohort, every=None)
    >>> rate.tidy()["denominator_name"].to_list()
    ['kept_or_missed']
    """
    check_cohort(cohort, "attendance()")
    check_option("denominator", denominator, get_args(Denominator))
    if every is not None:
        check_option("every", every, get_args(Every))
    names = as_names(by)
    seen = with_groups(
        seen_appointments(cohort), cohort, names, APPOINTMENT_COLUMNS, "attendance()"
    )
    outcome = pl.col("outcome").cast(pl.String)
    counted = outcome.is_in(DENOMINATORS[denominator])
    use = (
        pl.when(counted)
        .then(pl.lit("counted"))
        .when(outcome.is_in(UNRESOLVED))
        .then(pl.lit("unresolved"))
        .otherwise(pl.lit("left_out"))
    )
    marked = seen.with_columns(attended=outcome == "attended", counted=counted, use=use)
    cells = names
    if every is not None:
        marked = marked.with_columns(period=calendar_bin("start", every, cohort.timezone))
        cells = ("period", *names)
    used = marked.select("client_id", "attended", "counted", "use", *cells).collect()
    rows = used.filter("counted")
    return Attendance(
        frame=_largest_first(proportions(rows, "attended", by=cells), names, denominator),
        overall=proportions(rows, "attended"),
        use=shares(used, "use"),
        apart=used.filter(~pl.col("counted")).select("client_id", *names).unique(),
        by=names,
        disjoint=tuple(attributes_of(cohort, names, APPOINTMENT_COLUMNS, "appointments")),
        every=every,
        denominator=denominator,
        timezone=cohort.timezone,
        pauses_known=cohort.has("pauses"),
    )


def _guarded(table: pl.DataFrame, apart: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    """With the clients of appointments that are not counted: all less the counted tell of them."""
    clients = pl.col("client_id").n_unique().cast(pl.Int64).alias(_APART)
    if not by:
        return table.join(apart.select(clients), how="cross")
    others = apart.group_by(by).agg(clients)
    found = table.join(others, on=by, how="left", maintain_order="left")
    return found.with_columns(pl.col(_APART).fill_null(0))


def _range_of(whole: dict[str, Any], unresolved: int, privacy: Privacy) -> str:
    attended, rows = whole["numerator"], whole["denominator"]
    said = f"Missing: {about(unresolved, privacy)} past appointments have no usable outcome"
    if attended is None or not rows + unresolved:
        return f"{said} and are left out."
    lowest, highest = (percent(a / (rows + unresolved)) for a in (attended, attended + unresolved))
    return (
        f"{said} and are left out; the rate would be {lowest} if all of them were missed and "
        f"{highest} if all were attended."
    )


def _largest_first(frame: pl.DataFrame, by: tuple[str, ...], denominator: str) -> pl.DataFrame:
    named = frame.with_columns(term=pl.lit("attended"), denominator_name=pl.lit(denominator))
    cells = [c for c in frame.columns if c not in COLUMNS]
    named = named.select(*cells, "term", "denominator_name", *COLUMNS)
    if not by:
        return named
    size = pl.col("denominator").sum().over(list(by))
    order = named.with_columns(_size=size).sort("_size", descending=True, maintain_order=True)
    keys = order.select(by).unique(maintain_order=True).with_row_index("_group")
    return order.join(keys, on=list(by)).sort("_group", *cells).drop("_size", "_group")
