"""`CasePlayer`: a case study that is played, gone back in, justified and talked over."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from carenotebook.core.errors import CaseError, OptionError
from carenotebook.outreach.case_compare import compare_plays
from carenotebook.outreach.case_export import play_from_dict, play_text
from carenotebook.outreach.case_files import load_case
from carenotebook.outreach.case_model import CaseStudy, Mode
from carenotebook.outreach.case_play import Play
from carenotebook.outreach.case_print import debrief, for_facilitator
from carenotebook.outreach.page import Page, fragment
from carenotebook.privacy import Privacy
from carenotebook.widgets._base import CareWidget, bundle
from carenotebook.widgets._case_group import Group
from carenotebook.widgets._case_messages import (
    CASE_COMMANDS,
    Back,
    Bring,
    CaseFile,
    Choose,
    Export,
    Justify,
    Turn,
)
from carenotebook.widgets._case_scene import beginning, page_event, scene_event
from carenotebook.widgets._messages import Command, Option, Ready, Settled

_MEDIA = {"json": "application/json", "csv": "text/csv", "html": "text/html"}
_STALE = "That was a choice of another scene. Choose again in this one."
_NO_PAGE = "There is no such page here."


class CasePlayer(CareWidget):
    """Play a case study: decide, see what it means for whom, go back, and say why.

    For teaching and for reflection in a team. Choices and reasons stay in the kernel's memory: no
    saved notebook holds them. Hand them in as a file, or read them from `value`.

    Parameters
    ----------
    case : CaseStudy or str or path
        A case, the name of a published one (`carenotebook.outreach.cases`), or a case file.
    mode : {"guided", "open"}, optional
        "open" calls no answer right or wrong. By default the case's own.
    instructor : bool
        Also show the facilitator's notes, the rubric, what each choice leads to and how it looks
        to the author. Students are not shown these.
    group : iterable of Play
        What others handed in. What they chose is shown at an ending, small numbers hidden.
    privacy : Privacy, optional
        The gate for what the group chose.

    Attributes
    ----------
    value : Play
        The way so far; `carenotebook.outreach.save_play` writes it to a file. Setting it changes
        the view.
    other : Play or None
        Another's way through the same case, to compare with.
    group : tuple of Play

    Raises
    ------
    OptionError
        If there is no such case, or no such mode of it; or if `case` is none.
    CaseError
        If a case file is at fault, or a play belongs to another case.

    Examples
    --------
    >>> import carenotebook as cn
    >>> player = cn.widgets.CasePlayer("camera_off")
    >>> player.value.scene.title
    'A name on the list'
    >>> player.value = player.value.choose("call_now", "Ask first.")
    >>> player.value.path
    ('flag', 'the_call')
    """

    _esm: ClassVar[str] = bundle("case_player.js")
    _css: ClassVar[str] = bundle("case_player.css")
    commands = CASE_COMMANDS
    kept_as: ClassVar[str] = "run the cell to play the case"

    def __init__(
        self,
        case: CaseStudy | str | Path,
        *,
        mode: Mode | None = None,
        instructor: bool = False,
        group: Iterable[Play] = (),
        privacy: Privacy | None = None,
    ) -> None:
        self._play = (case if isinstance(case, CaseStudy) else load_case(case)).play(mode)
        super().__init__()
        self._instructor = instructor
        self._other: Play | None = None
        self._earlier: Play | None = None
        self._reason = ""
        self._group = Group(privacy or Privacy())
        self._group.plays = tuple(self._checked(p) for p in group)

    @property
    def value(self) -> Play:
        return self._play

    @value.setter
    def value(self, play: Play) -> None:
        self._go(self._checked(play))

    @property
    def other(self) -> Play | None:
        return self._other

    @other.setter
    def other(self, play: Play | None) -> None:
        self._other = None if play is None else self._checked(play)
        self._go(self._play)

    @property
    def group(self) -> tuple[Play, ...]:
        return self._group.plays

    @group.setter
    def group(self, plays: Iterable[Play]) -> None:
        self._group.plays = tuple(self._checked(p) for p in plays)
        self._go(self._play)

    def obey(self, command: Command) -> None:
        match command:
            case Ready():
                self._show(command.id)
            case Choose(scene=scene, choice=choice, reason=reason):
                if scene != self._play.scene.name:
                    raise OptionError(_STALE)
                self._go(self._play.choose(choice, reason), command.id)
            case Back(steps=steps):
                self._back(steps, command.id)
            case Justify(step=step, reason=reason):
                self._go(self._play.justify(step, reason), command.id)
            case Bring(text=text):
                self._other = self._brought(text)
                self._go(self._play, command.id)
            case Turn(page=name):
                self.tell(page_event(self._revision, name, self._page(name)))
            case Export(format=ending):
                self._export(ending, command.id)
        self.tell(Settled(self._revision, cancelled=False))

    def fallback(self) -> str:
        return fragment(beginning(self._play.case))

    def _go(self, play: Play, answers: str = "", reason: str = "") -> None:
        with self._lock:
            self._play, self._reason = play, reason
            self.advance()
        self._show(answers)

    def _show(self, answers: str) -> None:
        event = scene_event(self._revision, answers, self._play, self._reason, self._pages())
        self.tell(event)

    def _back(self, steps: int, answers: str) -> None:
        made = self._play.steps
        if not 0 <= steps < len(made):
            raise OptionError("There is nothing to go back to.")
        if self._play.ended:
            self._earlier = self._play
        play = self._play
        while len(play.steps) > steps:
            play = play.back()
        self._go(play, answers, made[steps].justification)

    def _brought(self, text: str) -> Play:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise CaseError("This file is no saved play. One is saved as .json.") from None
        return play_from_dict(data, self._play.case)

    def _pages(self) -> list[Option]:
        """The pages that there are now; what would tell how it ends waits for an ending."""
        after = self._play.ended or self._instructor
        offered = {
            "debrief": ("Debrief", after),
            "earlier": ("Compare with your earlier way", self._earlier is not None),
            "other": ("Compare with another\N{RIGHT SINGLE QUOTATION MARK}s way", self._other),
            "group": ("What the group chose", after and self.group),
            "facilitator": ("For the facilitator", self._instructor),
        }
        return [Option(name, label) for name, (label, there) in offered.items() if there]

    def _page(self, name: str) -> Page:
        if name not in [o.value for o in self._pages()]:
            raise OptionError(_NO_PAGE)
        if name == "debrief":
            return debrief(self._play)
        if name == "group":
            return self._group.page()
        if name == "facilitator":
            return for_facilitator(self._play)
        other, label = (
            (self._earlier, "Your earlier way") if name == "earlier" else (self._other, "The other")
        )
        return compare_plays(self._play, other or self._play, ("You", label))

    def _export(self, ending: str, answers: str) -> None:
        name = f"{self._play.case.name}-way.{ending}"
        text = play_text(self._play, ending)
        self.tell(CaseFile(self._revision, answers, name, _MEDIA[ending], text))

    def _checked(self, play: Any) -> Play:
        if not isinstance(play, Play):
            raise OptionError("CasePlayer takes a Play, as case.play() or load_play() gives it.")
        if play.case.sha256 != self._play.case.sha256:
            raise CaseError("This is a play of another case, or of another version of this one.")
        return play
