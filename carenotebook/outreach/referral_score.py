"""One service against what somebody needs: left out, to be asked, or scored; always with why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from carenotebook.outreach.referral_needs import ONLINE, Needs

Service = Mapping[str, Any]
Status = Literal["ranked", "ask", "left_out", "crisis"]

HARD = ("language", "licence_area", "cost")
"""Needs that leave a service out."""

CLOSED = "availability"


@dataclass(frozen=True)
class Against:
    """A need that a service does not meet, or about which the directory says nothing."""

    need: str
    why: str
    unknown: bool = False


@dataclass(frozen=True)
class Part:
    """A part of a score: from 0 to 1, what it counts, and why.

    Attributes
    ----------
    name : str
    value : float
    weight : float
    why : str
    """

    name: str
    value: float
    weight: float
    why: str


@dataclass(frozen=True)
class Match:
    """A service, where it stands, and why.

    Attributes
    ----------
    service : mapping
        Its row of the directory.
    status : {"crisis", "ranked", "ask", "left_out"}
        "ask": a need that the directory says nothing about; "crisis" is never ranked or left out.
    rank : int or None
        Equal scores share one.
    score : float or None
        From 0 to 1.
    parts : tuple of Part
    against : tuple of Against
    stale : bool
        Whether it was last checked too long ago, in the future, or never.
    """

    service: Service
    status: Status
    rank: int | None
    score: float | None
    parts: tuple[Part, ...]
    against: tuple[Against, ...]
    stale: bool

    @property
    def name(self) -> str:
        """The service's name."""
        return str(self.service["name"])

    @property
    def why(self) -> str:
        """In words, why it stands where it stands."""
        if self.status == "crisis":
            return "always shown"
        reasons = [a.why for a in self.against] or [p.why for p in self.parts if p.weight]
        return "; ".join(reasons)


def against(service: Service, needs: Needs) -> tuple[Against, ...]:
    """Every hard need that the service does not meet, or may not meet."""
    found = [_language(service, needs), _licence(service, needs), _cost(service, needs)]
    if service["availability"] == "closed":
        found.append(Against(CLOSED, "takes nobody new at present"))
    return tuple(a for a in found if a is not None)


def _language(service: Service, needs: Needs) -> Against | None:
    if needs.language is None or _has(service["languages"], needs.language):
        return None
    return Against("language", f"does not speak {needs.language}")


def _licence(service: Service, needs: Needs) -> Against | None:
    if needs.licence_area is None:
        return None
    ways = _ways(service, needs)
    if ways is None:
        return Against("licence_area", "how it meets people is not known", unknown=True)
    if not set(ways) <= set(ONLINE):
        return None
    if service["licence_areas"] is None:
        said = f"whether it may see people online in {needs.licence_area} is not known"
        return Against("licence_area", said, unknown=True)
    if _has(service["licence_areas"], needs.licence_area):
        return None
    return Against("licence_area", f"may not see people online in {needs.licence_area}")


def _ways(service: Service, needs: Needs) -> list[str] | None:
    """The ways of meeting that are offered and wished for; all that are offered if none is."""
    offered: list[str] | None = service["modality"]
    if offered is None or not needs.modality:
        return offered
    return [m for m in offered if m in needs.modality] or offered


def _cost(service: Service, needs: Needs) -> Against | None:
    if needs.cost is None:
        return None
    if service["cost"] is None:
        return Against("cost", "what it costs is not known", unknown=True)
    if service["cost"] <= needs.cost:
        return None
    return Against("cost", f"costs {service['cost']:g}, above {needs.cost:g}")


def parts(service: Service, needs: Needs, weights: Mapping[str, float]) -> tuple[Part, ...]:
    """The parts of the score that were asked for. What is not known adds nothing, and says so."""
    asked: list[tuple[str, tuple[float, str]]] = []
    if needs.expertise:
        asked.append(("expertise", _share(service["expertise"], needs.expertise, "wished for")))
    if needs.like:
        said = "listed for the present therapist"
        asked.append(("like", _share(service["expertise"], needs.like, said)))
    if needs.modality:
        asked.append(("modality", _modality(service["modality"], needs.modality)))
    asked.append(("waiting", _waiting(service, needs.waiting_days)))
    if needs.area is not None:
        asked.append(("area", _area(service, needs)))
    if needs.cost is not None:
        asked.append(("cost", _price(service["cost"], needs.cost)))
    return tuple(Part(name, value, weights[name], why) for name, (value, why) in asked)


def score(found: Iterable[Part]) -> float:
    """The weighted mean of the parts, from 0 to 1; 0 where nothing has a weight."""
    held = tuple(found)
    total = sum(p.weight for p in held)
    return round(sum(p.value * p.weight for p in held) / total, 6) if total else 0.0


def _has(entries: Iterable[str] | None, wanted: str) -> bool:
    return wanted.casefold() in {e.casefold() for e in entries or ()}


def _share(listed: list[str] | None, wanted: tuple[str, ...], said: str) -> tuple[float, str]:
    if listed is None:
        return 0.0, "what it knows about is not known"
    found = [w for w in wanted if _has(listed, w)]
    told = f": {', '.join(found)}" if found else ""
    return len(found) / len(wanted), f"{len(found)} of {len(wanted)} {said}{told}"


def _modality(offered: list[str] | None, wanted: tuple[str, ...]) -> tuple[float, str]:
    if offered is None:
        return 0.0, "how it meets people is not known"
    found = [said_modality(m) for m in wanted if m in offered]
    if found:
        return 1.0, f"meets {', '.join(found)}"
    return 0.0, f"meets only {', '.join(said_modality(m) for m in offered)}"


def said_modality(modality: str) -> str:
    """A modality in words."""
    return {
        "video": "by video",
        "phone": "by phone",
        "chat": "in writing",
        "in_person": "in person",
    }[modality]


def _waiting(service: Service, longest: int) -> tuple[float, str]:
    days = service["waiting_days"]
    if days is None:
        return 0.0, "the waiting time is not known"
    value = max(0.0, 1.0 - days / longest)
    return value, "no waiting" if days == 0 else f"{days} days of waiting, against {longest}"


def _area(service: Service, needs: Needs) -> tuple[float, str]:
    ways = _ways(service, needs)
    if ways and set(ways) <= set(ONLINE):
        return 1.0, "met online, from anywhere"
    if service["areas"] is None:
        return 0.0, "where it is is not known"
    if _has(service["areas"], needs.area or ""):
        return 1.0, f"in {needs.area}"
    return 0.0, f"in {', '.join(service['areas'])}"


def _price(cost: float | None, ceiling: float) -> tuple[float, str]:
    if cost is None:
        return 0.0, "what it costs is not known"
    if cost == 0:
        return 1.0, "free"
    return max(
        0.0, 1.0 - cost / ceiling
    ) if ceiling else 0.0, f"costs {cost:g} of up to {ceiling:g}"
