"""How old a reader must be: measured by textstat, with a formula that is stated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FORMULA = (
    "5 plus the higher of two school grades: the Automated Readability Index (Smith & Senter 1967) "
    "and the Coleman-Liau index (1975), as textstat computes them"
)
TARGET = 11.0
"""Years. The usual advice for letters about health is a reading age of 9 to 11."""

LONG = 20
"""Words in a sentence that is worth cutting."""

_YOUNGEST = 7
"""Years below which the formulas tell nothing more."""

_SHORTEST = 4
"""Words of a sentence that counts: a greeting or a date would make any letter look easy."""

_FEW = 30


@dataclass(frozen=True)
class ReadingAge:
    """A reading age in years; `sentences` are the longest ones, longest first.

    Attributes
    ----------
    years : float or None
        None where there are too few words, or no formula for the language.
    target : float
    long_sentences : tuple of str
    """

    years: float | None
    target: float
    long_sentences: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether the target is met; never where nothing could be measured."""
        return self.years is not None and self.years <= self.target

    def __str__(self) -> str:
        if self.years is None:
            return f"reading age not measured (target {self.target:g} years)"
        said = f"{self.years:.1f} years" if self.years >= _YOUNGEST else f"{_YOUNGEST} or younger"
        return f"reading age {said} (target {self.target:g})"

    def __repr__(self) -> str:
        return f"<{self}>"


def reading_age(text: str | Sequence[str], target: float = TARGET) -> ReadingAge:
    """The age at which a text in English can be read.

    A grade of an American school is taken for an age by adding 5, the age at which school begins.
    Of two formulas the harder one counts. Greetings, dates and telephone numbers do not count.
    Both look at the length of words and sentences alone: a short text in short words can still be
    cold, vague or wrong, so let somebody read it aloud.

    Parameters
    ----------
    text : str or sequence of str
        A text, or its paragraphs, headings and list entries, each of which ends a sentence.
    target : float
        Years.

    Returns
    -------
    ReadingAge

    Notes
    -----
    Smith EA, Senter RJ (1967), AMRL-TR-66-220; Coleman M, Liau TL (1975), J Appl Psychol 60:283.
    Formulas that count syllables are not used: textstat would fetch its dictionary from the
    network, and nothing here does.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> words = "We have missed you. There is no need to say why. " * 4
    >>> outreach.reading_age(words).met
    True
    """
    parts = [text] if isinstance(text, str) else list(text)
    sentences = [s for p in parts for s in _sentences(p) if _length(s) >= _SHORTEST]
    long_ones = sorted((s for s in sentences if _length(s) > LONG), key=_length, reverse=True)
    worded = " ".join(_without_numbers(s) for s in sentences)
    years = _years(worded) if sum(map(_length, sentences)) >= _FEW else None
    return ReadingAge(years, target, tuple(long_ones))


def _years(text: str) -> float:
    import textstat

    grades = (textstat.automated_readability_index(text), textstat.coleman_liau_index(text))
    return round(5.0 + max(0.0, *map(float, grades)), 1)


def _length(sentence: str) -> int:
    """Its words; a number is none, or a telephone number would make it easy to read."""
    return sum(not any(c.isdigit() for c in word) for word in sentence.split())


def _without_numbers(sentence: str) -> str:
    kept = [word for word in sentence.split() if not any(c.isdigit() for c in word)]
    return f"{' '.join(kept).rstrip('.!?')}."


def _sentences(paragraph: str) -> list[str]:
    found = [s.strip() for s in re.split(r"(?<=[.!?:])\s+", paragraph) if s.strip()]
    return [s if s[-1] in ".!?" else f"{s.rstrip(':;,')}." for s in found]
