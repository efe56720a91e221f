"""`CheckIn`: three short questions that a client answers, or does not."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import ClassVar, Literal

from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.journal import (
    LONGEST_WORDS,
    NOT_SAID,
    CheckInAnswer,
    append_checkins,
    new_key,
)
from carenotebook.core.loading import known_clients
from carenotebook.core.options import REASONS
from carenotebook.describe.alternatives import offered_obstacles
from carenotebook.outreach import checkin_notice as said
from carenotebook.outreach.checkin_notice import CheckInNotice
from carenotebook.widgets._base import CareWidget, bundle
from carenotebook.widgets._check_in_messages import CHECK_IN_COMMANDS, Answer, Choices, Survey
from carenotebook.widgets._messages import Command, Option, Settled

_WISHES = {"yes": True, "no": False}
_NOBODY_SAVED = "This is a try-out: what you answer is not saved."


class CheckIn(CareWidget):
    """Ask a client what gets in the way, how things move, and whether they wish to go on.

    Half a minute, on a screen that is handed over or shared. Every question, and the whole, can be
    left out; to leave the whole out records nothing. Not for finding out whether somebody is at
    risk: it asks nothing about that, nobody watches it, and it says so.

    What is answered is added at once to a journal beside the saved cohort, and `carenotebook.load`
    shows it in the table `checkins`. The notebook keeps none of it, in no output and no state.

    Parameters
    ----------
    folder : path or None
        A cohort that `Cohort.save` wrote. None to try the widget out: nothing is saved then, and
        it says so.
    client : str
        The client's id in that cohort. Ask for it with `getpass.getpass()`, which leaves it neither
        in a cell nor in its output, as `input()` would.
    notice : CheckInNotice
        What the client is told: where to turn in danger, who sees the answers, what happens with
        them, and whether own words are kept.

    Attributes
    ----------
    value : CheckInAnswer or None
        What was answered in this session; None if nothing was, or the client would rather not. Its
        repr tells nothing, so that a cell that ends in it saves nothing.

    Raises
    ------
    DataError
        If the folder holds no saved cohort.
    OptionError
        If the cohort does not know the client, `notice` is none, or `folder` is no path.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook.outreach import CheckInNotice
    >>> notice = CheckInNotice(
    ...     in_danger="Ring 112 now, or the crisis line on 0800 000 000, at any hour.",
    ...     seen_by="Your therapist sees your answers. Nobody else does.",
    ...     used_for="You look at them together when you next meet.",
    ... )
    >>> check_in = cn.widgets.CheckIn(None, "a made-up client", notice)
    >>> check_in.value is None
    True
    """

    _esm: ClassVar[str] = bundle("check_in.js")
    _css: ClassVar[str] = bundle("check_in.css")
    commands: ClassVar[tuple[type[Command], ...]] = CHECK_IN_COMMANDS
    kept_as: ClassVar[str] = "run the cell to open it; a notebook keeps no answer"

    def __init__(self, folder: str | Path | None, client: str, notice: CheckInNotice) -> None:
        if not isinstance(notice, CheckInNotice):
            raise OptionError("CheckIn needs a CheckInNotice: what the client is told.")
        if folder is not None and not isinstance(folder, str | Path):
            raise OptionError(
                "CheckIn: folder is where a cohort was saved (cohort.save(folder)), or None to try "
                "the check-in out."
            )
        if folder is not None and not known_clients(folder, [client]):
            raise OptionError("CheckIn: the cohort in the folder has no client of that id.")
        super().__init__()
        self._folder = folder
        self._client = client
        self._notice = notice
        self._key = new_key()
        self._value: CheckInAnswer | None = None

    @property
    def value(self) -> CheckInAnswer | None:
        return self._value

    def obey(self, command: Command) -> None:
        if isinstance(command, Answer) and self._value is None:
            self._keep(command)
        self.advance()
        self.tell(self._survey(command.id))
        self.tell(Settled(self._revision, cancelled=False))

    def _keep(self, command: Answer) -> None:
        unknown = set(command.obstacles) - (set(REASONS) - {NOT_SAID})
        if unknown:
            raise OptionError("The check-in was sent an obstacle that it does not offer.")
        named = tuple(dict.fromkeys(command.obstacles))
        words = command.words.strip()
        answer = CheckInAnswer(
            self._client,
            barriers=named or (() if command.nothing else (NOT_SAID,)),
            progress=command.progress,
            wants_to_continue=_WISHES.get(command.go_on),
            words=words or None,
            key=self._key,
        )
        if self._folder is not None:
            self._append(self._folder, answer)
        self._value = answer

    def _append(self, folder: str | Path, answer: CheckInAnswer) -> None:
        kept = answer if self._notice.keep_words else replace(answer, words=None)
        try:
            append_checkins(folder, [kept])
        except DataError as error:
            raise DataError(f"Your answers are not saved yet. Try again. ({error})") from None

    def _survey(self, answers: str) -> Survey:
        notice = self._notice
        saved: Literal["tried", "saved"] = "tried" if self._folder is None else "saved"
        tried = (_NOBODY_SAVED,) if self._folder is None else ()
        numbers = tuple(Option(str(n), str(n)) for n in range(11))
        low, high = said.PROGRESS_ENDS
        return Survey(
            self._revision,
            answers,
            "open" if self._value is None else saved,
            said.TITLE,
            said.LEAD,
            said.DANGER,
            notice.help_now,
            (*tried, notice.seen_by, notice.used_for),
            Choices(
                said.OBSTACLES,
                said.TICK,
                (
                    *(Option(o.name, o.words) for o in offered_obstacles()),
                    Option("", said.NOTHING),
                ),
            ),
            Choices(said.PROGRESS, f"0: {low}. 10: {high}.", (*numbers, Option("", said.UNSAID))),
            Choices(
                said.GO_ON,
                "",
                (*(Option(*c) for c in said.GO_ON_CHOICES), Option("unsaid", said.UNSAID)),
            ),
            said.WORDS,
            said.WORDS_KEPT if notice.keep_words else said.WORDS_NOT_KEPT,
            LONGEST_WORDS,
        )

    def fallback(self) -> str:
        return (
            f"<p>A check-in stood here. A notebook keeps no answer. "
            f"<strong>{escape(said.DANGER)}</strong> {escape(self._notice.help_now)}</p>"
        )
