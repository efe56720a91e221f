"""A funnel plot of a service's sites or therapists, straight from its appointments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.errors import OptionError
from carenotebook.describe.attendance import Denominator
from carenotebook.describe.groups import (
    APPOINTMENT_COLUMNS,
    MISSING,
    as_names,
    check_attributes,
    refuse_names,
)
from carenotebook.describe.tallies import Share, Tallies, by_group
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.quality.cohort_shares import Charted, left_out, released_shares, share_of
from carenotebook.quality.units import Extremes, Funnel, funnel

_CALLER = "funnel_plot()"
_REFLECTION = (
    "A therapist's figure is for their own reflection with a supervisor, and for nothing else: "
    "clients are not given to therapists at random."
)


@dataclass(frozen=True, repr=False, eq=False)
class AttendanceFunnel(Funnel):
    """What `carenotebook.funnel_plot` returns.

    Attributes
    ----------
    unit : str
    adjusted : tuple of str
    charted : Charted
    counts : polars.DataFrame
        One row a unit: its column, numerator, denominator, clients, clients_with (of the measure),
        clients_without.
    """

    unit: str
    adjusted: tuple[str, ...]
    charted: Charted
    counts: pl.DataFrame

    @property
    def title(self) -> str:
        """Names the share and the units."""
        return f"{self.charted.name}: observed for expected, by {self.unit.removesuffix('_id')}"

    def hidden(self, gate: Privacy) -> pl.Series:
        """Units of few clients, or of few with or without the measure, hide too."""
        shown = released_shares(self.counts, gate, self.unit).select(self.unit, SUPPRESSED)
        few = self.units.join(shown, on=self.unit, how="left", maintain_order="left")[SUPPRESSED]
        return few | super().hidden(gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """What is counted and expected, how many units lie outside, and what not to do with it."""
        gate = privacy or Privacy()
        title, *others = super().summary(gate).splitlines()
        expected = f"Expected: what the share over all units gives{_within(self.adjusted)}."
        lines = [title, *self.charted.said(gate), expected, *others]
        return "\n".join([*lines, _REFLECTION] if self.unit == "therapist_id" else lines)


def funnel_plot(  # noqa: PLR0913 - a share, its units, and how their spread is told
    cohort: Cohort,
    unit: str = "site",
    measure: str = "missed",
    *,
    denominator: Denominator | None = None,
    adjust: str | Sequence[str] = (),
    overdispersion: bool = True,
    limits: float = 0.998,
    extremes: Extremes = "winsorise",
) -> AttendanceFunnel:
    """Which sites or therapists differ in missed appointments by more than chance and usual spread.

    For asking which deserve a closer, friendly look at whom they see and when. Not for ranking:
    there is no order in what is shown, and no names. A therapist's place in it is for their own
    reflection.

    Parameters
    ----------
    cohort : Cohort
        Appointments that start in ``[observed_from, as_of)`` are seen.
    unit : str
        Column of the appointments (site, therapist_id, kind, modality) or of `clients`.
        Appointments without one are left out.
    measure : str
        "missed" (no-show or late cancellation) or another outcome.
    denominator : {"kept_or_missed", "scheduled", "with_early_cancels"}, optional
        As of `carenotebook.attendance`. By default the first that counts the measure.
    adjust : str or sequence of str
        Columns within whose groups the units are compared (indirect standardisation), such as the
        site of a therapist: expected is what the groups' shares over all units would give.
    overdispersion, limits, extremes
        As of `carenotebook.quality.funnel`.

    Returns
    -------
    AttendanceFunnel
        tidy(): as of `carenotebook.quality.funnel`.

    Raises
    ------
    MissingDataError
        If the cohort has no such column.
    OptionError
        For an unknown option, a column that names clients, or units none of which has the measure.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    >>> found = cn.funnel_plot(cohort, unit="therapist_id", adjust="site")
    >>> found.tidy().columns[:4]
    ['therapist_id', 'observed', 'expected', 'ratio']

    Notes
    -----
    `carenotebook.quality.funnel` on the counts of each unit.
    """
    check_cohort(cohort, "funnel_plot()")
    share, name = share_of(measure, denominator, _CALLER)
    within = as_names(adjust)
    _check_columns(cohort, unit, within)
    tallies, without = _units(cohort, share, (unit,))
    sums = tallies.frame
    expected = sums.with_columns(_expected=pl.col("denominator") * _rate())
    if within:
        strata = _units(cohort, share, (unit, *within))[0].frame
        expected = strata.with_columns(_expected=pl.col("denominator") * _rate().over(within))
    table = (
        expected.group_by(unit)
        .agg(pl.col("numerator").sum().alias(measure), pl.col("_expected").sum())
        .filter(pl.col("_expected") > 0)
        .sort(unit)
    )
    if table.is_empty():
        raise OptionError(f"{_CALLER}: no unit has any {measure}; there is nothing to compare.")
    found = funnel(table, unit, measure, "_expected", overdispersion, limits, extremes=extremes)
    return AttendanceFunnel(
        **vars(found),
        unit=unit,
        adjusted=within,
        charted=Charted(measure, name, {f"without a {unit}": without} | left_out(tallies)),
        counts=sums,
    )


def _check_columns(cohort: Cohort, unit: str, within: tuple[str, ...]) -> None:
    if len({unit, *within}) <= len(within):
        raise OptionError(f"{_CALLER}: adjust= names a column twice, or the unit.")
    mine = [c for c in APPOINTMENT_COLUMNS if cohort.has("appointments", c)]
    for argument, columns in (("unit", (unit,)), ("adjust", within)):
        others = [c for c in columns if c not in mine]
        check_attributes(cohort, others, mine, _CALLER, argument)


def _units(cohort: Cohort, share: Share, by: tuple[str, ...]) -> tuple[Tallies, int]:
    """Counts by unit (and stratum), and how many appointments have none."""
    tallies = by_group(cohort, share, by, _CALLER)
    for column in by:
        sizes = tallies.frame.group_by(column).agg(pl.col("clients").sum())["clients"]
        refuse_names(sizes, column, _CALLER)
    nowhere = pl.col(by[0]) == MISSING
    without = int(tallies.frame.filter(nowhere)["denominator"].sum())
    return replace(tallies, frame=tallies.frame.filter(~nowhere)), without


def _rate() -> pl.Expr:
    return pl.col("numerator").sum() / pl.col("denominator").sum()


def _within(columns: tuple[str, ...]) -> str:
    return f", within {', '.join(columns)}" if columns else ""
