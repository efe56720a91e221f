"""`Stage` and `Requirement`: the steps of a staged protocol, and what must be done in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from carenotebook.core import options
from carenotebook.core.errors import RuleError
from carenotebook.criteria import checks, words
from carenotebook.criteria.language import Expression
from carenotebook.criteria.syntax import Choice, as_choice

ENDS_CARE = ("ending", "reopened")
SAFEGUARDS: tuple[str, ...] = tuple(k for k in options.ACTION_KINDS if k not in ENDS_CARE)
"""Recorded actions that a stage may ask for: none that ends care, or follows from its end."""


@dataclass(frozen=True)
class Requirement:
    """A safeguard that must be recorded in the table `actions` before a stage is complete.

    Parameters
    ----------
    kind : str or list of str
        Which action; of several, any one will do.
    detail : str or list of str, optional
        What it was about, such as ``"time"``.
    response : str or list of str, optional
        What the client answered: "accepted", "declined", "none". By default the answer does not
        matter, only that it was done. A null never matches.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> c.Requirement("alternative_offered", detail="time").say()
    'an offer of an alternative (about time)'
    """

    key: ClassVar[str] = "Requirement"
    kind: Choice
    detail: Choice = None
    response: Choice = None

    def __post_init__(self) -> None:
        for name in ("kind", "detail", "response"):
            object.__setattr__(self, name, as_choice(getattr(self, name)))
        refused = [k for k in self.kind or () if k in ENDS_CARE]
        if refused:
            raise RuleError(
                f"requires {refused[0]!r}: that is no safeguard. A protocol ends in a clinician's "
                "review, so no stage may wait for care to end."
            )
        if self.kind is None:
            raise RuleError("A requirement needs a kind: which recorded safeguard it asks for.")
        checks.choose(self, "kind", SAFEGUARDS)
        checks.choose(self, "detail", None)
        checks.choose(self, "response", options.RESPONSES)

    def say(self) -> str:
        """The requirement as one phrase."""
        return words.say_safeguard(self.kind or (), self.detail, self.response)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of `actions` that it reads."""
        return tuple(c for c in ("kind", "detail", "response") if getattr(self, c) is not None)


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of a `Protocol`.

    Parameters
    ----------
    name : str
    when : Expression
        What must hold for the stage to begin and, unless it is sticky, to last.
    requires : sequence of str or Requirement
        Safeguards that must be recorded since the stage began before the next one may begin.
    wait : str
        How long after the last of them (or after the beginning, if there are none) the next stage
        may begin: a duration such as ``"14d"``. Paused time does not count.
    sticky : bool
        Whether the stage lasts to the end of the episode once it has begun.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> stage = c.Stage("concern", c.missed(within="90d") >= 2,
    ...                 requires=["attendance_conversation"], wait="14d")
    >>> stage.requires[0].say()
    'a conversation about attendance'
    """

    name: str
    when: Expression
    requires: tuple[Requirement, ...] = ()
    wait: str = "0d"
    sticky: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise RuleError("A stage needs a name.")
        if not isinstance(self.when, Expression):
            raise RuleError(
                f"stage {self.name!r}: when= needs an expression that is true or false, such as "
                "c.missed(within='90d') >= 2."
            )
        if not isinstance(self.sticky, bool):
            raise RuleError(f"stage {self.name!r}: sticky is True or False; got {self.sticky!r}.")
        try:
            checks.duration(self.wait, "wait")
            object.__setattr__(self, "requires", _requirements(self.requires))
        except RuleError as error:
            raise RuleError(f"stage {self.name!r}: {error}") from None


def _requirements(given: object) -> tuple[Requirement, ...]:
    if isinstance(given, str | Requirement) or not isinstance(given, Iterable):
        raise RuleError("requires= takes a list, such as ['attendance_conversation'].")
    made = [r if isinstance(r, Requirement) else Requirement(_kind(r)) for r in given]
    for i, requirement in enumerate(made):
        if requirement in made[:i]:
            raise RuleError(f"requires {requirement.say()!r} twice; once is enough.")
    return tuple(made)


def _kind(given: object) -> Choice:
    if not isinstance(given, str):
        raise RuleError(f"requires: {given!r} is neither a kind of action nor a c.Requirement.")
    return (given,)
