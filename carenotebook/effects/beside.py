"""Several estimates of one thing, side by side, and beside the truth where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Estimate
from carenotebook.results.result import Result
from carenotebook.results.words import from_to, significant

CALLER = "side_by_side()"
Part = Estimate | tuple[Estimate, str] | tuple[Estimate, str, float]
_FIGURES = ("estimate", "conf_low", "conf_high")
_RATIOS = ("ratio", "ratio_low", "ratio_high")
_SCHEMA = {
    "term": pl.String,
    "method": pl.String,
    **dict.fromkeys(_FIGURES, pl.Float64),
    "holds_truth": pl.Boolean,
}


@dataclass(frozen=True, repr=False, eq=False)
class EstimatesBeside(Result):
    """What `side_by_side` returns.

    Attributes
    ----------
    heading : str
    parts : tuple of (str, Estimate, str, float)
        Label, estimate, its term, and what it is multiplied by.
    ratio : bool
    truth : float or None
    """

    heading: str
    parts: tuple[tuple[str, Estimate, str, float], ...]
    ratio: bool
    truth: float | None

    @property
    def title(self) -> str:
        """Names what is estimated."""
        return self.heading

    def tidy(self) -> pl.DataFrame:
        """One row an estimate, in the order given.

        Returns
        -------
        polars.DataFrame
            term (the label), method (the title of what it comes from), estimate, conf_low,
            conf_high, holds_truth (whether the interval holds the truth; null where either is not
            known).
        """
        return self._rows(None).drop(SUPPRESSED)

    def released(self, privacy: Privacy | None = None) -> Released:
        """Each estimate as its own result may be shown."""
        gate = privacy or Privacy()
        return Released(self._rows(gate).with_columns(unit=pl.lit("value")), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Each estimate with its interval, the truth, which intervals hold it, and the caveat."""
        rows = self.released(privacy).frame.iter_rows(named=True)
        lines = [f"{self.title}.", *(f"- {_told(r)}" for r in rows)]
        if self.truth is not None:
            lines.append(f"Truth: {significant(self.truth)}.")
        lines.append(
            "Caveat: methods that agree may share a mistake, and to choose among them by their "
            "answers is one."
        )
        return "\n".join(lines)

    def _rows(self, gate: Privacy | None) -> pl.DataFrame:
        rows = [self._row(part, gate) for part in self.parts]
        return pl.DataFrame(rows, schema={**_SCHEMA, SUPPRESSED: pl.Boolean}, orient="row")

    def _row(self, part: tuple[str, Estimate, str, float], gate: Privacy | None) -> list[Any]:
        label, estimate, term, factor = part
        frame = estimate.tidy() if gate is None else estimate.released(gate).frame
        row = frame.row(by_predicate=pl.col("term") == term, named=True)
        if row.get(SUPPRESSED, False):
            return [label, estimate.title, None, None, None, None, True]
        found = [_scaled(row.get(f), factor) for f in (_RATIOS if self.ratio else _FIGURES)]
        if factor < 0:
            found[1:] = found[:0:-1]
        return [label, estimate.title, *found, self._holds(*found[1:]), False]

    def _holds(self, low: float | None, high: float | None) -> bool | None:
        if self.truth is None or low is None or high is None:
            return None
        return low <= self.truth <= high


def side_by_side(
    estimates: Mapping[str, Part],
    *,
    title: str = "One question, several answers",
    ratio: bool = False,
    truth: float | None = None,
) -> EstimatesBeside:
    """Several estimates of one thing in one picture, beside the truth where that is known.

    For telling how much an answer depends on the method, and, on a synthetic cohort, for seeing
    which method finds what was put in. Not for choosing the answer that one likes.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        A label, and a result with `tidy`: its first term. ``(result, term)`` takes another term,
        ``(result, term, factor)`` multiplies it, such as by -1 where a session lost is set beside
        sessions attended.
    title : str
    ratio : bool
        Whether ratios are shown (columns ratio, ratio_low, ratio_high).
    truth : float, optional
        On the same scale.

    Returns
    -------
    EstimatesBeside

    Raises
    ------
    OptionError
        Without estimates, or for a result that has no such term or, with `ratio`, no ratios.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, truth = cn.synthetic_cohort(clients=300, seed=1)
    >>> asked = {"estimand": "per_session", "baseline": "first", "horizon": "10w", "window": "2w"}
    >>> naive, msm = (cn.attendance_effect(cohort, **asked, method=m) for m in ("naive", "msm"))
    >>> both = cn.effects.side_by_side({"naive": naive, "structural model": msm},
    ...                                truth=truth.symptoms.phq_per_session)
    >>> both.tidy()["term"].to_list()
    ['naive', 'structural model']
    """
    if not estimates:
        raise OptionError(f"{CALLER} needs estimates: a label and a result each.")
    parts = tuple(_part(label, given, ratio=ratio) for label, given in estimates.items())
    return EstimatesBeside(title, parts, ratio, truth)


def _part(label: str, given: Part, *, ratio: bool) -> tuple[str, Estimate, str, float]:
    estimate, term, factor = (
        (*given, None, None)[:3] if isinstance(given, tuple) else (given, None, None)
    )
    frame = estimate.tidy()
    if term is None:
        term = str(frame["term"][0])
    if term not in frame["term"]:
        known = ", ".join(frame["term"].to_list())
        raise OptionError(f"{CALLER}: {label!r} has no term {term!r}; it has {known}.")
    if ratio and "ratio" not in frame.columns:
        raise OptionError(f"{CALLER}: {label!r} has no ratios; leave ratio= out.")
    return label, estimate, term, 1.0 if factor is None else float(factor)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _told(row: Mapping[str, Any]) -> str:
    if row[SUPPRESSED]:
        return f"{row['term']}: hidden"
    inside = "no interval"
    if row["conf_low"] is not None and row["conf_high"] is not None:
        inside = f"95 % CI {from_to(row['conf_low'], row['conf_high'])}"
    holds = {True: "; holds the truth", False: "; does not hold the truth", None: ""}
    return f"{row['term']}: {significant(row['estimate'])} ({inside}{holds[row['holds_truth']]})"
