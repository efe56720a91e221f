"""`Estimate`: the shape of what a model or a method estimates, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import about, from_to, number, p_value, significant

FIGURES = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "statistic")
PEOPLE = ("rows", "clients", "episodes")
LEAST_RESIDUAL_DF = 10
"""A model with fewer residual degrees of freedom tells too much of single rows (ACRO's rule)."""


@dataclass(frozen=True)
class Assumption:
    """What an estimate rests on, and what these data say of it.

    Attributes
    ----------
    text : str
        The assumption, as a sentence.
    diagnostic : str
        What was looked at and found; empty where no data can tell.
    holds : bool or None
        None where it was not, or cannot be, told.
    """

    text: str
    diagnostic: str = ""
    holds: bool | None = None


@dataclass(frozen=True)
class Basis:
    """What an estimate is of, and what it rests on.

    Attributes
    ----------
    estimand : str
        What is estimated, in words, as a sentence.
    rows : int
        How many entered.
    unit : str
        What these are: "rows", "clients" and "episodes" tell of people, "points" (in time) and
        other units do not.
    clusters : Mapping[str, int]
        How many clients, therapists, sites the rows come from: {"clients": 63}.
    left_out : Mapping[str, int]
        Rows that did not enter, by reason.
    missing : str
        What is missing and how it was handled, as a sentence.
    assumptions : tuple of Assumption
    caveat : str
        One sentence that a layman understands.
    residual_df : int or None
        Residual degrees of freedom of a model.
    """

    estimand: str
    rows: int
    unit: str = "rows"
    clusters: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    missing: str = "Nothing that the method needs is missing."
    assumptions: tuple[Assumption, ...] = ()
    caveat: str = ""
    residual_df: int | None = None

    def tells_too_much(self, privacy: Privacy) -> bool:
        """Whether so few stand behind the estimate that it is not shown."""
        people = self.clusters.get("clients", self.rows if self.of_people else 0)
        few_left = self.residual_df is not None and self.residual_df < LEAST_RESIDUAL_DF
        return privacy.few(people) or (self.of_people and few_left)

    def diagnosed(self) -> pl.DataFrame:
        """Each assumption with what the data say of it: assumption, diagnostic, holds."""
        rows = [(a.text, a.diagnostic, a.holds) for a in self.assumptions]
        schema = {"assumption": pl.String, "diagnostic": pl.String, "holds": pl.Boolean}
        return pl.DataFrame(rows, schema=schema, orient="row")

    @property
    def of_people(self) -> bool:
        """Whether a row tells of a person."""
        return self.unit in PEOPLE


@dataclass(frozen=True, repr=False, eq=False)
class Estimate(Result):
    """One row a term: estimate, standard error, 95 % interval and p-value, where they apply.

    Attributes
    ----------
    heading : str
        What it is, for tables and charts.
    frame : polars.DataFrame
        What `tidy` returns.
    basis : Basis
    """

    heading: str
    frame: pl.DataFrame
    basis: Basis

    @property
    def title(self) -> str:
        """Names what is estimated."""
        return self.heading

    def tidy(self) -> pl.DataFrame:
        """One row a term.

        Returns
        -------
        polars.DataFrame
            term, estimate, std_error, conf_low, conf_high, p_value, where they apply.
        """
        return self.frame

    def diagnostics(self) -> pl.DataFrame:
        """Each assumption with what the data say of it.

        Returns
        -------
        polars.DataFrame
            assumption, diagnostic ("" where no data can tell), holds (null where not known).
        """
        return self.basis.diagnosed()

    def released(self, privacy: Privacy | None = None) -> Released:
        """The estimates, unless too few stand behind them."""
        gate = privacy or Privacy()
        hidden = self.basis.tells_too_much(gate)
        figures = [c for c in FIGURES if c in self.frame.columns]
        frame = self.frame.with_columns(pl.lit(hidden).alias(SUPPRESSED))
        if "unit" not in frame.columns:
            frame = frame.with_columns(unit=pl.lit("value"))
        if hidden:
            frame = frame.with_columns(pl.lit(None, frame.schema[c]).alias(c) for c in figures)
        return Released(frame, gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Estimand, what was found, N, what is missing or left out, assumptions, caveat."""
        gate = privacy or Privacy()
        shown, few = self.released(gate), self.basis.tells_too_much(gate)
        parts = [
            f"{self.title}.",
            f"Estimand: {self.basis.estimand}",
            *self.found(shown),
            *said_basis(self.basis, gate, hidden=few),
        ]
        return "\n".join(parts)

    def said(self, term: str | None = None, privacy: Privacy | None = None) -> str:
        """One estimate in words.

        Parameters
        ----------
        term : str, optional
            As in `tidy`; by default the first.
        privacy : Privacy, optional

        Raises
        ------
        OptionError
            If there is no such term.
        """
        shown = self.released(privacy)
        names = shown.frame["term"].to_list()
        if term is not None and term not in names:
            raise OptionError(f"said(): there is no term {term!r}; there is {', '.join(names)}.")
        place = 0 if term is None else names.index(term)
        return self.found(Released(shown.frame[place : place + 1], shown.privacy))[0]

    def found(self, released: Released) -> list[str]:
        """The released estimates, a line each."""
        if released.hidden:
            few = f"fewer than {released.privacy.min_cell} stand behind it"
            return [f"Hidden: {few}, or too few residual degrees of freedom."]
        return [said_estimate(row) for row in released.frame.iter_rows(named=True)]


def said_estimate(row: Mapping[str, object]) -> str:
    """A released row of an estimate in words.

    Examples
    --------
    >>> said_estimate({"term": "treatment", "estimate": -2.329, "conf_low": -5.603,
    ...                "conf_high": 0.945, "p_value": 0.1634})
    'treatment: -2.33 (95 % CI -5.6 to 0.945; p = 0.163)'
    """
    tested = row["estimate"] is None and row.get("statistic") is not None
    figure = (
        f"statistic {significant(row['statistic'])}" if tested else significant(row["estimate"])
    )
    low, high, p = (row.get(k) for k in ("conf_low", "conf_high", "p_value"))
    inside = [] if low is None or high is None else [f"95 % CI {from_to(low, high)}"]
    inside += [] if p is None else [p_value(p)]
    more = f" ({'; '.join(inside)})" if inside else ""
    return f"{row['term']}: {figure}{more}"


def said_basis(basis: Basis, privacy: Privacy, *, hidden: bool) -> list[str]:
    """N, clusters, rows left out, what is missing, each assumption, and the caveat, a line each.

    Parameters
    ----------
    basis : Basis
    privacy : Privacy
    hidden : bool
        Whether what the data say of an assumption could tell of few people.
    """
    lines = [
        _counted(basis, privacy),
        f"Missing: {basis.missing}",
        *(_assumed(a, hidden=hidden) for a in basis.assumptions),
    ]
    return [*lines, *([f"Caveat: {basis.caveat}"] if basis.caveat else [])]


def _counted(basis: Basis, privacy: Privacy) -> str:
    def shown(count: int, *, people: bool) -> str:
        if not people:
            return number(count)
        if privacy.few(count):
            return f"fewer than {privacy.min_cell}"
        return about(privacy.round(count), privacy)

    clusters = [f"{shown(n, people=c in PEOPLE)} {c}" for c, n in basis.clusters.items()]
    of = f" from {', '.join(clusters)}" if clusters else ""
    entered = f"{shown(basis.rows, people=basis.of_people)} {basis.unit}{of}"
    left = [f"{shown(n, people=basis.of_people)} ({why})" for why, n in basis.left_out.items() if n]
    return f"N: {entered}. Left out: {', '.join(left) or 'none'}."


def _assumed(assumption: Assumption, *, hidden: bool) -> str:
    if hidden and assumption.diagnostic:
        return f"Assumes: {assumption.text} (what the data say of it is hidden)"
    seen = assumption.diagnostic or "these data cannot tell"
    verdict = " Does not hold here" if assumption.holds is False else ""
    return f"Assumes: {assumption.text}{verdict} ({seen})"
