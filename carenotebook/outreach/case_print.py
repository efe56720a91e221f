"""Pages made of cases and plays: a scene, the debrief, a play to hand in, a handout, a seminar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Literal

from carenotebook.appraise.codes import chosen
from carenotebook.outreach.case_model import CaseStudy, Choice, Scene
from carenotebook.outreach.case_play import Play, when
from carenotebook.outreach.page import Page, Section, paragraphs

Leads = Mapping[str, str]
Audience = Literal["students", "facilitator"]

MADE_UP = "A made-up case. Nobody in it is a real person, and nothing in it is legal advice."
_WHEN, _WHAT = "When", "What the record shows"
WHOSE = {
    "client": "For the client",
    "therapist": "For you and the team",
    "others": "For others who wait",
}
"""How consequences are headed."""

_TOLD = ("Choice", *WHOSE.values())
_VIEWS = {
    "sound": "easy to defend",
    "debatable": "can be argued either way",
    "harmful": "hard to defend",
}


def scene_page(play: Play) -> Page:
    """The present scene of a play, with its record, rules and choices."""
    scene = play.scene
    sections = [Section("", paragraphs(scene.text))]
    rules = tuple(r.sentence for r in play.readings())
    if rules:
        sections.append(Section("The rules now", items=rules))
    if play.ended:
        sections.append(Section(f"Ending: {scene.ending}"))
    else:
        items = tuple(f"{c.name}: {c.text}" for c in play.choices)
        sections.append(Section(scene.ask, items=items))
    return Page(scene.title, f"{scene.at:%d %B %Y, %H:%M}", tuple(sections))


def record_section(play: Play) -> Section:
    """What the record shows at the present scene."""
    rows = play.record()
    others = len({who for _, who, _ in rows}) > 1
    told = tuple((when, f"{who}: {what}" if others else what) for when, who, what in rows)
    return Section("The record so far", columns=(_WHEN, _WHAT), rows=told)


def debrief(play: Play) -> Page:
    """What a play came to: the way, what it meant for whom, the codes, and what to think about.

    In a guided play it tells of each choice how it looks to the author of the case. In an open one
    it calls nothing right or wrong.

    Parameters
    ----------
    play : Play
        Ended or not.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> play = outreach.load_case("camera_off").play(mode="open")
    >>> outreach.debrief(play.choose("sign", "The rule says so.")).title
    'Debrief: The camera that never opened'
    """
    case = play.case
    end = play.scene.ending or "not ended yet"
    sections = [
        Section("Where it ended", (f"{end[:1].upper()}{end[1:]}.", *paragraphs(play.scene.text))),
        *_way(play),
        _codes(case),
        Section("To think about", items=(*_reflections(play), *case.prompts)),
        _other_endings(play),
    ]
    return Page(f"Debrief: {case.title}", MADE_UP, tuple(sections))


def _way(play: Play) -> list[Section]:
    sections = []
    walked = Play(play.case, play.mode)
    for step in play.steps:
        choice = walked.scene.choices[step.choice]
        lines = [f"You chose: {choice.text}"]
        if step.justification:
            lines.append(f"Because: {step.justification}")
        if play.mode == "guided" and choice.view:
            lines.append(f"How it looks to the author: {_VIEWS[choice.view]}.")
        heading = walked.scene.title
        walked = walked.choose(step.choice, step.justification)
        items = [f"{WHOSE[w]}: {choice.then[w]}" for w in WHOSE]
        changed = walked.changed()
        items += changed.rules if changed else []
        sections.append(Section(heading, tuple(lines), tuple(items)))
    return sections


def _reflections(play: Play) -> tuple[str, ...]:
    scenes = [play.case.scenes[s] for s in play.path]
    return tuple(s.reflect for s in scenes if s.reflect)


def _other_endings(play: Play) -> Section:
    others = tuple(s.ending for s in play.case.endings if s.ending and s.name != play.scene.name)
    return Section("Where else it could have ended", items=others)


def play_page(play: Play) -> Page:
    """A play to hand in: the case, every choice with its reason, and the debrief."""
    page = debrief(play)
    return Page(f"{play.case.title}: my way through it", page.lead, page.sections)


def handout(case: CaseStudy, audience: Audience = "students") -> Page:
    """A case on paper: every scene and its choices, to be read without a computer.

    Parameters
    ----------
    case : CaseStudy
    audience : {"students", "facilitator"}
        Students get scenes, choices and prompts, with lines that say where to read on. The
        facilitator also gets what each choice means, the views, the rubric and the notes.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> page = outreach.handout(outreach.load_case("camera_off"))
    >>> page.title
    'The camera that never opened'
    """
    told = audience == "facilitator"
    sections = [
        Section("", (case.summary,)),
        Section("What this is for", items=case.aims),
        Section("Rules in this case", items=tuple(r.words for r in case.rules.values())),
        record_section(Play(case, case.mode)),
    ]
    leads = {s: f"Read on at {n}." for n, s in enumerate(case.scenes, 1)}
    sections += [_scene_section(s, case, leads, told=told) for s in case.scenes.values()]
    sections.append(Section("To think about", items=case.prompts))
    sections.append(_codes(case))
    if told:
        sections += _for_facilitators(case)
    return Page(case.title, f"About {case.minutes} minutes. {MADE_UP}", tuple(sections))


def _codes(case: CaseStudy) -> Section:
    asked = {code.name: code.asks.strip() for code in chosen()}
    return Section("Codes in play", items=tuple(f"{c}: {asked[c]}" for c in case.codes))


def _scene_section(scene: Scene, case: CaseStudy, leads: Leads, *, told: bool) -> Section:
    ending = f" (ending: {scene.ending})" if scene.ending else ""
    heading = f"{list(case.scenes).index(scene.name) + 1}. {scene.title}{ending}"
    text = (f"{scene.at:%d %B %Y, %H:%M}.", *paragraphs(scene.text))
    if scene.ending:
        return Section(heading, text)
    if told:
        rows = tuple(_choice_row(c, case, leads) for c in scene.choices.values())
        return Section(heading, (*text, scene.ask), columns=_TOLD, rows=rows)
    items = tuple(_choice_text(c, case, leads) for c in scene.choices.values())
    return Section(heading, (*text, scene.ask), items)


def _choice_text(choice: Choice, case: CaseStudy, leads: Leads) -> str:
    only = f" (Only if {when(choice.condition, case)}.)" if choice.condition else ""
    return f"{choice.text}{only} {leads[choice.to]}"


def _choice_row(choice: Choice, case: CaseStudy, leads: Leads) -> tuple[str, ...]:
    view = f" View: {_VIEWS[choice.view]}." if choice.view else ""
    return (f"{_choice_text(choice, case, leads)}{view}", *(choice.then[w] for w in WHOSE))


def for_facilitator(play: Play) -> Page:
    """What a facilitator reads beside a play: this scene from within, notes, rubric, codes."""
    case, scene = play.case, play.scene
    leads = {s.name: f"Leads to: {s.title}." for s in case.scenes.values()}
    rows = tuple(_choice_row(c, case, leads) for c in scene.choices.values())
    here = Section(f"This scene: {scene.title}", columns=_TOLD, rows=rows)
    aims = Section("What this is for", items=case.aims)
    within = (here,) if rows else ()
    return Page(case.title, "", (*within, *_for_facilitators(case), aims, _codes(case)))


def _for_facilitators(case: CaseStudy) -> list[Section]:
    notes = tuple((k.capitalize(), v) for k, v in case.facilitator.items())
    rubric = tuple((r["about"], r["beginning"], r["secure"], r["strong"]) for r in case.rubric)
    return [
        Section("Notes for the facilitator", columns=("When", "Notes"), rows=notes),
        Section("Rubric", columns=("About", "Beginning", "Secure", "Strong"), rows=rubric),
    ]


def seminar() -> Page:
    """A plan for a seminar of 90 minutes on any of the cases.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.seminar().title
    'A seminar of 90 minutes on ending care'
    """
    file = resources.files("carenotebook.outreach") / "content" / "seminar.md"
    text = file.read_text(encoding="utf-8")
    first, *parts = re.split(r"^#+ ", text, flags=re.MULTILINE)[1:]
    title, _, lead = first.partition("\n")
    return Page(title.strip(), _flat(lead), tuple(_part(p) for p in parts))


def _part(text: str) -> Section:
    heading, _, body = text.partition("\n")
    blocks = [b for b in body.strip().split("\n\n") if b]
    items = [
        i for b in blocks if b.startswith("- ") for i in re.split(r"^- ", b, flags=re.MULTILINE)
    ]
    prose = tuple(_flat(b) for b in blocks if not b.startswith("- "))
    return Section(heading.strip(), prose, tuple(_flat(i) for i in items if i.strip()))


def _flat(text: str) -> str:
    return " ".join(text.split())
