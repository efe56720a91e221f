"""A play as what the browser shows of it: the scene, what the last choice meant, pages."""

from __future__ import annotations

from collections.abc import Iterable

from carenotebook.outreach.case_model import CaseStudy, Choice
from carenotebook.outreach.case_play import Changed, Play, why
from carenotebook.outreach.case_print import MADE_UP, WHOSE, record_section
from carenotebook.outreach.page import Page, Section, paragraphs
from carenotebook.widgets._case_messages import CaseChoice, CasePage, CaseRead, CaseScene, Part, Way
from carenotebook.widgets._messages import Option

_NO_RIGHT_ANSWER = "No answer is called right here."
_HOLDS = {"true": "Yes", "false": "No", "unknown": "Not known"}


def scene_event(
    revision: int, answers: str, play: Play, reason: str, pages: Iterable[Option]
) -> CaseScene:
    """What the browser shows of a play."""
    scene = play.scene
    return CaseScene(
        revision,
        answers,
        case=play.case.title,
        about=_about(play),
        scene=scene.name,
        title=scene.title,
        when=f"{scene.at:%A}, {scene.at.day} {scene.at:%B %Y, %H:%M}",
        paragraphs=paragraphs(scene.text),
        meant=_meant(play.changed()),
        rules=tuple(_read(play)),
        record=part(record_section(play)),
        ask=scene.ask,
        choices=tuple(_choice(c, play) for c in play.choices),
        closed=tuple(_choice(c, play) for c in play.closed),
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


def _meant(changed: Changed | None) -> tuple[Part, ...]:
    if changed is None:
        return ()
    told = ((label, getattr(changed, whom)) for whom, label in WHOSE.items())
    return tuple(Part(label, (text,), (), (), ()) for label, text in told)


def _choice(choice: Choice, play: Play) -> CaseChoice:
    because = why(choice.condition, play) if choice.condition is not None else ""
    return CaseChoice(choice.name, choice.text, because)


def _read(play: Play) -> Iterable[CaseRead]:
    before = {r.rule: r.says for r in play.back().readings()} if play.steps else {}
    for reading in play.readings():
        changed = before.get(reading.rule, reading.says) != reading.says
        yield CaseRead(reading.sentence, changed, tuple(_clause(*c) for c in reading.clauses))


def _clause(clause: str, truth: str, value: str) -> str:
    return f"{_HOLDS[truth]}: {clause}" + (f" (now {value})" if value else "")


def _way(play: Play) -> Iterable[Way]:
    for step in play.steps:
        scene = play.case.scenes[step.scene]
        yield Way(scene.title, scene.choices[step.choice].text, step.justification)
