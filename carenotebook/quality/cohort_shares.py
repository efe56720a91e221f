"""Which share of appointments a chart or a funnel of a cohort is about, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import EVENTS, check_option
from carenotebook.describe.attendance import DENOMINATORS, SAYS, Denominator
from carenotebook.describe.tallies import Share, Tallies
from carenotebook.privacy import Privacy
from carenotebook.results.proportions import figures, release_proportions
from carenotebook.results.words import about


@dataclass(frozen=True)
class Charted:
    """A share, and how often it could not be told.

    Attributes
    ----------
    measure, denominator : str
    left_out : dict of str to int
        Appointments that do not enter, by reason.
    """

    measure: str
    denominator: str
    left_out: dict[str, int]

    @property
    def name(self) -> str:
        """Such as "Missed, of kept or missed"."""
        said = f"{self.measure}, of {self.denominator}".replace("_", " ")
        return f"{said[0].upper()}{said[1:]}"

    def said(self, gate: Privacy) -> list[str]:
        """What is counted, and what is left out."""
        lines = [f"Counted: {self.measure.replace('_', ' ')} / ({SAYS[self.denominator]})."]
        parts = [f"{why}: {_roughly(n, gate)}" for why, n in self.left_out.items() if n]
        return [*lines, f"Left out, appointments: {'; '.join(parts) or 'none'}."]


def share_of(measure: str, denominator: Denominator | None, caller: str) -> tuple[Share, str]:
    """The share, and the denominator's name.

    Raises
    ------
    OptionError
        For an unknown measure or denominator, or one that does not count the measure.
    """
    check_option("measure", measure, EVENTS)
    happened = set(EVENTS[measure])
    fits = happened <= set(DENOMINATORS["kept_or_missed"])
    name = denominator or ("kept_or_missed" if fits else "scheduled")
    check_option("denominator", name, get_args(Denominator))
    if not happened <= set(DENOMINATORS[name]):
        raise OptionError(
            f"{caller}: denominator={name!r} does not count {measure}. Take "
            "denominator='scheduled'."
        )
    return Share(EVENTS[measure], DENOMINATORS[name]), name


def left_out(tallies: Tallies) -> dict[str, int]:
    """Appointments that do not enter, by reason."""
    return {
        "with an outcome that the denominator does not count": tallies.left_out,
        "past, without a usable outcome": tallies.unresolved,
    }


def released_shares(
    counts: pl.DataFrame, gate: Privacy, by: str, known: list[list[str]] | None = None
) -> pl.DataFrame:
    """Counts by row as they may be shown, with `estimate`; no total tells a hidden one."""
    table = figures(counts.with_columns(design_effect=pl.lit(1.0)))
    return release_proportions(table, gate, [by], known=known or []).frame


def _roughly(count: int, gate: Privacy) -> str:
    return f"fewer than {gate.min_cell}" if gate.few(count) else about(gate.round(count), gate)
