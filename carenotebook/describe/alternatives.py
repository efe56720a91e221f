"""Obstacles in the words that clients read, and what each suggests offering: data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from carenotebook.core.journal import NOT_SAID
from carenotebook.core.options import REASONS, check_option

OWN_JUDGEMENT = "own judgement"
"""The source of a suggestion that no study stands behind."""


@dataclass(frozen=True)
class Suggestion:
    """What may be offered to a client who names an obstacle.

    Attributes
    ----------
    kind : str
        frequency, method, modality, time, therapist or support.
    offer : str
    source : str
        A study, or `OWN_JUDGEMENT`.
    """

    kind: str
    offer: str
    source: str = OWN_JUDGEMENT


@dataclass(frozen=True)
class Obstacle:
    """Something that may keep a client from coming.

    Attributes
    ----------
    name : str
        A value of `reason`.
    words : str
        What the client reads.
    suggests : tuple of Suggestion
    """

    name: str
    words: str
    suggests: tuple[Suggestion, ...]


@cache
def known_obstacles() -> dict[str, Obstacle]:
    """Every obstacle that a check-in can name, in the order in which clients read them.

    Examples
    --------
    >>> known_obstacles()["forgot"].words
    'I forgot, or lost track'
    """
    import yaml

    text = resources.files("carenotebook.describe").joinpath("obstacles.yml")
    read: dict[str, Any] = yaml.safe_load(text.read_text(encoding="utf-8"))
    return {
        name: Obstacle(name, told["words"], tuple(Suggestion(**s) for s in told["suggests"]))
        for name, told in read.items()
    }


def offered_obstacles() -> tuple[Obstacle, ...]:
    """Those that a form lists; that a client would rather not say is a choice beside them."""
    return tuple(o for n, o in known_obstacles().items() if n != NOT_SAID)


def suggested_alternatives(*names: str) -> pl.DataFrame:
    """What the obstacles that a client names suggest offering.

    For preparing a conversation. A suggestion is a place to begin, not a plan: what helps is for
    the client to say. Record what was offered, and the answer, in the table `actions`.

    Parameters
    ----------
    *names : str
        Values of `barrier`; all of them by default.

    Returns
    -------
    polars.DataFrame
        obstacle, kind ("frequency", "method", "modality", "time", "therapist", "support"), offer,
        source (a study, or "own judgement").

    Raises
    ------
    OptionError
        If a name is no obstacle.

    Examples
    --------
    >>> from carenotebook.describe.alternatives import suggested_alternatives
    >>> suggested_alternatives("forgot")["kind"].to_list()
    ['support', 'time']
    """
    wanted = [check_option("obstacle", n, REASONS) for n in names] or list(known_obstacles())
    rows = [
        (name, s.kind, s.offer, s.source)
        for name in wanted
        for s in known_obstacles()[name].suggests
    ]
    columns = dict.fromkeys(("obstacle", "kind", "offer", "source"), pl.String)
    return pl.DataFrame(rows, schema=columns, orient="row")
