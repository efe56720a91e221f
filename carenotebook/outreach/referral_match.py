"""`match_services`: where somebody could go next, and why each service stands where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.outreach.page import Page
from carenotebook.outreach.referral_directory import Directory, is_stale
from carenotebook.outreach.referral_needs import Needs, checked_weights, needs_of
from carenotebook.outreach.referral_score import (
    HARD,
    Match,
    Service,
    Status,
    against,
    parts,
    score,
)
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result

CAVEAT = (
    "Caveat: the score orders a list by weights that somebody chose; it does not tell how good a "
    "service is, nor whether it suits. Ring before you refer, and let the client choose."
)
_ORDER: tuple[Status, ...] = ("crisis", "ranked", "ask", "left_out")
_TIDY = {
    "service": pl.String,
    "status": pl.String,
    "rank": pl.Int64,
    "score": pl.Float64,
    "part": pl.String,
    "weight": pl.Float64,
    "value": pl.Float64,
    "why": pl.String,
    "stale": pl.Boolean,
}


@dataclass(frozen=True, repr=False, eq=False)
class ServiceMatches(Result):
    """What `match_services` returns. It holds what one person needs: keep it as you keep notes.

    Attributes
    ----------
    matches : tuple of Match
        Services for a crisis, then those ranked, those to ask, and those left out.
    needs : Needs
    weights : mapping of str to float
    on : date
    stale_after : str
    """

    matches: tuple[Match, ...]
    needs: Needs
    weights: Mapping[str, float]
    on: date
    stale_after: str

    @property
    def title(self) -> str:
        """Says how many there are."""
        many = len(self.of("ranked"))
        if many == 1:
            return "1 service meets the needs"
        return f"{many or 'No'} service{'s' * bool(many)} meet{'s' * (not many)} the needs"

    def of(self, status: Status) -> tuple[Match, ...]:
        """The matches that have a status, in their order."""
        return tuple(m for m in self.matches if m.status == status)

    @property
    def relax(self) -> dict[str, int]:
        """For each need, how many more services there were if it alone were given up."""
        left = self.of("left_out")
        counts = {
            need: sum(all(a.need == need or a.unknown for a in m.against) for m in left)
            for need in HARD
            if getattr(self.needs, need) is not None
        }
        return {need: n for need, n in counts.items() if n}

    def tidy(self) -> pl.DataFrame:
        """One row for each part of each service's score, or each reason against it.

        Returns
        -------
        polars.DataFrame
            service, status, rank, score, part, weight, value, why, stale.
        """
        rows = [row for m in self.matches for row in _rows(m)]
        return pl.DataFrame(rows, schema=_TIDY, orient="row")

    def released(self, privacy: Privacy | None = None) -> Released:
        """One row a service; no client is counted here, so nothing is hidden."""
        said = {"crisis": "at any time", "ask": "ask first", "left_out": "left out"}
        rows = [
            {
                "service": m.name,
                "place": str(m.rank) if m.rank is not None else said[m.status],
                "score": "" if m.score is None else f"{m.score:.2f}",
                "why": m.why,
                "last checked": _checked(m),
                SUPPRESSED: False,
            }
            for m in self.matches
        ]
        names = ("service", "place", "score", "why", "last checked")
        schema = dict.fromkeys(names, pl.String) | {SUPPRESSED: pl.Boolean}
        # Nothing here is a count of clients, so nothing is rounded.
        exact = replace(privacy or Privacy(), round_to=1)
        return Released(pl.DataFrame(rows, schema=schema), exact)

    def summary(self, privacy: Privacy | None = None) -> str:  # noqa: ARG002 - no client is counted
        """How many fit, how they were ordered, what to ask, and what to relax if none fits."""
        counts = {s: len(self.of(s)) for s in _ORDER}
        told = f"{counts['ask']} to ask first, {counts['left_out']} left out"
        lines = [
            f"{self.title}; {told}, {counts['crisis']} for a crisis, always shown.",
            "Weights: " + ", ".join(f"{k} {w:g}" for k, w in self._asked().items()) + ".",
        ]
        if not counts["ranked"]:
            lines.append(self._nothing())
        old = [m.name for m in self.matches if m.stale and m.status != "left_out"]
        if old:
            lines.append(f"Not checked within {self.stale_after}: {_first(old)}. Ring first.")
        return "\n".join([*lines, CAVEAT])

    def page(self, top: int = 5, title: str = "Places you can turn to") -> Page:
        """A list to print for the client: the services' own words, nothing of the client.

        Parameters
        ----------
        top : int
            How many of the ranked services; those for a crisis are always there.
        title : str

        Returns
        -------
        Page
            With ``.text()`` and ``.html()``.
        """
        from carenotebook.outreach.referral_page import page_of

        return page_of(self, top, title)

    def lines(self, top: int = 3) -> list[str]:
        """The first services in one line each: the fact ``referral`` of a letter."""
        from carenotebook.outreach.referral_page import line_of

        return [line_of(m.service) for m in self.of("ranked")[:top]]

    def urgent_lines(self) -> list[str]:
        """The services for a crisis in one line each: the fact ``urgent`` of a letter."""
        from carenotebook.outreach.referral_page import line_of

        return [line_of(m.service) for m in self.of("crisis")]

    def _asked(self) -> dict[str, float]:
        ranked = self.of("ranked")
        return {p.name: p.weight for p in ranked[0].parts} if ranked else dict(self.weights)

    def _nothing(self) -> str:
        told = [f"{need}: {n} more" for need, n in self.relax.items()]
        if told:
            return f"Nothing fits. If one need were given up: {'; '.join(told)}."
        if self.of("ask"):
            return "Nothing fits for certain. Ask the services that are listed to ask first."
        return "Nothing fits, and giving up one need alone would not change that."


def match_services(
    directory: Directory,
    needs: Mapping[str, Any] | Needs | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    on: date | None = None,
    stale_after: str = "180d",
) -> ServiceMatches:
    """Find services for somebody, in an order that explains itself.

    For a referral that is thought about: which services could take this person, and what speaks for
    each. Not for choosing in their place, and no measure of how good a service is.

    Parameters
    ----------
    directory : Directory
    needs : mapping or Needs, optional
        Hard ones leave a service out, with the reason: ``language``; ``licence_area``, where it
        would be seen online; ``cost``, the most a session may cost. The others order what is left:
        ``expertise``, ``like`` (the present therapist's listed expertise: the share of it that the
        service has), ``modality``, ``area``, ``waiting_days``.
    weights : mapping of str to float, optional
        Of expertise (3 unless given), like (2), modality (2), waiting (2), area (1) and cost (1): a
        convention. The score is the weighted mean of the parts asked for, each from 0 to 1.
    on : date, optional
        The day of the match, by which entries are called stale; by default today.
    stale_after : str
        A duration; an entry not checked within it is flagged, and never moved.

    Returns
    -------
    ServiceMatches
        Ties keep the order of the directory. What is not known adds nothing to a score; where a
        hard need hangs on it, the service is listed as one to ask. Services for a crisis are never
        ranked and always shown.

    Raises
    ------
    OptionError
        For a need or a weight that there is not, or that has a value it cannot have; or if
        `directory` is none.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> from datetime import date
    >>> found = outreach.match_services(
    ...     outreach.example_directory(),
    ...     {"language": "Spanish", "expertise": ["trauma"], "cost": 30},
    ...     on=date(2026, 3, 17),
    ... )
    >>> [(m.rank, m.name, m.score) for m in found.of("ranked")]
    [(1, 'Casa Abierta (made up)', 0.733333)]
    >>> print(found.of("ranked")[0].why)
    1 of 1 wished for: trauma; 42 days of waiting, against 90; costs 20 of up to 30
    >>> [m.why for m in found.of("ask")]
    ['what it costs is not known']
    """
    if not isinstance(directory, Directory):
        raise OptionError(
            "match_services() takes a Directory: read_directory(path) reads one from a CSV file."
        )
    asked, counted = needs_of(needs), checked_weights(weights)
    day = on or date.today()  # noqa: DTZ011 - the day where the referrer sits
    old = directory.services.select(is_stale(day, stale_after)).to_series().to_list()
    rows = directory.services.iter_rows(named=True)
    judged = [_judged(s, asked, counted, stale=o) for s, o in zip(rows, old, strict=True)]
    return ServiceMatches(_ranked(judged), asked, counted, day, stale_after)


def _first(names: list[str], shown: int = 3) -> str:
    """How many there are, and the first of them by name."""
    more = len(names) - shown
    told = ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
    return f"{len(names)} ({told})"


def _judged(service: Service, needs: Needs, weights: Mapping[str, float], *, stale: bool) -> Match:
    if service["crisis"]:
        return Match(service, "crisis", None, None, (), (), stale)
    reasons = against(service, needs)
    if any(not a.unknown for a in reasons):
        return Match(service, "left_out", None, None, (), reasons, stale)
    found = parts(service, needs, weights)
    if reasons:
        return Match(service, "ask", None, None, found, reasons, stale)
    return Match(service, "ranked", None, score(found), found, (), stale)


def _ranked(judged: list[Match]) -> tuple[Match, ...]:
    """Crisis first, then by score; sorting is stable, so ties keep their order."""
    ordered = sorted(judged, key=lambda m: (_ORDER.index(m.status), -(m.score or 0.0)))
    scores = [m.score for m in ordered if m.score is not None]
    return tuple(
        Match(
            m.service,
            m.status,
            None if m.score is None else 1 + scores.index(m.score),
            m.score,
            m.parts,
            m.against,
            m.stale,
        )
        for m in ordered
    )


def _rows(m: Match) -> list[tuple[Any, ...]]:
    head = (m.name, m.status, m.rank, m.score)
    if m.against:
        return [(*head, a.need, None, None, a.why, m.stale) for a in m.against]
    if not m.parts:
        return [(*head, None, None, None, m.why, m.stale)]
    return [(*head, p.name, p.weight, p.value, p.why, m.stale) for p in m.parts]


def _checked(m: Match) -> str:
    day = m.service["last_checked"]
    said = "never" if day is None else f"{day:%Y-%m-%d}"
    return f"{said} (stale)" if m.stale else said
