"""Attendance and outcome: the estimates with their controls, or the curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carenotebook.effects.attendingwords import in_words
from carenotebook.effects.dose import KINK, TENS
from carenotebook.plots.chart import CareChart
from carenotebook.plots.dose import dose_chart
from carenotebook.plots.estimates import forest

if TYPE_CHECKING:
    from carenotebook.effects.attending import AttendanceEffect
    from carenotebook.privacy import Privacy

_PLACES = ("best_break", KINK, TENS, "jump_or_kink", "non_linearity")
"""Rows that are no difference in points of the outcome."""


def attendance_effect_chart(result: AttendanceEffect, privacy: Privacy | None = None) -> CareChart:
    """The curve where that was asked for; else a row an estimate."""
    if result.method == "spline" and result.curve is not None:
        return dose_chart(result.curve, privacy)
    shown = result.released(privacy).frame.filter(~pl.col("term").is_in(_PLACES))
    return forest(in_words(shown), result.title, result.basis.caveat)
