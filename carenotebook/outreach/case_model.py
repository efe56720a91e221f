"""What a case study is: scenes, choices, conditions, a history and rules. Frozen, and only data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from carenotebook.criteria.rule import Rule
    from carenotebook.outreach.case_play import Play

Says = Literal["true", "false", "unknown"]
Mode = Literal["guided", "open"]
View = Literal["sound", "debatable", "harmful"]
Row = Mapping[str, Any]
Rows = Mapping[str, tuple[Row, ...]]

THE_CLIENT = "the client"
WHOM = ("client", "therapist", "others")
"""Whose consequences a choice tells: the client's, the therapist's, those of others who wait."""


@dataclass(frozen=True)
class Chose:
    """True once that choice was made in that scene."""

    scene: str
    choice: str


@dataclass(frozen=True)
class RuleSays:
    """True while a rule, read at the instant of the scene, says so."""

    rule: str
    says: Says


@dataclass(frozen=True)
class Every:
    """True when all parts are."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """True when one part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """True when its part is not."""

    part: Condition


Condition = Chose | RuleSays | Every | Some | Not


@dataclass(frozen=True, eq=False)
class Choice:
    """One way to go on from a scene.

    Attributes
    ----------
    name, text, to : str
        Its id, its words, and the scene that it leads to.
    then : mapping of str to str
        What it means for the client, the therapist and others who wait.
    condition : Condition or None
        When it can be chosen at all.
    view : {"sound", "debatable", "harmful"} or None
        In a guided case; shown in the debrief.
    adds : mapping of str to rows
        What it adds to the history.
    amends : tuple of rows
        Appointments that it corrects, by appointment_id.
    """

    name: str
    text: str
    to: str
    then: Mapping[str, str]
    condition: Condition | None
    view: View | None
    adds: Rows
    amends: tuple[Row, ...]

    @property
    def writes(self) -> bool:
        """Whether it changes the history."""
        return bool(self.adds or self.amends)


@dataclass(frozen=True, eq=False)
class Scene:
    """A moment of a case. One with an `ending` has no choices."""

    name: str
    title: str
    at: datetime
    text: str
    reads: tuple[str, ...]
    client: str
    ask: str
    choices: Mapping[str, Choice]
    ending: str | None
    reflect: str | None


@dataclass(frozen=True, eq=False)
class CaseRule:
    """A criterion of the case, and how people in the service put it."""

    name: str
    words: str
    rule: Rule


@dataclass(frozen=True, eq=False, repr=False)
class CaseStudy:
    """A branching case study; get one from `load_case` or `cases`.

    Attributes
    ----------
    name, title, summary : str
    minutes : int
    mode : {"guided", "open"}
        In an open case no answer is called right.
    topics, aims, codes, prompts : tuple of str
    history : mapping of str to rows
        A tiny made-up cohort.
    rules : mapping of str to CaseRule
    scenes : mapping of str to Scene
        The first is the start.
    rubric : tuple of mapping
        about, beginning, secure, strong.
    facilitator : mapping of str to str
        before, during, after.
    sha256 : str
        Of the file's text; a saved play names it.
    """

    name: str
    title: str
    summary: str
    minutes: int
    mode: Mode
    topics: tuple[str, ...]
    aims: tuple[str, ...]
    codes: tuple[str, ...]
    prompts: tuple[str, ...]
    history: Rows
    rules: Mapping[str, CaseRule]
    scenes: Mapping[str, Scene]
    rubric: tuple[Mapping[str, str], ...]
    facilitator: Mapping[str, str]
    sha256: str

    @property
    def start(self) -> Scene:
        """The scene that a play begins in."""
        return next(iter(self.scenes.values()))

    @property
    def endings(self) -> tuple[Scene, ...]:
        """The scenes that end a play."""
        return tuple(s for s in self.scenes.values() if s.ending is not None)

    def play(self, mode: Mode | None = None) -> Play:
        """Begin a play.

        Parameters
        ----------
        mode : {"guided", "open"}, optional
            "open" leaves every view out of the debrief. By default the case's own.
        """
        from carenotebook.outreach.case_play import begin

        return begin(self, mode)

    def __repr__(self) -> str:
        return (
            f"CaseStudy({self.name!r}: {self.title}; {len(self.scenes)} scenes, "
            f"{len(self.endings)} endings)"
        )


def parts_of(condition: Condition | None) -> Iterator[Condition]:
    """A condition and everything in it."""
    if condition is None:
        return
    yield condition
    if isinstance(condition, Every | Some):
        for part in condition.parts:
            yield from parts_of(part)
    elif isinstance(condition, Not):
        yield from parts_of(condition.part)


def instant(text: str) -> datetime:
    """An instant of a case file, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
