"""Two ways through one case, side by side."""

from __future__ import annotations

from carenotebook.core.errors import OptionError
from carenotebook.outreach.case_play import Play, Step
from carenotebook.outreach.case_print import MADE_UP
from carenotebook.outreach.page import Page, Section

_NOT_THERE = "did not come here"


def compare_plays(mine: Play, other: Play, names: tuple[str, str] = ("One", "The other")) -> Page:
    """Where two plays of one case part, what each chose there and why, and where each ended.

    For two people to talk over. It calls neither of them right.

    Parameters
    ----------
    mine, other : Play
    names : tuple of str
        What the two are called.

    Raises
    ------
    OptionError
        If they are plays of two cases.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> case = outreach.load_case("camera_off")
    >>> page = outreach.compare_plays(case.play().choose("call_now"), case.play().choose("sign"))
    >>> page.sections[0].paragraphs
    ('The two ways part at: A name on the list.',)
    """
    if mine.case.sha256 != other.case.sha256:
        raise OptionError("These are plays of two cases, or of two versions of one.")
    first, second = _by_scene(mine), _by_scene(other)
    scenes = [s for s in mine.case.scenes if s in first or s in second]
    rows = tuple(
        (mine.case.scenes[s].title, _told(mine, first.get(s)), _told(other, second.get(s)))
        for s in scenes
    )
    parting = next((s for s in scenes if _choice(first, s) != _choice(second, s)), None)
    where = (
        f"The two ways part at: {mine.case.scenes[parting].title}."
        if parting
        else "The two ways are the same as far as they go."
    )
    ends = (("Ended in", _end(mine), _end(other)),)
    table = Section("Scene by scene", columns=("Scene", *names), rows=(*rows, *ends))
    return Page(f"Two ways through: {mine.case.title}", MADE_UP, (Section("", (where,)), table))


def _by_scene(play: Play) -> dict[str, Step]:
    return {s.scene: s for s in play.steps}


def _choice(steps: dict[str, Step], scene: str) -> str | None:
    return steps[scene].choice if scene in steps else None


def _told(play: Play, step: Step | None) -> str:
    if step is None:
        return _NOT_THERE
    text = play.case.scenes[step.scene].choices[step.choice].text
    return f"{text} Because: {step.justification}" if step.justification else text


def _end(play: Play) -> str:
    return play.scene.ending or f"not ended yet ({play.scene.title})"
