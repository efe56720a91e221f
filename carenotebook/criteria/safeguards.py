"""Safeguards: what a rule or a protocol is asked for, and what of it its design shows or declares.

What can be read from the syntax tree or the stages is read there. The rest can only be declared:
in `safeguards`, as a text that begins with the safeguard's title or key and a colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

import yaml

from carenotebook.core.errors import OptionError, RuleError
from carenotebook.criteria.design import Found, Status, look

if TYPE_CHECKING:
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule

Weight = Literal["blocking", "advisory"]


@dataclass(frozen=True)
class Safeguard:
    """Something that a design is asked for.

    Attributes
    ----------
    key, title : str
        What it is called in code, and on a page.
    weight : {"blocking", "advisory"}
        Without a blocking one a design is not fit for use.
    asked, change : str
        What is asked, and what to change where it is missing.
    """

    key: str
    title: str
    weight: Weight
    asked: str
    change: str


@dataclass(frozen=True)
class Answer:
    """What a design answers to one safeguard.

    Attributes
    ----------
    safeguard : Safeguard
    status : str
        "shown" (the design itself asks for it), "declared" (said, not shown), "partly" (some ways
        to be put up for review do without it), "missing", or "against" (the design goes against
        it, which no declaration mends).
    found, where : str
        What there is, and in which clause or stage; where is empty for what is only declared.
    """

    safeguard: Safeguard
    status: Status
    found: str
    where: str

    @property
    def met(self) -> bool:
        """Whether it is there, be it only declared."""
        return self.status in ("shown", "declared")


@cache
def catalogue() -> Mapping[str, Safeguard]:
    """Every safeguard by its key, in the order in which care meets them.

    Examples
    --------
    >>> catalogue()["way_back"].weight
    'blocking'
    """
    text = resources.files("carenotebook.criteria").joinpath("safeguards.yml")
    read = yaml.safe_load(text.read_text(encoding="utf-8"))
    return {key: Safeguard(key, **fields) for key, fields in read.items()}


def answers(
    criterion: Rule | Protocol, declared: Mapping[str, str] | None = None
) -> tuple[Answer, ...]:
    """What a design answers to each safeguard.

    Parameters
    ----------
    criterion : Rule or Protocol
    declared : mapping, optional
        By key or title, how it is done where the design cannot show it; beside the criterion's own
        `safeguards`.

    Raises
    ------
    OptionError
        If `declared` names something unknown, or says nothing of how it is done.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> rule = c.Rule("silent", c.days_since_heard() >= 30, safeguards=["Way back: a phone call."])
    >>> {a.safeguard.key: a.status for a in answers(rule)}["way_back"]
    'declared'
    """
    said = {**declared_in(criterion.safeguards), **_checked(declared or {})}
    return tuple(_answer(s, look(s.key, criterion), said.get(s.key)) for s in catalogue().values())


def declared_in(texts: Iterable[str]) -> dict[str, str]:
    """Safeguards, by key, that texts declare by beginning with a title or key and a colon.

    Examples
    --------
    >>> declared_in(["Way back: the client can ring us.", "Talk first."])
    {'way_back': 'the client can ring us.'}
    """
    found = {}
    for text in texts:
        label, colon, rest = text.partition(":")
        key = _keys().get(_plain(label))
        if colon and key and rest.strip():
            found[key] = rest.strip()
    return found


def check_preset(criterion: Rule | Protocol, what: str, *, published: bool = False) -> None:
    """Refuse to keep a criterion as a model while a blocking safeguard is missing.

    Parameters
    ----------
    criterion : Rule or Protocol
    what : str
        "rule" or "protocol".
    published : bool
        Whether it is an unchanged copy of a published preset, which says of itself what it lacks.

    Raises
    ------
    RuleError
        Naming every safeguard that is missing.
    """
    lacking = [
        a.safeguard.title
        for a in answers(criterion)
        if a.safeguard.weight == "blocking" and not a.met
    ]
    if criterion.kind != "model" or published or not lacking:
        return
    raise RuleError(
        f"{criterion.name}: a {what} that lacks blocking safeguards may be studied, not saved as "
        f"a model. Missing: {'; '.join(lacking)}. Build them in, declare them in safeguards= (such "
        "as 'Way back: ring us, and you keep your place'), or give it another kind=. "
        "cn.ethics_review() tells what each one asks."
    )


def _answer(safeguard: Safeguard, found: Found, said: str | None) -> Answer:
    if said is None or found.status in ("shown", "against"):
        return Answer(safeguard, found.status, found.text, found.where)
    partly = f" In the design only in part: {found.where}." if found.status == "partly" else ""
    return Answer(safeguard, "declared", f"Said, not shown: {said.rstrip('.')}.{partly}", "")


def _checked(declared: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for label, text in declared.items():
        key = _keys().get(_plain(str(label)))
        if key is None:
            raise OptionError(
                f"declared={{{label!r}: ...}} names no safeguard; known: {', '.join(catalogue())}."
            )
        if not isinstance(text, str) or not text.strip():
            raise OptionError(f"declared={{{label!r}: ...}} needs a text that says how it is done.")
        found[key] = text.strip()
    return found


@cache
def _keys() -> Mapping[str, str]:
    named = {_plain(s.title): s.key for s in catalogue().values()}
    return {**{_plain(key): key for key in catalogue()}, **named}


def _plain(label: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", label.lower().replace("_", " ")))
