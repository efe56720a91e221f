"""At which figures a criterion is withdrawn, beside what the data show now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import polars as pl

from carenotebook.appraise.auditing import Audit
from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.measures import CAME_BACK, FLAG_RATE
from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number, percent

LARGEST_GAP = "largest_gap"
"""The largest difference between a group and the reference in who would have come back."""

_SHARE = "share"


@dataclass(frozen=True)
class Limit:
    """A figure at which a criterion is withdrawn.

    Attributes
    ----------
    when, found, verdict : str
        In words: at what, what the data show now, and whether it is reached.
    reached : bool or None
        None: it cannot be told.
    """

    when: str
    found: str
    verdict: str
    reached: bool | None


def limits(stopping: Mapping[str, float], audits: tuple[Audit, ...], gate: Privacy) -> list[Limit]:
    """Each limit, against what may be shown of the audits.

    Parameters
    ----------
    stopping : mapping of str to float
        By a term of `Audit.tidy`, or `LARGEST_GAP`: the most that is accepted, in its unit (shares
        from 0 to 1).
    audits : tuple of Audit
        The first tells of everyone together.
    gate : Privacy

    Raises
    ------
    OptionError
        If a name is no term, or a limit is not a number that it can take.
    """
    frames = [audit.released(gate).frame for audit in audits]
    first = frames[0]
    whole = first.filter(pl.col("split") == EVERYONE) if "split" in first.columns else first
    told = {row["term"]: row for row in whole.iter_rows(named=True)}
    known = [*told, LARGEST_GAP]
    found = []
    for name, most in stopping.items():
        _check(name, most, known, told)
        row = _gap(frames) if name == LARGEST_GAP else told[name]
        found.append(_limit(name, float(most), row))
    return found


def _check(name: str, most: float, known: list[str], told: Mapping[str, Mapping[str, Any]]) -> None:
    if name not in known:
        raise OptionError(f"stopping={{{name!r}: ...}} is no figure; known: {', '.join(known)}.")
    share = name == LARGEST_GAP or told[name]["unit"] == _SHARE
    known_number = isinstance(most, int | float) and not isinstance(most, bool)
    if not known_number or not isfinite(most) or not 0 <= most <= (1 if share else most):
        wanted = "a share from 0 to 1" if share else "a number of 0 or more"
        raise OptionError(f"stopping={{{name!r}: ...}} needs {wanted}.")


def _gap(frames: list[pl.DataFrame]) -> dict[str, Any]:
    """The largest released difference in coming back, as a row like those of an audit."""
    gaps = [
        abs(gap)
        for frame in frames
        if "difference" in frame.columns
        for gap in frame.filter(pl.col("term") == CAME_BACK)["difference"].drop_nulls()
    ]
    needs = "" if gaps else "needs groups that can be compared"
    return {
        "unit": _SHARE,
        "needs": needs,
        "estimate": max(gaps, default=None),
        SUPPRESSED: False,
    }


def _limit(name: str, most: float, row: Mapping[str, Any]) -> Limit:
    share = row["unit"] == _SHARE
    say = percent if share else number
    unit = "" if share else f" {row['unit']}"
    words = {
        CAME_BACK: "would have come back by themselves",
        FLAG_RATE: "put up for review in time",
        LARGEST_GAP: "largest difference between groups in who would have come back",
    }.get(name, name.replace("_", " "))
    when = f"{words[:1].upper()}{words[1:]}: more than {say(most)}{unit}"
    if row["needs"]:
        return Limit(when, f"Not known: {row['needs']}", "Cannot be told", None)
    if row[SUPPRESSED]:
        return Limit(when, HIDDEN, "Cannot be told", None)
    if row["estimate"] is None:
        return Limit(when, "Unknown", "Cannot be told", None)
    reached = row["estimate"] > most
    found = f"{say(row['estimate'])}{unit}"
    return Limit(when, found, "Reached already" if reached else "Not reached", reached)
