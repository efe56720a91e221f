"""Pages for the therapist, the team and the client to think with, to be printed and written on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

import polars as pl
import yaml

from carenotebook.core.errors import OptionError
from carenotebook.outreach.page import Page, Section

Occasion = Literal["before_rule", "missed_run", "ending"]
Reader = Literal["therapist", "team", "client"]

_LINES = 2
"""Lines to write on after each prompt."""


def reflection(occasion: Occasion, reader: Reader = "therapist") -> Page:
    """A page of prompts to think with, to be printed and written on, or read aloud in a team.

    For the moments around a criterion that are easily skipped: before a rule is applied, after a
    run of missed sessions, after an ending. What somebody writes on it is theirs: nothing is read
    back, and it is no part of a client's record. Not a checklist: whether a design has its
    safeguards, `carenotebook.ethics_review` says.

    Parameters
    ----------
    occasion : {"before_rule", "missed_run", "ending"}
    reader : {"therapist", "team", "client"}
        Whose page it is. The client's is for the client alone, in plain words.

    Returns
    -------
    Page
        ``.text()`` for a terminal or an e-mail, ``.html()`` for a file to print.

    Raises
    ------
    OptionError
        If there is no such occasion or reader.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.reflection("missed_run", "client").title
    'When it has been hard to come'
    """
    for name, value, known in (
        ("occasion", occasion, get_args(Occasion)),
        ("reader", reader, get_args(Reader)),
    ):
        if value not in known:
            raise OptionError(f"reflection(): {name}={value!r} is not one of: {', '.join(known)}.")
    page = _read(occasion)[reader]
    sections = [_section(part) for part in page["parts"]]
    return Page(page["title"], page["lead"], (*sections, Section("", (page["close"],))))


def reflections() -> pl.DataFrame:
    """Which pages there are.

    Returns
    -------
    polars.DataFrame
        occasion, reader, when (in words), title.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.reflections().height
    9
    """
    return pl.DataFrame(
        [
            {
                "occasion": occasion,
                "reader": reader,
                "when": _read(occasion)["when"],
                "title": _read(occasion)[reader]["title"],
            }
            for occasion in get_args(Occasion)
            for reader in get_args(Reader)
        ]
    )


def _section(part: Mapping[str, Any]) -> Section:
    text = (part["text"],) if "text" in part else ()
    return Section(part["heading"], text, tuple(part.get("prompts", ())), lines=_LINES)


@cache
def _read(occasion: str) -> Mapping[str, Any]:
    folder = resources.files("carenotebook.outreach").joinpath("content", "reflections")
    text = folder.joinpath(f"{occasion}.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read
