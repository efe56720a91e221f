"""Released figures in words: "about 240 of 4,980 clients (4.8 %, 95 % CI 4.2-5.4)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carenotebook.privacy import Privacy


def number(value: float) -> str:
    """A number with thousands separators.

    Examples
    --------
    >>> number(4980), number(12.5)
    ('4,980', '12.5')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def percent(value: float | None, *, sign: bool = True) -> str:
    """A share with one decimal; what is not known reads "unknown".

    Examples
    --------
    >>> percent(0.0482), percent(0.0482, sign=False)
    ('4.8 %', '4.8')
    """
    if value is None:
        return "unknown"
    return f"{100 * value:.1f}{' %' if sign else ''}"


def about(count: int | None, privacy: Privacy) -> str:
    """A rounded count; null is hidden.

    Examples
    --------
    >>> about(240, Privacy()), about(None, Privacy()), about(0, Privacy())
    ('about 240', 'a hidden number of', 'no')
    """
    if count is None:
        return "a hidden number of"
    if count == 0:
        return "no"
    return f"about {number(count)}" if privacy.round_to > 1 else number(count)


def few(privacy: Privacy, what: str = "clients") -> str:
    """What is said of a count too small, or too telling, to show."""
    return f"fewer than {privacy.min_cell} {what}, or too telling to show"


def interval(row: Mapping[str, Any]) -> str:
    """The interval of a share.

    Examples
    --------
    >>> interval({"conf_low": 0.042, "conf_high": 0.054})
    '95 % CI 4.2-5.4'
    """
    low, high = (percent(row[k], sign=False) for k in ("conf_low", "conf_high"))
    return f"95 % CI {low}-{high}"


def said_share(row: Mapping[str, Any], privacy: Privacy, unit: str = "clients") -> str:
    """A released row of `carenotebook.results.proportions` in words.

    Parameters
    ----------
    row : mapping
        numerator, denominator, estimate, conf_low, conf_high, suppressed.
    privacy : Privacy
    unit : str
        What the denominator counts.

    Examples
    --------
    >>> row = dict(numerator=240, denominator=4980, estimate=240 / 4980, conf_low=0.0426,
    ...            conf_high=0.0545, suppressed=False)
    >>> said_share(row, Privacy())
    'about 240 of 4,980 clients (4.8 %, 95 % CI 4.3-5.5)'
    """
    if row["suppressed"]:
        return f"hidden ({few(privacy)})"
    if not row["denominator"]:
        return f"unknown (no {unit})"
    counted = "0" if row["numerator"] == 0 else about(row["numerator"], privacy)
    rate = f"{percent(row['estimate'])}, {interval(row)}"
    return f"{counted} of {number(row['denominator'])} {unit} ({rate})"


def significant(value: object) -> str:
    """A figure with three significant digits, none of them lost before the point.

    Examples
    --------
    >>> significant(-2.32908), significant(12345.6), significant(0.000123), significant(None)
    ('-2.33', '12,346', '0.000123', 'not known')
    """
    if not isinstance(value, int | float):
        return "not known"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def from_to(low: object, high: object) -> str:
    """The ends of an interval.

    Examples
    --------
    >>> from_to(-0.31, 1.2)
    '-0.31 to 1.2'
    """
    return f"{significant(low)} to {significant(high)}"


def p_value(value: object) -> str:
    """A p-value in words.

    Examples
    --------
    >>> p_value(0.04171), p_value(0.00003)
    ('p = 0.042', 'p < 0.001')
    """
    if not isinstance(value, int | float):
        return "p not known"
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
