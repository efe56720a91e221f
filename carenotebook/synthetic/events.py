"""What happens between sessions: kept where it falls into its episode and into the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from carenotebook.synthetic.arrays import Arrays
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.draws import Ints
from carenotebook.synthetic.world import World

ABSENT = -1
"""The code of a value that is not recorded."""


@dataclass(frozen=True)
class Happening(Arrays):
    """Something at a time (UTC minutes) in an episode."""

    episode: Ints
    at: Ints


@dataclass(frozen=True)
class Message(Happening):
    """Codes of `DIRECTIONS` and `PURPOSES`, and a state of delivery."""

    direction: Ints
    purpose: Ints
    delivery: Ints


@dataclass(frozen=True)
class Action(Happening):
    """Codes of `ACTION_KINDS`, of details and of `RESPONSES`."""

    kind: Ints
    detail: Ints
    response: Ints


_H = TypeVar("_H", bound=Happening)


def recorded(world: World, care: Care, kind: type[_H], blocks: Sequence[_H]) -> _H:
    """All happenings, without those outside their episode or after the end of the data."""
    whole = kind.joined(blocks)
    return whole.take(care.during(whole.episode, whole.at, world.as_of))


def same(code: int, size: int) -> Ints:
    """One code for all."""
    return np.full(size, code, dtype=np.int64)
