"""How strong an unmeasured confounder would have to be to explain an estimate away."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.core.plain import is_number
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import significant

Measure = Literal["RR", "OR", "HR", "RD", "SMD"]
MEASURES: tuple[Measure, ...] = ("RR", "OR", "HR", "RD", "SMD")
_PER_SD = 0.91
"""log risk ratio per standard deviation (VanderWeele 2017, after Chinn 2000)."""


@dataclass(frozen=True, repr=False, eq=False)
class EValue(Result):
    """What `e_value` returns."""

    frame: pl.DataFrame

    @property
    def title(self) -> str:
        """What is shown."""
        return "E-value: strength of unmeasured confounding that would explain it away"

    def tidy(self) -> pl.DataFrame:
        """Two rows.

        Returns
        -------
        polars.DataFrame
            term ("estimate", "limit"), estimate (the E-value, a risk ratio of at least 1; null for
            the limit where no interval was given).
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The same: it tells nothing of single clients."""
        shown = [pl.lit("value").alias("unit"), pl.lit(value=False).alias(SUPPRESSED)]
        return Released(self.frame.with_columns(shown), privacy or Privacy())

    def summary(self, privacy: Privacy | None = None) -> str:  # noqa: ARG002 - nothing to hide
        """What a confounder would have to be like, and what the E-value cannot say."""
        estimate, limit = self.frame["estimate"]
        lines = [
            f"{self.title}.",
            "Estimand: the risk ratio that a confounder would need with exposure and with outcome.",
            "The estimate is the value that it is held against; there is nothing to explain away."
            if estimate == 1
            else "An unmeasured confounder would have to go with both exposure and outcome by "
            f"risk ratios of {significant(estimate)} each, beyond what was adjusted for, to "
            "explain the estimate away.",
        ]
        if limit is not None:
            lines.append(
                "The interval already holds the value that it is held against."
                if limit == 1
                else "To move the interval to include the value that it is held against: "
                f"{significant(limit)}."
            )
        lines += [
            "N: none; it is worked out from the estimate and its interval. Left out: none.",
            "Missing: nothing that the method needs.",
            "Assumes: One confounder, as strong on either side (these data cannot tell)",
        ]
        lines.append(
            "Caveat: it says how strong a confounder must be, not whether one exists; it speaks of "
            "confounding alone, not of selection or of how things were measured."
        )
        return "\n".join(lines)


def e_value(  # noqa: PLR0913 - an estimate, its interval, and what it is measured in
    estimate: float,
    conf_low: float | None = None,
    conf_high: float | None = None,
    measure: Measure = "RR",
    *,
    rare: bool = False,
    true: float | None = None,
    baseline_risk: float | None = None,
) -> EValue:
    """How strong unmeasured confounding would have to be to explain an estimate away.

    For an adjusted estimate whose confounders may not all be measured. Not a proof that there is
    no such confounder, and no defence against selection.

    Parameters
    ----------
    estimate : float
        On the scale of `measure`: a ratio, a risk difference, or a standardised mean difference.
    conf_low, conf_high : float, optional
        Its interval, on the same scale.
    measure : {"RR", "OR", "HR", "RD", "SMD"}
    rare : bool
        For "OR" and "HR": whether the outcome is rare (under 15 % by the end of follow-up), so that
        they are close to risk ratios. Otherwise the published approximations are used.
    true : float, optional
        The value that the confounder would have to move the estimate to, on the same scale; by
        default no effect (1 for ratios, 0 for differences).
    baseline_risk : float, optional
        For "RD": the risk of the unexposed, between 0 and 1.

    Returns
    -------
    EValue
        tidy() has the rows estimate and limit.

    Raises
    ------
    OptionError
        For a ratio that is not above 0, a limit on the wrong side, or a risk difference without its
        baseline risk or beyond what that allows.

    Examples
    --------
    >>> import carenotebook as cn
    >>> found = cn.effects.e_value(3.9, conf_low=1.8)
    >>> [round(v, 3) for v in found.tidy()["estimate"]]
    [7.263, 3.0]

    Notes
    -----
    VanderWeele & Ding 2017, Ann Intern Med 167:268; the square-root and hazard transformations
    after VanderWeele 2017, Epidemiology 28:e58; non-null values after VanderWeele & Ding 2017,
    appendix.
    """
    check_option("measure", measure, MEASURES)
    _check_numbers(estimate, conf_low, conf_high, true, baseline_risk)
    _check_order(estimate, conf_low, conf_high)
    as_ratio = _ratio(measure, rare=rare, baseline_risk=baseline_risk)
    null = (0.0 if measure in {"RD", "SMD"} else 1.0) if true is None else true
    held_against = as_ratio(null)
    at = as_ratio(estimate) / held_against
    nearer = conf_low if at >= 1 else conf_high
    limit = None if nearer is None else as_ratio(nearer) / held_against
    if limit is not None and (limit < 1) == (at >= 1):
        limit = 1.0  # the interval already holds that value
    strengths = [_strength(at), None if limit is None else _strength(limit)]
    return EValue(pl.DataFrame({"term": ["estimate", "limit"], "estimate": strengths}))


def _strength(ratio: float) -> float:
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def _check_numbers(estimate: float, *others: float | None) -> None:
    given = [estimate, *(v for v in others if v is not None)]
    if not all(is_number(v) for v in given):
        raise OptionError(
            "e_value(): the estimate, its limits, true= and baseline_risk= are numbers."
        )


def _check_order(estimate: float, low: float | None, high: float | None) -> None:
    given = [v for v in (low, estimate, high) if v is not None]
    if given != sorted(given):
        raise OptionError("e_value(): give numbers with conf_low <= estimate <= conf_high.")


def _ratio(
    measure: Measure, *, rare: bool, baseline_risk: float | None
) -> Callable[[float], float]:
    if measure == "SMD":
        return lambda d: math.exp(_PER_SD * d)
    if measure == "RD":
        return _from_difference(baseline_risk)
    if measure == "OR" and not rare:
        return lambda r: math.sqrt(_positive(r))
    if measure == "HR" and not rare:
        return _from_hazards
    return _positive


def _positive(ratio: float) -> float:
    if not ratio > 0:
        raise OptionError("e_value(): a ratio is above 0. Differences are measure='RD' or 'SMD'.")
    return ratio


def _from_hazards(ratio: float) -> float:
    root = math.sqrt(_positive(ratio))
    return float((1 - 0.5**root) / (1 - 0.5 ** (1 / root)))


def _from_difference(baseline_risk: float | None) -> Callable[[float], float]:
    if baseline_risk is None or not 0 < baseline_risk < 1:
        raise OptionError(
            "e_value(measure='RD'): pass baseline_risk=, that of the unexposed, within 0 to 1."
        )

    def ratio(difference: float) -> float:
        risk = baseline_risk + difference
        if not 0 < risk <= 1:
            raise OptionError(
                "e_value(): the risk difference, or a limit of it, leads out of 0 to 1."
            )
        return risk / baseline_risk

    return ratio
