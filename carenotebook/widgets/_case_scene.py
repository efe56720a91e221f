"""A play as what the browser shows of it: the scene, what the last choice meant, pages."""

from __future__ import annotations

from collections.abc import Iterable

from carenotebook.outreach.case_model import CaseStudy
from carenotebook.outreach.case_page import Page, Section, paragraphs
from carenotebook.outreach.case_play import Changed, Play
from carenotebook.outreach.case_print import MADE_UP, WHOSE, record_section
from carenotebook.widgets._case_messages import CasePage, CaseScene, Part, Way
from carenotebook.widgets._messages import Option

_NO_RIGHT_ANSWER = "No answer is called right here."
_OF_THE_RULES, _OPENED, _CLOSED = "What the rules say now", "Open to you now", "Not open to you now"


def scene_event(
    revision: int, answers: str, play: Play, reason: str, pages: Iterable[Option]
) -> CaseScene:
    """What the browser shows of a play."""
    scene, changed = play.scene, play.changed()
    return CaseScene(
        revision,
        answers,
        case=play.case.title,
        about=_about(play),
        scene=scene.name,
        title=scene.title,
        when=f"{scene.at:%A, %d %B %Y, %H:%M}",
        paragraphs=paragraphs(scene.text),
        meant=_meant(changed) if changed else (),
        rules=tuple(r.sentence for r in play.readings()),
        record=part(record_section(play)),
        ask=scene.ask,
        choices=tuple(Option(c.name, c.text) for c in play.choices),
        closed=changed.closed if changed else (),
        ending=scene.ending or "",
        reason=reason,
        way=tuple(_way(play)),
        pages=tuple(pages),
    )


def page_event(revision: int, name: str, page: Page) -> CasePage:
    """A page under a heading of its own in the browser, so without its title."""
    return CasePage(revision, name, page.lead, tuple(part(s) for s in page.sections))


def part(section: Section) -> Part:
    """A section of a page as data."""
    return Part(section.heading, section.paragraphs, section.items, section.columns, section.rows)


def beginning(case: CaseStudy) -> Page:
    """What a saved notebook keeps of a play: the story's beginning, and how to open it."""
    scene = case.start
    how = (
        "Run this cell to play it from here. What is chosen and why is kept in memory only, and is "
        "never saved in the notebook."
    )
    return Page(
        case.title,
        f"{_time(case)} {MADE_UP}",
        (
            Section("", (case.summary,)),
            Section(f"How it begins: {scene.title}", paragraphs(scene.text)),
            Section("To play", (how,)),
        ),
    )


def _about(play: Play) -> str:
    open_ = f" {_NO_RIGHT_ANSWER}" if play.mode == "open" else ""
    return f"{play.case.summary} {_time(play.case)}{open_} {MADE_UP}"


def _time(case: CaseStudy) -> str:
    return f"About {case.minutes} minutes."


def _meant(changed: Changed) -> tuple[Part, ...]:
    told = tuple((label, getattr(changed, whom)) for whom, label in WHOSE.items())
    lists = {_OF_THE_RULES: changed.rules, _OPENED: changed.opened, _CLOSED: changed.closed}
    return (
        *(Part(label, (text,), (), (), ()) for label, text in told),
        *(Part(heading, (), items, (), ()) for heading, items in lists.items() if items),
    )


def _way(play: Play) -> Iterable[Way]:
    for step in play.steps:
        scene = play.case.scenes[step.scene]
        yield Way(scene.title, scene.choices[step.choice].text, step.justification)
