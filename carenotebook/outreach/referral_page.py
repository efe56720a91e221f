"""A list of services to print for somebody: what each is, how to reach it, and nothing of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from carenotebook.core.errors import OptionError
from carenotebook.outreach.page import Page, Section
from carenotebook.outreach.referral_score import Match, Service, said_modality

if TYPE_CHECKING:
    from carenotebook.outreach.referral_match import ServiceMatches

LEAD = (
    "You can ring any of these yourself. You do not need a letter, and you may try more than one. "
    "If you would like somebody to make the first call with you, ask us."
)
_URGENT = "At any time, if you need help at once"
_ASK = "You could ask these as well"
_NOTHING = "We have not found a place that fits yet. We will go on looking with you."


def page_of(found: ServiceMatches, top: int, title: str) -> Page:
    """The list of a match."""
    if isinstance(top, bool) or not isinstance(top, int) or top < 0:
        raise OptionError("top= is how many services to list, 0 or more.")
    ranked, ask = found.of("ranked")[:top], found.of("ask")
    urgent = Section(_URGENT, items=tuple(_urgent(m.service) for m in found.of("crisis")))
    sections = [urgent] if urgent.items else []
    if not ranked:
        sections.append(Section("", (_NOTHING,)))
    sections += [_section(m) for m in ranked]
    if ask:
        sections.append(Section(_ASK, items=tuple(_to_ask(m) for m in ask)))
    return Page(title, LEAD if ranked else "", tuple(sections))


def _urgent(service: Service) -> str:
    return f"{line_of(service)}. They speak {', '.join(service['languages'])}."


def line_of(service: Service) -> str:
    """A service in one line.

    Examples
    --------
    >>> line_of({"name": "Talk", "phone": "01632 960 170", "email": None, "website": None,
    ...          "hours": "9 to 5"})
    'Talk: 01632 960 170 (9 to 5)'
    """
    hours = f" ({service['hours']})" if service["hours"] else ""
    return f"{service['name']}: {_reached(service)}{hours}"


def _reached(service: Service) -> str:
    return ", ".join(service[k] for k in ("phone", "email", "website") if service[k])


def _to_ask(match: Match) -> str:
    return f"{line_of(match.service)}. Ask first: {_question(match)}"


def _question(match: Match) -> str:
    asked = {
        "cost": "what does it cost?",
        "licence_area": "may they see you online where you live?",
    }
    return " ".join(asked[a.need] for a in match.against if a.need in asked)


def _section(match: Match) -> Section:
    service = match.service
    items = [
        f"How to reach them: {_reached(service)}",
        f"When: {service['hours']}" if service["hours"] else "",
        f"They speak: {', '.join(service['languages'])}",
        f"How you meet: {', '.join(map(said_modality, service['modality']))}"
        if service["modality"]
        else "",
        f"Where: {', '.join(service['areas'])}" if service["areas"] else "",
        _price(service),
        _wait(service),
        _checked(service["last_checked"], stale=match.stale),
    ]
    about = (service["about"],) if service["about"] else ()
    return Section(service["name"], about, tuple(i for i in items if i))


def _price(service: Service) -> str:
    cost = service["cost"]
    if cost is None:
        return "Cost: ask them"
    if cost == 0:
        return "Cost: free"
    unit = f" {service['currency']}" if service["currency"] else ""
    return f"Cost: up to {cost:g}{unit} each time"


def _wait(service: Service) -> str:
    days = service["waiting_days"]
    if days is None:
        return "Waiting: ask them"
    if days == 0:
        return "Waiting: none"
    if days < 14:
        return f"Waiting: about {days} days"
    return f"Waiting: about {round(days / 7)} weeks"


def _checked(day: date | None, *, stale: bool) -> str:
    if day is None:
        return "We have not checked these details. They may have changed."
    said = f"We last checked this in {day:%B %Y}."
    return f"{said} It may have changed." if stale else said
