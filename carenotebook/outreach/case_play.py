"""Playing a case: a pure state machine. Every step gives a new `Play`; nothing is mutated."""

from __future__ import annotations

from dataclasses import dataclass, replace

from carenotebook.core.errors import OptionError
from carenotebook.outreach.case_model import (
    CaseStudy,
    Choice,
    Chose,
    Condition,
    Every,
    Mode,
    Not,
    RuleSays,
    Scene,
)
from carenotebook.outreach.case_rules import Made, Reading, quoted, read_rule_at, record_at

_LONGEST = 4000
_SAYS = {"true": "holds", "false": "does not hold", "unknown": "cannot tell"}
_SAYS_NOT = {
    "true": "does not hold, or cannot tell",
    "false": "holds, or cannot tell",
    "unknown": "can tell",
}
_MODES = (None, "guided", "open")


@dataclass(frozen=True)
class Step:
    """A choice that was made, and why."""

    scene: str
    choice: str
    justification: str = ""


@dataclass(frozen=True)
class Changed:
    """What the last choice changed, and why.

    Attributes
    ----------
    client, therapist, others : str
        What it means for them.
    rules : tuple of str
        Sentences on rules that say something else now than in the scene before.
    opened, closed : tuple of str
        Choices of this scene that are there, or are not, because of what came before.
    """

    client: str
    therapist: str
    others: str
    rules: tuple[str, ...]
    opened: tuple[str, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Play:
    """One person's way through a case, as far as it has come.

    Attributes
    ----------
    case : CaseStudy
    mode : {"guided", "open"}
    steps : tuple of Step

    Examples
    --------
    >>> from carenotebook import outreach
    >>> play = outreach.load_case("camera_off").play()
    >>> play.ended
    False
    >>> [choice.name for choice in play.choices]
    ['open_record', 'call_now', 'sign']
    >>> later = play.choose("open_record", "I want to know what happened first.")
    >>> later.path, later.back().path
    (('flag', 'two_records'), ('flag',))
    """

    case: CaseStudy
    mode: Mode
    steps: tuple[Step, ...] = ()

    @property
    def scene(self) -> Scene:
        """Where the play stands."""
        if not self.steps:
            return self.case.start
        last = self.steps[-1]
        return self.case.scenes[self.case.scenes[last.scene].choices[last.choice].to]

    @property
    def made(self) -> Made:
        """The choices so far, as (scene, choice)."""
        return tuple((s.scene, s.choice) for s in self.steps)

    @property
    def path(self) -> tuple[str, ...]:
        """The scenes so far, with the present one."""
        return (*(s.scene for s in self.steps), self.scene.name)

    @property
    def ended(self) -> bool:
        """Whether the present scene is an ending."""
        return self.scene.ending is not None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices that can be made now."""
        return tuple(c for c in self.scene.choices.values() if self._open(c))

    @property
    def closed(self) -> tuple[Choice, ...]:
        """The choices of this scene that earlier choices, or a rule, keep shut."""
        return tuple(c for c in self.scene.choices.values() if not self._open(c))

    def choose(self, choice: str, justification: str = "") -> Play:
        """Make a choice.

        Parameters
        ----------
        choice : str
            The name of one of `choices`.
        justification : str
            Why, in the player's own words; up to 4,000 characters.

        Raises
        ------
        OptionError
            If that choice is not there, or the justification is too long.
        """
        available = [c.name for c in self.choices]
        if choice not in available:
            known = ", ".join(available) or "none, for this is an ending"
            raise OptionError(f"There is no such choice here. Choices: {known}.")
        step = Step(self.scene.name, choice, _reason(justification))
        return replace(self, steps=(*self.steps, step))

    def justify(self, step: int, justification: str) -> Play:
        """The same way with another reason for one of its choices.

        Parameters
        ----------
        step : int
            Which choice; the first is 1.
        justification : str
            Why, in the player's own words; up to 4,000 characters.

        Raises
        ------
        OptionError
            If there is no such choice yet, or the justification is too long.
        """
        if not 1 <= step <= len(self.steps):
            raise OptionError(f"There is no choice {step} yet; there are {len(self.steps)}.")
        made = list(self.steps)
        made[step - 1] = replace(made[step - 1], justification=_reason(justification))
        return replace(self, steps=tuple(made))

    def back(self) -> Play:
        """The play before the last choice; at the start, the play itself."""
        return replace(self, steps=self.steps[:-1])

    def readings(self) -> tuple[Reading, ...]:
        """What the rules that this scene shows say now."""
        return tuple(self._read(r) for r in self.scene.reads)

    def record(self) -> list[tuple[str, str, str]]:
        """What the record shows now: time, about whom, what."""
        return record_at(self.case, self.scene.at, self.made)

    def changed(self) -> Changed | None:
        """What the last choice changed, and why; None at the start."""
        if not self.steps:
            return None
        last, before = self.steps[-1], self.back()
        then = self.case.scenes[last.scene].choices[last.choice].then
        conditional = [c for c in self.choices if c.condition is not None]
        return Changed(
            **then,
            rules=tuple(_differences(before, self)),
            opened=tuple(f"{c.text} ({why(c.condition, self)})" for c in conditional),
            closed=tuple(f"{c.text} ({why(c.condition, self)})" for c in self.closed),
        )

    def holds(self, condition: Condition | None) -> bool:
        """Whether a condition of the present scene is met."""
        if condition is None:
            return True
        if isinstance(condition, Chose):
            return (condition.scene, condition.choice) in self.made
        if isinstance(condition, RuleSays):
            return self._read(condition.rule).says == condition.says
        if isinstance(condition, Not):
            return not self.holds(condition.part)
        met = (self.holds(p) for p in condition.parts)
        return all(met) if isinstance(condition, Every) else any(met)

    def _open(self, choice: Choice) -> bool:
        return self.holds(choice.condition)

    def _read(self, rule: str) -> Reading:
        return read_rule_at(self.case, rule, self.scene.name, _adding(self.case, self.made))

    def __repr__(self) -> str:
        where = self.scene.ending or self.scene.title
        return f"Play({self.case.name!r}, {len(self.steps)} choices, now: {where})"

    def _repr_html_(self) -> str:
        from carenotebook.outreach.case_print import scene_page
        from carenotebook.outreach.page import fragment

        return fragment(scene_page(self))


def begin(case: CaseStudy, mode: Mode | None = None) -> Play:
    """See `CaseStudy.play`."""
    if mode not in _MODES:
        raise OptionError(f"mode={mode!r} is not one of: guided, open.")
    if mode == "guided" and case.mode == "open":
        raise OptionError("This case is an open one: nothing in it is called right or wrong.")
    return Play(case, mode or case.mode)


def why(condition: Condition | None, play: Play) -> str:
    """Why a condition is met or not, in words."""
    if condition is None:
        return "always there"
    if isinstance(condition, Chose):
        made = "you chose" if play.holds(condition) else "you did not choose"
        text = play.case.scenes[condition.scene].choices[condition.choice].text
        return f"{made}: {text.rstrip('.')}"
    if isinstance(condition, RuleSays):
        sentence = play._read(condition.rule).sentence  # noqa: SLF001 - the same file's
        return f"{sentence[0].lower()}{sentence[1:].rstrip('.')}"
    if isinstance(condition, Not):
        return why(condition.part, play)
    telling = [p for p in condition.parts if play.holds(p) == play.holds(condition)]
    joint = " and " if isinstance(condition, Every) == play.holds(condition) else "; "
    return joint.join(why(p, play) for p in telling)


def when(condition: Condition, case: CaseStudy, *, met: bool = True) -> str:
    """When a condition is met (or is not), in words for somebody who reads the case on paper."""
    if isinstance(condition, Chose):
        scene = case.scenes[condition.scene]
        text = scene.choices[condition.choice].text.rstrip(".")
        made = "you chose" if met else "you did not choose"
        return f"{made} {quoted(text)} in {quoted(scene.title)}"
    if isinstance(condition, RuleSays):
        says = _SAYS[condition.says] if met else _SAYS_NOT[condition.says]
        return f"the rule {quoted(case.rules[condition.rule].words.rstrip('.'))} {says}"
    if isinstance(condition, Not):
        return when(condition.part, case, met=not met)
    joint = " and " if isinstance(condition, Every) == met else " or "
    return joint.join(when(p, case, met=met) for p in condition.parts)


def _reason(text: str) -> str:
    if len(text) > _LONGEST:
        raise OptionError(f"A justification has up to {_LONGEST:,} characters.")
    return text.strip()


def _adding(case: CaseStudy, made: Made) -> Made:
    """Only the choices that change the history: others cannot change what a rule says."""
    return tuple((s, c) for s, c in made if case.scenes[s].choices[c].writes)


def _differences(before: Play, after: Play) -> list[str]:
    """Sentences on rules that are shown in both scenes, or now, and say something else."""
    told = {r.rule: r.says for r in before.readings()}
    return [r.sentence for r in after.readings() if told.get(r.rule) != r.says]
