"""What the design of a rule or a protocol itself shows of a safeguard, read from its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from carenotebook.criteria import nodes, words
from carenotebook.criteria.stage import Requirement
from carenotebook.criteria.syntax import Node, Param, Truth, walk

if TYPE_CHECKING:
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule

Status = Literal["shown", "declared", "partly", "missing", "against"]
Wanted = Callable[[Truth], bool]

PROTECTED = frozenset(
    [
        "age",
        "belief",
        "birth",
        "caste",
        "citizenship",
        "color",
        "colour",
        "deprivation",
        "disability",
        "disabled",
        "ethnic",
        "ethnicity",
        "faith",
        "gender",
        "immigration",
        "income",
        "insurance",
        "language",
        "marital",
        "married",
        "nation",
        "nationality",
        "orientation",
        "pregnancy",
        "pregnant",
        "race",
        "religion",
        "sex",
        "sexuality",
    ]
)
"""Words in a column's name that stand for a protected characteristic, or closely for one."""

_FLIPPED = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}
_UPWARD = (">=", ">", "==")
_SERVICE = ("provider_cancel", "technical_failure", "excused")


class Found(NamedTuple):
    """What was found, in words, and where."""

    status: Status
    text: str
    where: str = ""


@dataclass(frozen=True)
class Design:
    """The conditions and requirements of a criterion, each with where it stands.

    `before` are required before a review may begin, `during` by the review itself.
    """

    conditions: tuple[tuple[str, Truth], ...]
    before: tuple[tuple[str, Requirement], ...] = ()
    during: tuple[tuple[str, Requirement], ...] = ()

    def nodes(self) -> Iterator[tuple[str, Node]]:
        """Every node with where it stands; what is negated stands as its opposite."""
        for where, truth in self.conditions:
            for node in walk(_straight(truth)):
                yield where, node


def design_of(criterion: Rule | Protocol) -> Design:
    """The design of a rule, or of a protocol, all of whose stages come before its review."""
    stages = getattr(criterion, "stages", None)
    if stages is None:
        return Design((("the rule", criterion.when.node),))  # type: ignore[union-attr]
    named = [(f"stage {s.name!r}", s) for s in stages]
    return Design(
        tuple((where, s.when.node) for where, s in named),
        tuple((where, r) for where, s in named[:-1] for r in s.requires),
        tuple((where, r) for where, s in named[-1:] for r in s.requires),
    )


def look(key: str, criterion: Rule | Protocol) -> Found:
    """What the design itself shows of a safeguard.

    Parameters
    ----------
    key : str
        As in `carenotebook.criteria.safeguards.catalogue`.
    criterion : Rule or Protocol
    """
    finder = _FINDERS.get(key)
    if finder is None:
        return Found("missing", "A design cannot show it; say how it is done.")
    return finder(design_of(criterion))


def holds(truth: Truth, wanted: Wanted) -> bool:
    """Whether a truth can hold only where some condition that is wanted holds."""
    match truth:
        case nodes.All():
            return any(holds(o, wanted) for o in truth.operands)
        case nodes.Any_():
            return all(holds(o, wanted) for o in truth.operands)
        case nodes.AtLeast():
            without = sum(not holds(o, wanted) for o in truth.operands)
            return not isinstance(truth.k, Param) and without < truth.k
        case nodes.Sustained():
            return holds(truth.operand, wanted)
        case nodes.Not():
            turned = _turned(truth.operand)
            return turned is not None and holds(turned, wanted)
    return wanted(truth)


def _turned(truth: Truth) -> Truth | None:
    """The opposite of a truth without a `Not` around it; None where there is none."""
    match truth:
        case nodes.Compare():
            return nodes.Compare(truth.term, _FLIPPED[truth.op], truth.value)  # type: ignore[arg-type]
        case nodes.Not():
            return truth.operand
        case nodes.All():
            return nodes.Any_(tuple(nodes.Not(o) for o in truth.operands))
        case nodes.Any_():
            return nodes.All(tuple(nodes.Not(o) for o in truth.operands))
    return None


def _straight(truth: Truth) -> Truth:
    """The same truth with negations drawn into the comparisons, as far as that goes."""
    match truth:
        case nodes.Not():
            turned = _turned(truth.operand)
            return truth if turned is None else _straight(turned)
        case nodes.All() | nodes.Any_() | nodes.AtLeast():
            return replace(truth, operands=tuple(_straight(o) for o in truth.operands))
        case nodes.Sustained():
            return replace(truth, operand=_straight(truth.operand))
    return truth


def _at_least(truth: Truth, least: int) -> bool:
    """Whether a comparison holds only from `least` on."""
    if not isinstance(truth, nodes.Compare) or truth.op not in _UPWARD:
        return False
    if isinstance(truth.value, bool) or not isinstance(truth.value, int | float):
        return False
    return truth.value + (truth.op == ">") >= least


def _counts_actions(*kinds: str) -> Wanted:
    def wanted(truth: Truth) -> bool:
        term = getattr(truth, "term", None)
        mine = isinstance(term, nodes.Actions) and set(term.kind or ()) <= set(kinds)
        return mine and _at_least(truth, 1)

    return wanted


def _counts_messages(least: int, *purposes: str) -> Wanted:
    """Messages to the client: of these purposes, or of any but reminders alone."""

    def wanted(truth: Truth) -> bool:
        term = getattr(truth, "term", None)
        if isinstance(term, nodes.Contacts):
            mine = term.direction == ("outbound",)
        else:
            mine = isinstance(term, nodes.Unanswered)
        if not mine or not _at_least(truth, least):
            return False
        told = set(getattr(term, "purpose", None) or ())
        return bool(told) and told <= set(purposes) if purposes else told != {"reminder"}

    return wanted


def _asked_for(
    wanted: Wanted, *kinds: str, weaker: Wanted | None = None, late: bool = False
) -> Callable[[Design], Found]:
    """Finds a condition that is wanted, or a required action of these kinds."""

    def finder(design: Design) -> Found:
        required = [*design.before, *(design.during if late else ())]
        there = [
            f"{where}: requires {r.say()}" for where, r in required if set(r.kind or ()) <= {*kinds}
        ]
        there += [
            f"{where}: {words.say(node)}"
            for where, truth in design.conditions
            if holds(truth, wanted)
            for node in walk(truth)
            if isinstance(node, Truth) and wanted(node)
        ]
        if there:
            return Found("shown", "The design asks for it.", "; ".join(dict.fromkeys(there)))
        loose = weaker or wanted
        some = [
            f"{where}: {words.say(node)}"
            for where, node in design.nodes()
            if isinstance(node, Truth) and loose(node)
        ]
        if not some:
            return Found("missing", "Nothing in the design asks for it.")
        where = "; ".join(dict.fromkeys(some))
        if weaker is not None and not any(_any_node(design, wanted)):
            return Found("partly", "Asked for, but once is enough.", where)
        return Found("partly", "Some ways to be put up for review do without it.", where)

    return finder


def _any_node(design: Design, wanted: Wanted) -> Iterator[bool]:
    return (wanted(n) for _, n in design.nodes() if isinstance(n, Truth))


def _undelivered(design: Design) -> Found:
    counted = [
        f"{where}: {words.say(n)}"
        for where, n in design.nodes()
        if isinstance(n, nodes.Contacts | nodes.DaysSinceContact)
        and n.direction != ("inbound",)
        and n.delivered is not True
    ]
    if counted:
        where = "; ".join(dict.fromkeys(counted))
        return Found("against", "Messages count that may never have arrived.", where)
    return Found(
        "shown", "No message counts that is not known to have arrived.", "the whole design"
    )


def _low_item(design: Design) -> Found:
    low = [
        f"{where}: {words.say(n)}"
        for where, n in design.nodes()
        if isinstance(n, nodes.Compare | nodes.IsIn)
        and isinstance(n.term, nodes.Item)
        and not _at_least(n, 1)
    ]
    if low:
        return Found("against", "A low item 9 is read as if it said safe.", "; ".join(low))
    return Found(
        "shown", "A missing item 9 stays unknown, and no low one counts.", "the whole design"
    )


def _only_theirs(*never: str) -> Callable[[Design], Found]:
    def finder(design: Design) -> Found:
        counted = [
            f"{where}: {words.say(n)}"
            for where, n in design.nodes()
            if isinstance(n, nodes.Compare)
            and isinstance(n.term, nodes.Appointments)
            and set(never) & set(n.term.outcome or ())
            and "attended" not in (n.term.outcome or ())
            and n.op in (">=", ">")
        ]
        if counted:
            return Found("against", "Counted, though it is not the client's.", "; ".join(counted))
        return Found("shown", "None of these is counted.", "the whole design")

    return finder


def _characteristics(design: Design) -> Found:
    read = {n.column: where for where, n in design.nodes() if isinstance(n, nodes.Attribute)}
    named = [c for c in read if PROTECTED & set(c.lower().split("_"))]
    if named:
        where = "; ".join(f"{read[c]}: {c}" for c in named)
        return Found("against", "A rule may not read who somebody is.", where)
    if read:
        where = "; ".join(f"{w}: {c}" for c, w in read.items())
        return Found("partly", "It reads attributes: say that none stands for one.", where)
    return Found("shown", "It reads no attribute of a client.", "the whole design")


def _answered(kind: str, *responses: str) -> Callable[[Design], Found]:
    """A requirement of this kind that looks at what the client answered."""

    def finder(design: Design) -> Found:
        there = [
            f"{where}: requires {r.say()}"
            for where, r in (*design.before, *design.during)
            if r.kind == (kind,)
            and r.response
            and (not responses or set(r.response) <= {*responses})
        ]
        if there:
            return Found("shown", "The design asks for it.", "; ".join(there))
        return Found("missing", "Nothing in the design asks for it.")

    return finder


def _named_obstacle(truth: Truth) -> bool:
    return isinstance(getattr(truth, "term", None), nodes.Barriers) and _at_least(truth, 1)


def _either(*ways: Wanted) -> Wanted:
    return lambda truth: any(way(truth) for way in ways)


_TALK = "attendance_conversation"
_FINDERS: dict[str, Callable[[Design], Found]] = {
    "contact_twice": _asked_for(_counts_messages(2), weaker=_counts_messages(1)),
    "delivered_only": _undelivered,
    "conversation": _asked_for(_either(_counts_actions(_TALK), _counts_messages(1, _TALK)), _TALK),
    "alternatives": _asked_for(_counts_actions("alternative_offered"), "alternative_offered"),
    "answer_recorded": _answered("alternative_offered"),
    "own_words": _asked_for(_named_obstacle),
    "risk_looked_at": _asked_for(_counts_actions("risk_review"), "risk_review", late=True),
    "unknown_risk": _low_item,
    "second_clinician": _asked_for(_counts_actions("supervision"), "supervision", late=True),
    "referral": _asked_for(_counts_actions("referral"), "referral", late=True),
    "referral_taken_up": _answered("referral", "accepted"),
    "notice": _asked_for(
        _either(_counts_actions("notice"), _counts_messages(1, "notice")), "notice", late=True
    ),
    "not_the_clients": _only_theirs(*_SERVICE),
    "minors": _only_theirs("was_not_brought"),
    "protected": _characteristics,
}
