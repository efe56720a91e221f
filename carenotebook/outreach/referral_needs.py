"""What somebody needs of a service: checked, and told apart from what they would only like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any

from carenotebook.core.errors import OptionError
from carenotebook.core.options import MODALITIES

ONLINE = ("video", "phone", "chat")
"""Modalities for which a licence where the client sits can matter."""

WEIGHTS: dict[str, float] = {
    "expertise": 3.0,
    "like": 2.0,
    "modality": 2.0,
    "waiting": 2.0,
    "area": 1.0,
    "cost": 1.0,
}
"""How much each part of the score counts; a convention to change, not a finding."""

LONGEST_WAIT = 90
"""Days; a wait as long as this adds nothing to a score."""


@dataclass(frozen=True)
class Needs:
    """What a service is held against; whatever is left out is not asked.

    Attributes
    ----------
    language : str, optional
        A service that does not speak it is left out.
    licence_area : str, optional
        Where the client sits when seen online; a service that may not see them there is left out.
    cost : float, optional
        The most that a session may cost; a dearer service is left out.
    expertise : tuple of str
        What it should know about.
    like : tuple of str
        What the present therapist's expertise is listed as.
    modality : tuple of str
        video, phone, chat, in_person: any of these.
    area : str, optional
        Where it should be.
    waiting_days : int
        A wait as long as this adds nothing to a score.
    """

    language: str | None = None
    licence_area: str | None = None
    cost: float | None = None
    expertise: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    area: str | None = None
    waiting_days: int = LONGEST_WAIT


def needs_of(given: Mapping[str, Any] | Needs | None) -> Needs:
    """Needs from a mapping.

    Raises
    ------
    OptionError
        Naming the need that is none or has a value that it cannot have.
    """
    if isinstance(given, Needs):
        given = asdict(given)
    known = [f.name for f in fields(Needs)]
    read: dict[str, Any] = {}
    for key, value in (given or {}).items():
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
            raise OptionError(f"needs: there is no {str(key)[:60]!r}. {hint}")
        if value is not None:
            read[key] = _READ[key](key, value)
    return Needs(**read)


def _one(key: str, value: Any) -> str | None:
    if not isinstance(value, str):
        raise OptionError(f"needs[{key!r}] is one text.")
    return " ".join(value.split()) or None


def _several(key: str, value: Any) -> tuple[str, ...]:
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list | tuple | set | frozenset):
        raise OptionError(f"needs[{key!r}] is a list of texts.")
    texts = [_one(key, e) for e in (entries if not isinstance(entries, set) else sorted(entries))]
    return tuple(dict.fromkeys(t for t in texts if t))


def _modality(key: str, value: Any) -> tuple[str, ...]:
    texts = _several(key, value)
    if not set(texts) <= set(MODALITIES):
        raise OptionError(f"needs[{key!r}] is some of: {', '.join(MODALITIES)}.")
    return texts


def _amount(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionError(f"needs[{key!r}] is a number.")
    if not math.isfinite(value) or value < 0:
        raise OptionError(f"needs[{key!r}] is 0 or more.")
    return float(value)


def _days(key: str, value: Any) -> int:
    amount = _amount(key, value)
    if amount < 1 or amount != int(amount):
        raise OptionError(f"needs[{key!r}] is a whole number of days, 1 or more.")
    return int(amount)


_READ = {
    "language": _one,
    "licence_area": _one,
    "cost": _amount,
    "expertise": _several,
    "like": _several,
    "modality": _modality,
    "area": _one,
    "waiting_days": _days,
}


def checked_weights(given: Mapping[str, float] | None) -> dict[str, float]:
    """The weights of the parts, with those given in place of the usual ones.

    Raises
    ------
    OptionError
        For a part that there is not, or a weight that is no number of 0 or more.
    """
    for part, weight in (given or {}).items():
        if part not in WEIGHTS:
            raise OptionError(f"weights: there is no {str(part)[:60]!r}; {', '.join(WEIGHTS)}.")
        good = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not good or not math.isfinite(weight) or weight < 0:
            raise OptionError(f"weights[{part!r}] is a number of 0 or more.")
    return WEIGHTS | dict(given or {})
