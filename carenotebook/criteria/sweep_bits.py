"""A block's line cut into pieces, one bit a piece: truths of many cells at the speed of words.

Nothing changes within a piece, so a truth is a row of bits, and Kleene's logic is and, or and not
on words of 64. Each episode's pieces begin with a word of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.criteria.spans import Keys, Spans

Words = npt.NDArray[np.uint64]
_WORD = 64


@dataclass(frozen=True)
class Pieces:
    """Pieces of a line, each from its bound to the next.

    Attributes
    ----------
    bounds : array of shape (pieces,)
        The first key of each piece, in order. The last of an episode is the gap behind it.
    shifts : array of shape (episodes,)
        What to add to the number of a piece to get that of its bit.
    owner : array of shape (words,)
        The episode of each word.
    begin : array of shape (words,)
        The number of the piece of each word's first bit.
    domain : Spans
        The stretch of each episode.
    """

    bounds: Keys
    shifts: Keys
    owner: Keys
    begin: Keys
    domain: Spans

    def bits(self, spans: Spans) -> Words:
        """Spans that begin and end at bounds, as bits.

        A bit is set where a span begins and where one has ended; a running exclusive or then fills
        what lies between.
        """
        words = np.zeros(len(self.owner), np.uint64)
        shift = self.shifts[np.searchsorted(self.domain.starts, spans.starts, side="right") - 1]
        for keys in (spans.starts, spans.stops):
            at = np.searchsorted(self.bounds, keys) + shift
            # Every place is set once at most, so that adding bits is the same as joining them.
            np.add.at(words, at >> 6, np.uint64(1) << (at & 63).astype(np.uint64))
        for step in (1, 2, 4, 8, 16, 32):
            words ^= words << np.uint64(step)
        open_ = np.bitwise_xor.accumulate(words >> np.uint64(63))
        words[1:] ^= np.uint64(0) - open_[:-1]
        return words

    def first(self, held: Words) -> tuple[Keys, Keys]:
        """Each episode in which a bit is set, and the key at which its first piece begins."""
        at = np.flatnonzero(held)
        owner = self.owner[at]
        new = np.ones(len(at), np.bool_)
        np.not_equal(owner[1:], owner[:-1], out=new[1:])
        at, owner = at[new], owner[new]
        word = held[at]
        lowest = np.bitwise_count((word & (~word + np.uint64(1))) - np.uint64(1))
        return owner, self.bounds[self.begin[at] + lowest]

    def length(self, held: Words) -> int:
        """How many keys all pieces hold together whose bit is set."""
        at = np.flatnonzero(held)
        octets = held[at].astype("<u8").view(np.uint8).reshape(-1, 8)
        row, bit = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
        piece = self.begin[at[row]] + bit
        return int((self.bounds[piece + 1] - self.bounds[piece]).sum())


def cut(sets: Iterable[Spans], domain: Spans) -> Pieces:
    """Cut a line wherever one of the sets begins or ends."""
    keys = [domain.starts, domain.stops]
    for spans in sets:
        keys += [spans.starts, spans.stops]
    bounds = np.concatenate(keys)
    bounds.sort()  # faster than np.unique, which hashes first
    new = np.ones(len(bounds), np.bool_)
    np.not_equal(bounds[1:], bounds[:-1], out=new[1:])
    bounds = bounds[new]
    first = np.searchsorted(bounds, domain.starts)
    words = -(-np.diff(np.append(first, len(bounds))) // _WORD)
    begin = np.cumsum(words) - words
    shifts = begin * _WORD - first
    owner = np.repeat(np.arange(len(first)), words)
    return Pieces(bounds, shifts, owner, np.arange(len(owner)) * _WORD - shifts[owner], domain)
