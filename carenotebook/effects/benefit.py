"""Decision curves: what acting on a prediction gains over acting on all, or on nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import (
    Array,
    complete,
    listed_numbers,
    numbers,
    said_missing,
    taken,
)
from carenotebook.effects.logistic import as_flags
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.net_benefit import net_benefit
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "decision_curve()"
ALL, NONE = "all", "none"
_CELLS = ("true_positives", "false_positives", "missed", "spared")
_SCHEMA = ["model", "threshold", "net_benefit", *_CELLS]


@dataclass(frozen=True, repr=False, eq=False)
class DecisionCurve(Estimate):
    """What `decision_curve` returns."""

    def released(self, privacy: Privacy | None = None) -> Released:
        """Net benefits, hidden where they could tell of a small cell; no counts."""
        gate = privacy or Privacy()
        small = pl.any_horizontal(((pl.col(c) > 0) & (pl.col(c) < gate.min_cell)) for c in _CELLS)
        whole = pl.lit(self.basis.tells_too_much(gate))
        hidden = (small | whole) & (pl.col("model") != NONE)
        shown = self.frame.with_columns(hidden.alias(SUPPRESSED), unit=pl.lit("value"))
        shown = shown.with_columns(
            net_benefit=pl.when(SUPPRESSED).then(None).otherwise("net_benefit")
        )
        return Released(shown.drop(*_CELLS), gate)

    def found(self, released: Released) -> list[str]:
        """A line a model: its net benefit at the first and the last threshold."""
        lines = []
        for (name,), rows in released.frame.group_by("model", maintain_order=True):
            ends = rows.head(1) if rows.height == 1 else pl.concat([rows.head(1), rows.tail(1)])
            told = (
                f"{'hidden' if hidden else significant(value)} at {significant(at)}"
                for at, value, hidden in ends.select(
                    "threshold", "net_benefit", SUPPRESSED
                ).iter_rows()
            )
            lines.append(f"{name}: net benefit {', '.join(told)}")
        return lines


def decision_curve(
    frame: Frame,
    outcome: str,
    predictions: str | Sequence[str],
    thresholds: Sequence[float],
) -> DecisionCurve:
    """The net benefit of acting on predictions, at each threshold at which one might act.

    For asking whether a prediction would be of use, not only whether it is right. Not for
    predictions judged on the rows that they were fitted to.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person.
    outcome : str
        Column of 0 and 1: the event that acting is meant for.
    predictions : str or sequence of str
        Columns of probabilities, 0 to 1.
    thresholds : sequence of float
        Probabilities from which one would act, from 0 (always) to below 1.

    Returns
    -------
    DecisionCurve
        tidy(): model (the columns, "all", "none"), threshold, net_benefit, true_positives,
        false_positives, missed, spared.

    Raises
    ------
    OptionError
        For an outcome with a single value, predictions or thresholds beyond 0 to 1, or a column
        named "all" or "none".

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> data = pl.DataFrame({"event": [1, 1, 0, 0, 0], "risk": [0.9, 0.3, 0.6, 0.2, 0.1]})
    >>> found = cn.effects.decision_curve(data, "event", "risk", [0.25]).tidy()
    >>> found.filter(model="risk")["net_benefit"].round(3).item()
    0.333

    Notes
    -----
    Vickers & Elkin 2006, Med Decis Making 26:565: true positives less false positives times the
    odds of the threshold, a person. A prediction equal to the threshold is acted on.
    """
    models = [predictions] if isinstance(predictions, str) else list(predictions)
    frame, columns = taken(frame, [outcome, *models], CALLER)
    used, left_out = complete(frame, columns, CALLER)
    if used.is_empty():
        raise OptionError(f"{CALLER}: no row is complete in the columns named.")
    event = as_flags(numbers(used, outcome, CALLER), outcome, CALLER)
    chances = _chances(used, models)
    at = _thresholds(thresholds)
    rows = [_row(n, t, event, chances[n] >= t) for n in models for t in at]
    everyone = np.ones(len(event), dtype=bool)
    rows += [_row(n, t, event, everyone == (n == ALL)) for n in (ALL, NONE) for t in at]
    return DecisionCurve(
        heading=f"Net benefit of acting on predictions of {outcome}",
        frame=pl.DataFrame(
            rows, schema=["model", "threshold", "net_benefit", *_CELLS], orient="row"
        ),
        basis=Basis(
            estimand=f"True positives less weighted false positives a person, where acting is "
            f"meant for {outcome} and worth it from the threshold on.",
            rows=used.height,
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(
                Assumption("The predictions were made without these rows."),
                Assumption("The threshold says how many needless actions one event is worth."),
            ),
            caveat="A net benefit above all and none says that acting on it would help more than "
            "it burdens at that threshold, if acting helps at all.",
        ),
    )


def _chances(used: pl.DataFrame, models: list[str]) -> dict[str, Array]:
    taken = sorted({ALL, NONE} & set(models))
    if taken or not models or len(set(models)) < len(models):
        raise OptionError(
            f"{CALLER}: predictions= names each column once, and none is called all or none."
        )
    found = {name: numbers(used, name, CALLER) for name in models}
    beyond = [n for n, v in found.items() if v.min() < 0 or v.max() > 1]
    if beyond:
        raise OptionError(f"{CALLER}: {', '.join(beyond)} must hold probabilities, 0 to 1.")
    return found


def _thresholds(thresholds: Sequence[float]) -> list[float]:
    at = listed_numbers(thresholds, "thresholds", CALLER)
    if not at or min(at) < 0 or max(at) >= 1:
        raise OptionError(f"{CALLER}: thresholds= are probabilities from 0 to below 1.")
    return at


def _row(
    name: str, threshold: float, event: npt.NDArray[np.bool_], acted: npt.NDArray[np.bool_]
) -> tuple[str, float, float, int, int, int, int]:
    true, false = int((event & acted).sum()), int((~event & acted).sum())
    missed, spared = int((event & ~acted).sum()), int((~event & ~acted).sum())
    worth = float(net_benefit(true, false, len(event), threshold))
    return name, threshold, worth, true, false, missed, spared
