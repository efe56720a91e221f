"""What a language brings: names of days, labels, words to avoid, a measure of reading age."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from carenotebook.core.errors import OptionError


@dataclass(frozen=True)
class Phrase:
    """A phrase to avoid: why, and what to say in its place.

    Attributes
    ----------
    say : str
        The phrase; a star stands for the rest of a word.
    tone : str
        blame, threat, pressure, passive-aggressive, cold, jargon, or reveals.
    why, instead : str
    """

    say: str
    tone: str
    why: str
    instead: str

    def __str__(self) -> str:
        how = "gives the reader away" if self.tone == "reveals" else f"({self.tone})"
        return f"'{self.say}' {how}. {self.why} Better: {self.instead}."

    def within(self, text: str) -> bool:
        """Whether the text holds it, in any case and however its words are spaced."""
        return bool(_pattern(self.say).search(text.replace("\u2019", "'")))


@cache
def _pattern(say: str) -> re.Pattern[str]:
    words = [re.escape(w).replace(r"\*", r"[\w'-]*") for w in say.split()]
    spaced = r"\s+".join(words)
    return re.compile(rf"(?<![\w'-]){spaced}(?![\w'-])", re.IGNORECASE)


@dataclass(frozen=True)
class Language:
    """A language that letters are written in.

    Attributes
    ----------
    code : str
    measured : bool
        Whether there is a formula for its reading age.
    days, months : tuple of str
    day_form : str
        How a day is written, with {weekday}, {day}, {month} and {year}.
    labels : mapping of str to str
    tone : tuple of Phrase
        Not to be said in any letter.
    reveals : tuple of Phrase
        Not to be seen from outside a letter.
    """

    code: str
    measured: bool
    days: tuple[str, ...]
    months: tuple[str, ...]
    day_form: str
    labels: dict[str, str]
    tone: tuple[Phrase, ...]
    reveals: tuple[Phrase, ...]

    def day(self, day: date) -> str:
        """A day in words."""
        return self.day_form.format(
            weekday=self.days[day.weekday()],
            day=day.day,
            month=self.months[day.month - 1],
            year=day.year,
        )

    def open_place(self, what: str) -> str:
        """The text of a place that a person must fill."""
        return f"[{self.labels['write_here']}: {what}]"


def languages() -> tuple[str, ...]:
    """The languages that letters are shipped in."""
    folder = resources.files("carenotebook.outreach") / "content" / "letters"
    return tuple(sorted(f.name for f in folder.iterdir() if f.is_dir()))


@cache
def language(code: str) -> Language:
    """A language by its code.

    Raises
    ------
    OptionError
        If there is none of that code.
    """
    if code not in languages():
        raise OptionError(f"language={code!r}: there are letters in: {', '.join(languages())}.")
    entry = _read(code, "language.yml")
    tone = _read(code, "tone.yml")
    return Language(
        code,
        entry["measured"],
        tuple(entry["days"]),
        tuple(entry["months"]),
        entry["date"],
        entry["labels"],
        tuple(_phrases(tone["avoid"])),
        tuple(_phrases(tone["reveals"])),
    )


def _read(code: str, name: str) -> Any:
    file = resources.files("carenotebook.outreach") / "content" / "letters" / code / name
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _phrases(groups: Any) -> Iterator[Phrase]:
    for group in groups:
        for say in group["say"]:
            yield Phrase(say, group["tone"], group["why"], group["instead"])


def tone_rules(code: str = "en") -> tuple[Phrase, ...]:
    """Phrases that no letter should hold, each with the reason and with better words.

    For whoever writes letters. They stand in ``content/letters/en/tone.yml``, one group for each
    better wording, and every letter is held against them.

    Parameters
    ----------
    code : str
        The language.

    Returns
    -------
    tuple of Phrase

    Examples
    --------
    >>> from carenotebook import outreach
    >>> rule = next(r for r in outreach.tone_rules() if r.say == "failed to attend")
    >>> rule.tone, rule.instead
    ('blame', 'you were not able to come')
    """
    return language(code).tone
