"""Professional codes, and the duties around them, as data: what each asks, in our own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Literal

import polars as pl
import yaml

from carenotebook.core.errors import OptionError

ALWAYS = "Duty"
"""The body of duties that hold for everybody, whatever their profession."""


@dataclass(frozen=True)
class Code:
    """One section of a code.

    Attributes
    ----------
    body, number, title, edition : str
    checked : {"primary", "secondary"}
        Whether what it asks was read in the code itself, or in a summary of it.
    asks : str
        In our own words; the code itself is what counts.
    safeguards : tuple of str
        Keys of the safeguards that answer it.
    """

    body: str
    number: str
    title: str
    edition: str
    checked: Literal["primary", "secondary"]
    asks: str
    safeguards: tuple[str, ...]

    @property
    def name(self) -> str:
        """How it is cited."""
        return self.number if self.body == ALWAYS else f"{self.body} {self.number}"


def chosen(profile: str | Sequence[str] | None = None) -> tuple[Code, ...]:
    """The codes of a profile, and the duties that hold for everybody.

    Parameters
    ----------
    profile : str or sequence of str, optional
        "APA", "NASW", "ACA", "BACP", or several; all by default.

    Raises
    ------
    OptionError
        If there is no code of that name.

    Examples
    --------
    >>> [code.name for code in chosen("NASW")][:2]
    ['NASW 1.17', 'Common ground']
    """
    every = _every()
    bodies = list(dict.fromkeys(c.body for c in every if c.body != ALWAYS))
    if profile is None:
        return every
    wanted = [profile] if isinstance(profile, str) else list(profile)
    unknown = [w for w in wanted if w not in bodies]
    if unknown:
        raise OptionError(f"profile={unknown[0]!r} is no code; known: {', '.join(bodies)}.")
    return tuple(c for c in every if c.body in (*wanted, ALWAYS))


def professional_codes(profile: str | Sequence[str] | None = None) -> pl.DataFrame:
    """What professional codes ask of the ending of care, one section a row.

    For looking up what a design answers to. It is a reader's help in our own words, not the codes:
    those, and the law where you work, are what counts.

    Parameters
    ----------
    profile : str or sequence of str, optional
        "APA", "NASW", "ACA", "BACP", or several; all by default. Duties that hold for everybody
        are always among them.

    Returns
    -------
    polars.DataFrame
        body, number, title, edition, checked ("primary": read in the code itself; "secondary":
        in a summary of it), asks, safeguards (list of keys).

    Raises
    ------
    OptionError
        If there is no code of that name.

    Examples
    --------
    >>> from carenotebook.appraise import professional_codes
    >>> professional_codes("BACP")["number"].to_list()[:5]
    ['38', '39', '40', '41', '42']
    """
    return pl.DataFrame([asdict(c) for c in chosen(profile)])


@cache
def _every() -> tuple[Code, ...]:
    text = resources.files("carenotebook.appraise").joinpath("codes.yml")
    read = yaml.safe_load(text.read_text(encoding="utf-8"))
    return tuple(Code(**{**c, "safeguards": tuple(c["safeguards"])}) for c in read)
