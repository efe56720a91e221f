"""`Protocol`: stages that follow each other, with what must be done in each; the last a review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carenotebook.core.durations import say_duration
from carenotebook.core.errors import RuleError
from carenotebook.criteria import serial, words
from carenotebook.criteria.header import RuleKind, check_header, read_header, save_tree, tree_of
from carenotebook.criteria.safeguards import check_preset
from carenotebook.criteria.stage import Stage


@dataclass(frozen=True, repr=False, eq=False)
class Protocol:
    """Stages that lead to a clinician's review: first concern, then what must be tried, then it.

    For criteria that ask for safeguards *before* a review, in order and with time in between. For
    one condition use `Rule`. The last stage is the review; nothing follows it, and it discharges
    nobody.

    Parameters
    ----------
    name : str
    stages : sequence of Stage
        In their order; the last one is the clinician's review.
    source, kind, safeguards
        As for `Rule`.
    grace : str
        Within a pause, and for so long after one, no stage's `when` holds.

    Raises
    ------
    RuleError
        If there is no stage, two share a name, or the last one has a `wait`.

    Notes
    -----
    Replayed as a state machine over continuous time, anew in each episode. All that happens at an
    instant applies before the stages are read at it; then stages end, then begin, in their order.

    - *Begins*: when its `when` is true and, but for the first stage, the one before it is in force,
      complete (all its `requires` recorded since it began) and its `wait` has passed since the one
      recorded last, or since it began if it requires nothing. Several may begin at one instant, in
      their order. Unknown begins nothing; that it alone stood in the way is in `undecided`.
    - *Recorded since it began*: at that instant too, unless that record is one that an earlier
      stage asks for as well: what completed a stage does not count again for the next.
    - *Ends*: when its own `when` is no longer true (false, unknown, or cut by a pause), or else
      with the episode. Then what was recorded in it is void: the next time, all starts anew. A
      sticky stage ends with the episode only.
    - *Stages overlap*: one that has begun stands on its own `when`, whether the one before lasts or
      has ended. To let a later stage fall with an earlier one, put that condition into its `when`.
    - *Pauses*: never true in a pause or within `grace` after one, as for a rule: a stage ends
      there, unless it is sticky, and none begins. Paused time does not count towards a `wait`.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> protocol = c.Protocol("staged", [
    ...     c.Stage("concern", c.missed(within="90d") >= 2,
    ...             requires=["attendance_conversation"], wait="14d"),
    ...     c.Stage("review", c.days_since_heard() >= 30),
    ... ])
    >>> print(protocol.explain())
    staged: a clinician reviews the client after these stages, each only once the one before it is
    complete:
      1. concern: missed appointments in the last 90 days: 2 or more. Complete once
         recorded: a conversation about attendance. Then 14 days must pass.
      2. review: time since the client was last heard from: 30 days or longer. A clinician reviews
         the client.
    A stage lasts while its condition holds; the next time, it starts anew. Never during a pause in
    care or in the 7 days after one. It ends in a review, never in a discharge.
    """

    name: str
    stages: tuple[Stage, ...]
    source: str | None = None
    grace: str = "7d"
    kind: RuleKind = "local"
    safeguards: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_header(self, "protocol")
        given: object = self.stages
        if isinstance(given, Stage) or not isinstance(given, Iterable):
            raise RuleError("A protocol takes a list of stages.")
        object.__setattr__(self, "stages", tuple(given))
        if not self.stages or not all(isinstance(s, Stage) for s in self.stages):
            raise RuleError("A protocol needs stages, each made with c.Stage(...).")
        names = [s.name for s in self.stages]
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise RuleError(f"Two stages are named {twice[0]!r}; each needs a name of its own.")
        if int(self.stages[-1].wait[:-1]):
            raise RuleError(
                f"stage {names[-1]!r}: nothing follows the last stage, so its wait= delays "
                "nothing. Put it on the stage before, after whose requirements it is to pass."
            )

    @property
    def hash(self) -> str:
        """SHA-256 of the protocol's meaning: stages and grace, without any names and source."""
        return serial.tree_hash(
            {
                "grace": self.grace,
                "stages": [serial.stage_to_tree(s, named=False) for s in self.stages],
            }
        )

    def explain(self) -> str:
        """The protocol in plain English, stage by stage."""
        lines = [
            (
                f"{self.name}: a clinician reviews the client after these stages, each only once "
                "the one before it is complete:"
            )
        ]
        last = len(self.stages)
        for number, stage in enumerate(self.stages, 1):
            then = _said_last(stage) if number == last else _said_way_on(stage)
            stays = " Once begun, it lasts to the end of the episode." if stage.sticky else ""
            when = words.say(stage.when.node)
            lines.append(f"  {number}. {stage.name}: {when}. {then}{stays}")
        after = f" or in the {say_duration(self.grace)} after one" if int(self.grace[:-1]) else ""
        lines.append(
            "A stage lasts while its condition holds; the next time, it starts anew. Never during "
            f"a pause in care{after}. It ends in a review, never in a discharge."
        )
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write the protocol as a YAML file (by custom ``*.protocol.yml``) that `load` reads.

        Raises
        ------
        OptionError
            If the file's name does not end in .yml or .yaml.
        RuleError
            If the file cannot be written, or it calls itself a model while it lacks a blocking
            safeguard; see `Rule.save`.
        """
        check_preset(self, "protocol")
        return save_tree(self.tree(), "protocol", path)

    def tree(self) -> dict[str, Any]:
        """The protocol as plain data, as its file holds it."""
        stages = [serial.stage_to_tree(s) for s in self.stages]
        return tree_of(self, "protocol", {"stages": stages})

    def check(self, cases: Any) -> None:
        """Run unit tests of the protocol; see `carenotebook.criteria.Case`.

        A case expects the spans of the review, or a dictionary of the spans of several stages.

        Raises
        ------
        RuleError
            Naming every case whose spans are not as expected, with both.
        """
        from carenotebook.criteria.cases import check_cases

        check_cases(self, cases)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Protocol) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        names = tuple(s.name for s in self.stages)
        return (self.name, names, self.source, self.kind, self.safeguards, self.hash)

    def __repr__(self) -> str:
        return f"Protocol({self.name!r}, {' -> '.join(s.name for s in self.stages)})"


def protocol_of(tree: Any) -> Protocol:
    """The protocol of a file's tree."""
    header = read_header(tree, "protocol", "stages", "what the protocol consists of")
    return Protocol(stages=serial.stages_from_tree(tree["stages"]), **header)


def _said_way_on(stage: Stage) -> str:
    then = f" Then {say_duration(stage.wait)} must pass." if int(stage.wait[:-1]) else ""
    if not stage.requires:
        return f"It asks for nothing.{then}"
    return f"Complete once recorded: {_listed(stage)}.{then}"


def _said_last(stage: Stage) -> str:
    done = f" It is done once recorded: {_listed(stage)}." if stage.requires else ""
    return f"A clinician reviews the client.{done}"


def _listed(stage: Stage) -> str:
    return "; ".join(r.say() for r in stage.requires)
