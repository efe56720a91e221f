"""What a person puts into a letter: checked, and left visibly open where it is missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from carenotebook.core.errors import LetterError
from carenotebook.outreach.letter_jinja import Inserted
from carenotebook.outreach.letter_language import Language
from carenotebook.outreach.letter_model import (
    WRITTEN_ON,
    Fact,
    Finding,
    Given,
    LetterTemplate,
    known_facts,
)

LONGEST = 600
MOST = 12

_UNFINISHED = re.compile(r"[\[\]<>{}]|_{2,}|\?{2,}|\b(?:TODO|TBC|TBD|X{3,})\b|\.{4,}")
"""What people leave behind where something is still to be written."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

Values = dict[str, Inserted | list[Inserted] | None]


def is_unfinished(text: str) -> bool:
    """Whether a text looks like a place that somebody meant to fill.

    Examples
    --------
    >>> is_unfinished("[name]"), is_unfinished("on ____"), is_unfinished("Robin")
    (True, True, False)
    """
    return bool(_UNFINISHED.search(text))


def checked_facts(template: LetterTemplate, given: Given | None) -> dict[str, Any]:
    """The facts as text, lists of text, and dates; what is blank is left out.

    Raises
    ------
    LetterError
        Naming each fact that cannot be used, and never what it says.
    """
    problems: list[str] = []
    found: dict[str, Any] = {}
    for key, value in (given or {}).items():
        fact = template.facts.get(key) if isinstance(key, str) else None
        if fact is None and key in known_facts():
            continue
        if fact is None:
            problems.append(_unknown(key, template))
            continue
        try:
            read = _READ[fact.kind](value)
        except ValueError as error:
            problems.append(f"facts[{key!r}] {error}")
            continue
        if read:
            found[key] = read
    if problems:
        raise LetterError("\n".join(f"{template.name}: {p}" for p in problems))
    return found


def unused_findings(template: LetterTemplate, given: Given | None) -> Iterator[Finding]:
    """Facts that were given and that this letter has no place for."""
    for key in given or {}:
        if key not in template.facts:
            message = f"facts[{key!r}] was given, and this letter has no place for it."
            yield Finding("unused", blocks=False, message=message)


def _unknown(key: object, template: LetterTemplate) -> str:
    if not isinstance(key, str) or not _NAME.fullmatch(key):
        return "a fact's key is one of its names; are keys and texts the wrong way round?"
    close = get_close_matches(key, template.facts, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"It has: {', '.join(template.facts)}."
    return f"this letter has no fact {key[:60]!r}. {hint}"


def _text(value: Any) -> str:
    if isinstance(value, bool | bytes) or not isinstance(value, str | int | float):
        raise ValueError("is one text.")  # noqa: TRY004 - one kind of error for the caller
    text = " ".join(str(value).split())
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters; say it shorter.")
    if any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs", "Cn"} for c in text):
        raise ValueError("holds a character that is not to be read.")
    return text


def _list(value: Any) -> list[str]:
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list | tuple):
        raise ValueError("is a list of texts.")  # noqa: TRY004 - as above
    texts = [t for t in (_text(e) for e in entries) if t]
    if len(texts) > MOST:
        raise ValueError(f"has more than {MOST} entries; nobody can read so many.")
    return texts


def _date(value: Any) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip())
    except (AttributeError, TypeError, ValueError):
        raise ValueError("is a day, written 2026-03-02.") from None


def _optional_text(value: Any) -> str:
    return "" if value is None else _text(value)


def _optional_list(value: Any) -> list[str]:
    return [] if value is None else _list(value)


_READ = {"text": _optional_text, "list": _optional_list, "date": _date}


def values_of(template: LetterTemplate, found: Mapping[str, Any], words: Language) -> Values:
    """What the wording gets: texts, lists, an open place for whatever is needed and missing."""
    return {k: _value(fact, found.get(k), words) for k, fact in template.facts.items()}


def _value(fact: Fact, value: Any, words: Language) -> Inserted | list[Inserted] | None:
    if not value:
        if not fact.required:
            return None
        place = Inserted.of(fact.key, words.open_place(fact.what), is_open=True)
        return [place] if fact.kind == "list" else place
    if fact.kind == "date":
        return Inserted.of(fact.key, words.day(value))
    if fact.kind == "list":
        return [_inserted(fact.key, v) for v in value]
    return _inserted(fact.key, value)


def _inserted(key: str, text: str) -> Inserted:
    return Inserted.of(key, text, is_open=is_unfinished(text))


def open_places(template: LetterTemplate, found: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The facts that somebody still has to give, or to finish."""
    return tuple(f for f in template.facts.values() if _is_open(f, found.get(f.key)))


def _is_open(fact: Fact, value: Any) -> bool:
    if not value:
        return fact.required
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(t, str) and is_unfinished(t) for t in texts)


def check_decision(template: LetterTemplate, found: Mapping[str, Any], written: date) -> None:
    """Refuse a notice of an ending that no clinician decided on.

    Raises
    ------
    LetterError
        Always the same: no rule and no flag ends care.
    """
    needed = template.kind.decision
    lacking = [k for k in needed if not found.get(k) or _is_open(template.facts[k], found[k])]
    if lacking:
        raise LetterError(
            f"{template.name}: there is no draft without a clinician's decision. Give "
            f"{', '.join(f'facts[{k!r}]' for k in lacking)}. A flag of a rule is no decision."
        )
    if not needed:
        return
    who, second = (str(found[k]).casefold() for k in ("decided_by", "second_clinician"))
    if who == second:
        raise LetterError(
            f"{template.name}: facts['second_clinician'] is the one who decided. Nobody decides "
            "alone: let another clinician look at it."
        )
    if found["decided_on"] > written:
        raise LetterError(f"{template.name}: facts['decided_on'] is after the day of the letter.")


def date_findings(
    template: LetterTemplate, found: Mapping[str, Any], written: date
) -> Iterator[Finding]:
    """Days that come too soon, or lie in the past."""
    days = {WRITTEN_ON: written, **{k: v for k, v in found.items() if isinstance(v, date)}}
    if template.kind.notice is not None:
        start, end, least = template.kind.notice
        if start in days and end in days and days[end] - days[start] < timedelta(days=least):
            message = (
                f"facts[{end!r}] leaves less than {least} days from the day of the letter. Give "
                "time to answer."
            )
            yield Finding("dates", blocks=True, message=message)
    if "reply_by" in days:
        if days["reply_by"] <= written:
            message = "facts['reply_by'] is not after the day of the letter."
            yield Finding("dates", blocks=True, message=message)
        for later in ("review_on", "ends_on"):
            if later in days and days["reply_by"] > days[later]:
                message = (
                    f"facts['reply_by'] is after facts[{later!r}]; an answer would be too late."
                )
                yield Finding("dates", blocks=True, message=message)
