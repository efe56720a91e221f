"""What a control chart or a funnel is of, and what it rests on."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.quality.limits import Array, Chart
from carenotebook.quality.signals import crossings
from carenotebook.results.estimate import Assumption, Basis
from carenotebook.results.words import significant

_CHART_CAVEAT = (
    "A signal says that something changed, not what changed it; phases are where a person knew of "
    "a change, never where the chart suggests one."
)
_FUNNEL_CAVEAT = (
    "For asking what a unit's clients and days are like, not for ranking: units differ in whom "
    "they see, and most differences inside the limits are chance."
)
_WIDE = 1.5
"""Times the spread of chance beyond which limits of a p- or u-chart are too narrow."""

_SPREAD = {
    "xmr": "Values spread alike along the series.",
    "p": "Shares spread as chance alone makes them.",
    "pprime": "Beyond chance, shares spread alike along the series.",
    "c": "Counts spread as chance alone makes them, out of the same number each time.",
    "u": "Rates spread as chance alone makes them.",
    "g": "Events come by chance at a steady rate.",
    "t": "Events come by chance at a steady rate.",
    "run": "Points fall on either side of the median by chance.",
}


def chart_basis(chart: Chart, value: str, points: pl.DataFrame) -> Basis:
    """Of a control chart.

    Parameters
    ----------
    chart : str
    value : str
    points : polars.DataFrame
        As released: value, center, upper; null where hidden.
    """
    seen = points.drop_nulls("value")
    hidden = points.height - seen.height
    return Basis(
        estimand=f"The usual level of {value.replace('_', ' ')} and how far it varies by chance, "
        "in each phase.",
        rows=points.height,
        unit="points",
        left_out={"not shown: few people behind them": hidden} if hidden else {},
        missing="A series with a missing point is refused; none is filled in.",
        assumptions=(
            Assumption(
                "But for what signals, points do not depend on each other.", _together(seen)
            ),
            _spread(chart, seen),
        ),
        caveat=_CHART_CAVEAT,
    )


def _together(points: pl.DataFrame) -> str:
    """How neighbours resemble each other, about the centre of their phase."""
    if points["center"].null_count() or points.height < 3:
        return ""
    off = (points["value"] - points["center"]).to_numpy()
    whole = float(off @ off)
    return f"correlation of neighbours {float(off[1:] @ off[:-1]) / whole:.2f}" if whole > 0 else ""


def _crossed(text: str, points: pl.DataFrame) -> Assumption:
    """Whether the line crosses its median as often as chance makes likely, in each phase."""
    known = points.drop_nulls("center").partition_by("phase")
    if not known:
        return Assumption(text)
    each = [crossings(p["value"].to_numpy(), float(p["center"][0])) for p in known]
    told = ", ".join(f"{found} crossings of the median, at least {least}" for found, least in each)
    return Assumption(text, f"{told} expected", holds=all(f >= least for f, least in each))


def _spread(chart: Chart, points: pl.DataFrame) -> Assumption:
    text = _SPREAD[chart]
    if chart == "run":
        return _crossed(text, points)
    known = points.drop_nulls(["center", "upper"])
    if chart not in {"p", "u", "c"} or known.height < 3:
        return Assumption(text)
    chance = ((known["upper"] - known["center"]) / 3).to_numpy()
    if not (chance > 0).all():
        return Assumption(text)
    z: Array = (known["value"] - known["center"]).to_numpy() / chance
    times = float(np.abs(np.diff(z)).mean() / 1.128)
    instead = "Laney's p' (chart='pprime') or an XmR chart" if chart == "p" else "an XmR chart"
    wider = "" if times <= _WIDE else f"; take {instead}"
    return Assumption(
        text, f"spread {significant(times)} times that of chance{wider}", holds=times <= _WIDE
    )


def funnel_basis(observed: str, units: int, dispersion: float | None, between: float) -> Basis:
    """Of a funnel.

    Parameters
    ----------
    observed : str
    units : int
    dispersion : float or None
        Times the spread of chance.
    between : float
        Variance between units that the limits allow for.
    """
    said = "" if dispersion is None else f"spread {significant(dispersion)} times that of chance"
    return Basis(
        estimand=f"{observed.replace('_', ' ').capitalize()} of each unit for what would be "
        "expected of its clients.",
        rows=units,
        unit="units",
        missing="A unit without a number is refused; none is filled in.",
        assumptions=(
            Assumption("What is expected allows for all in which units' clients differ."),
            Assumption(
                "Units differ by chance and by one usual spread."
                if between
                else "Units differ by chance alone.",
                said,
                holds=None if dispersion is None or between else dispersion <= _WIDE,
            ),
        ),
        caveat=_FUNNEL_CAVEAT,
    )
