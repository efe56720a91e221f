"""Funnel plots: which units differ from what is expected by more than chance and usual spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.core.plain import is_number, numbers_of, to_polars
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.quality.basis import funnel_basis
from carenotebook.quality.limits import Array
from carenotebook.results.estimate import said_basis
from carenotebook.results.result import Result
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

Extremes = Literal["winsorise", "trim"]
LEAST_UNITS = 10
"""With fewer units the spread between them is not estimated, and no limits are drawn."""

SHARE = 0.1
"""Of the units, at each end, whose z-scores do not count as they are (Spiegelhalter 2005)."""

CURVE = 60
"""Points of a limit's curve."""


@dataclass(frozen=True, repr=False, eq=False)
class Funnel(Result):
    """What `funnel` returns.

    Attributes
    ----------
    limits : float
        The share of units expected within the limits.
    dispersion : float or None
        Mean squared z-score after trimming or winsorising; above 1: more spread than chance gives.
        None with too few units.
    between : float
        Variance between units (tau squared, on the square-root scale) that the limits allow for.
    units : polars.DataFrame
        What `tidy` returns.
    """

    name: str
    limits: float
    dispersion: float | None
    between: float
    units: pl.DataFrame

    @property
    def title(self) -> str:
        """Names what is compared."""
        return f"{self.name.replace('_', ' ').capitalize()}, observed for expected, by unit"

    def tidy(self) -> pl.DataFrame:
        """One row a unit, in the order in which they were given: there is no ranking.

        Returns
        -------
        polars.DataFrame
            The unit's column, observed, expected, ratio, z (with the spread between units allowed
            for), lower, upper (the limits of the ratio at its size), outlier (bool; null where
            there are too few units for limits).
        """
        return self.units

    def released(self, privacy: Privacy | None = None) -> Released:
        """Ratios without the units' names, by size; what rests on few is hidden."""
        gate = privacy or Privacy()
        figures = ["expected", "ratio", "lower", "upper", "outlier"]
        frame = self.units.select(*figures, self.hidden(gate))
        shown = frame.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(figures)))
        return Released(shown.sort("expected", nulls_last=True), gate)

    def hidden(self, gate: Privacy) -> pl.Series:
        """Which units rest on too few to be shown."""
        few = gate.is_small("observed") | (pl.col("expected") < gate.min_cell)
        return self.units.select(few.alias(SUPPRESSED)).to_series()

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many units lie outside, how much they spread, and what not to do with it."""
        outside = self.units["outlier"]
        if self.dispersion is None:
            found = (
                f"{self.units.height} units are too few for limits: {LEAST_UNITS} are needed to "
                "tell their usual spread."
            )
        else:
            found = (
                f"{int(outside.sum())} of {self.units.height} units lie outside the "
                f"{100 * self.limits:g} % limits. Spread: {significant(self.dispersion)} times "
                f"what chance gives{', allowed for in the limits' if self.between else ''}."
            )
        basis = funnel_basis(self.name, self.units.height, self.dispersion, self.between)
        lines = [f"{self.title}.", f"Estimand: {basis.estimand}", found]
        return "\n".join([*lines, *said_basis(basis, privacy or Privacy(), hidden=False)])

    def diagnostics(self) -> pl.DataFrame:
        """Each assumption with what the data say of it.

        Returns
        -------
        polars.DataFrame
            assumption, diagnostic ("" where no data can tell), holds (null where not known).
        """
        basis = funnel_basis(self.name, self.units.height, self.dispersion, self.between)
        return basis.diagnosed()

    def curve(self) -> pl.DataFrame:
        """The limits over the range of sizes.

        Returns
        -------
        polars.DataFrame
            expected, lower, upper; empty with too few units.
        """
        if self.dispersion is None:
            return pl.DataFrame(schema=dict.fromkeys(("expected", "lower", "upper"), pl.Float64))
        sizes = self.units["expected"].to_numpy()
        at = np.geomspace(sizes.min(), sizes.max(), CURVE)
        lower, upper = _limits(at, self.between, self.limits)
        return pl.DataFrame({"expected": at, "lower": lower, "upper": upper})


def funnel(  # noqa: PLR0913, PLR0917 - a table of units, and how their spread is told
    frame: Frame,
    unit: str,
    observed: str,
    expected: str,
    overdispersion: bool = True,  # noqa: FBT001, FBT002 - the contract's place
    limits: float = 0.998,
    *,
    extremes: Extremes = "winsorise",
) -> Funnel:
    """A funnel plot of observed for expected events with limits that allow for usual spread.

    For asking which units (sites, therapists, months) deserve a closer, friendly look. Not for
    ranking them, nor for judging a person: what is expected rests on what was adjusted for.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a unit.
    unit : str
        Column that names it.
    observed, expected : str
        Columns: events, and how many its clients would be expected to have.
    overdispersion : bool
        Whether the limits allow for variance between units beyond chance.
    limits : float
        Share of units expected within; 0.998 and 0.95 are usual.
    extremes : {"winsorise", "trim"}
        What is done with the 10 % of z-scores at each end before the spread is told: set to the
        next one, or left out. Whole units by rank.

    Returns
    -------
    Funnel

    Raises
    ------
    OptionError
        For a column that is not there, a unit named twice, a missing or negative number, an
        expectation that is not above 0, or limits outside 0 to 1.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> sites = pl.DataFrame({"site": [f"site {i}" for i in range(12)], "misses": [60, 51, 48, 55,
    ...     52, 47, 50, 53, 49, 46, 54, 120], "expected": [50.0] * 12})
    >>> found = cn.quality.funnel(sites, "site", "misses", "expected")
    >>> found.tidy()["outlier"].sum()
    1

    Notes
    -----
    Spiegelhalter 2005 (Stat Med 24:1185) and 2012 (J R Stat Soc A 175:1): z-scores on the
    square-root scale, 2 (sqrt(observed) - sqrt(expected)); additive variance between units by the
    method of moments (DerSimonian & Laird). Setting extremes to the next one takes some of the
    usual spread with them: of units that differ by a fifth, 10 % and not 5 % lay outside 95 %
    limits, and 29 % with overdispersion=False (`tests/validation/RESULTS.md`).
    """
    check_option("extremes", extremes, ("winsorise", "trim"))
    if not is_number(limits) or not 0 < limits < 1:
        raise OptionError("funnel(limits=) is a share of units between 0 and 1, such as 0.998.")
    frame = to_polars("funnel(): frame=", frame)
    seen, awaited = _checked(frame, unit, observed, expected)
    z = 2 * (np.sqrt(seen) - np.sqrt(awaited))
    enough = len(z) >= LEAST_UNITS
    dispersion, between = _spread(z, awaited, extremes) if enough else (None, 0.0)
    between = between if overdispersion else 0.0
    allowed = z / np.sqrt(1 + 4 * awaited * between)
    lower, upper = _limits(awaited, between, limits)
    units = pl.DataFrame(
        {
            unit: frame[unit],
            "observed": frame[observed],
            "expected": awaited,
            "ratio": seen / awaited,
            "z": allowed,
            "lower": lower,
            "upper": upper,
            "outlier": np.abs(allowed) > _quantile(limits),
        }
    )
    if not enough:
        figures = ("z", "lower", "upper", "outlier")
        units = units.with_columns(pl.lit(None, units.schema[c]).alias(c) for c in figures)
    return Funnel(observed, limits, dispersion, between, units)


def _checked(frame: pl.DataFrame, unit: str, observed: str, expected: str) -> tuple[Array, Array]:
    lacking = [c for c in (unit, observed, expected) if c not in frame.columns]
    if lacking:
        raise OptionError(f"funnel(): the frame has no column {', '.join(lacking)}.")
    if frame.is_empty():
        raise OptionError("funnel(): the frame has no rows.")
    if frame[unit].dtype.is_nested():
        raise OptionError(f"funnel(): {unit} must hold one name a row.")
    for name in (unit, observed, expected):
        column = frame[name]
        missing = column.null_count() + int(column.dtype.is_float() and column.is_nan().sum())
        if missing:
            raise OptionError(f"funnel(): {name} is missing in {missing} rows; supply it.")
    if frame[unit].n_unique() < frame.height:
        raise OptionError(f"funnel(): {unit} names some unit in several rows; sum them first.")
    seen, awaited = (numbers_of(frame[c], f"funnel(): {c}") for c in (observed, expected))
    if (seen < 0).any() or (awaited <= 0).any():
        raise OptionError(f"funnel(): {observed} is 0 or more, {expected} above 0, in every unit.")
    return seen, awaited


def _spread(z: Array, expected: Array, extremes: Extremes) -> tuple[float, float]:
    """Mean squared z-score, and the variance between units on the square-root scale."""
    cut, order = int(SHARE * len(z)), np.argsort(z, kind="stable")
    inner = order[cut : len(z) - cut]
    kept, weights = z[inner], 4 * expected
    if extremes == "winsorise":
        kept = np.clip(z, kept.min(), kept.max())
    else:
        weights = weights[inner]
    dispersion = float((kept**2).mean())
    excess = (kept**2).sum() - (len(kept) - 1)
    between = excess / (weights.sum() - (weights**2).sum() / weights.sum())
    return dispersion, max(0.0, float(between))


def _limits(expected: Array, between: float, share: float) -> tuple[Array, Array]:
    reach = _quantile(share) * np.sqrt(1 / (4 * expected) + between)
    return np.maximum(1 - reach, 0) ** 2, (1 + reach) ** 2


def _quantile(share: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(0.5 + share / 2))
