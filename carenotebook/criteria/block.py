"""A range of clients, with everything that happened placed on one line of keys.

Every seen episode gets a stretch of the line of its own, one key a microsecond, with a gap of one
after it. An event is a key; what happens outside every episode has no place. So windows, runs and
silences of all episodes are worked out at once, and none reaches into another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl

from carenotebook.core.parts import CLIENT
from carenotebook.criteria.spans import Keys, Mask, Spans, union
from carenotebook.criteria.tables import Table, column

_NEVER = 2**62
T = TypeVar("T")


@dataclass(frozen=True)
class Episodes:
    """Arrays of shape (episodes,), in the order of client and time; times in microseconds."""

    client: Keys
    seen_from: Keys
    seen_until: Keys
    started_at: Keys
    taken_from: Keys
    """From when measures count for the episode: where the one before it ended."""

    base: Keys
    """The first key of the episode's stretch."""

    @property
    def domain(self) -> Spans:
        return Spans(self.base, self.base + (self.seen_until - self.seen_from))

    def chosen(self, mask: Mask) -> Episodes:
        places = np.flatnonzero(mask)
        return Episodes(*(getattr(self, f).take(places) for f in self.__dataclass_fields__))


@dataclass(frozen=True)
class Placed:
    """Rows that an episode sees: their place in it, in the order of the rows."""

    row: Keys
    episode: Keys
    keys: Keys


@dataclass(frozen=True)
class Block:
    """Seen episodes and the tables of their clients, whose numbers lie in [low, high).

    `episode_starts` holds the `started_at` of every accepted episode, seen or not. `leaves`, where
    it is not None, keeps what single comparisons came to, for a block that is asked again.
    """

    low: int
    high: int
    episodes: Episodes
    tables: dict[str, Table]
    episode_starts: pl.DataFrame
    leaves: dict[Any, Any] | None = None
    _made: dict[Any, Any] = field(default_factory=dict)

    def once(self, make: Callable[[Block], T]) -> T:
        """What several terms need of the block is made once."""
        return self.kept(make, lambda: make(self))

    def kept(self, key: object, make: Callable[[], T]) -> T:
        """What was made under a key before, or is made now; not of the block itself, but arrays.

        What refers to the block would keep it in memory after its answer.
        """
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    @cached_property
    def domain(self) -> Spans:
        """The stretches of all episodes."""
        return self.episodes.domain

    def narrowed(self, spans: Spans) -> Block:
        """Only the episodes in which one of the spans lies; keys stay as they are."""
        touched = np.zeros(len(self.domain), np.bool_)
        touched[self.episode_of(spans.starts)] = True
        if 5 * np.count_nonzero(touched) > 4 * len(touched):
            return self
        episodes = self.episodes.chosen(touched)
        clients = np.zeros(self.high - self.low, np.bool_)
        clients[episodes.client - self.low] = True
        tables = {name: table.narrowed(clients) for name, table in self.tables.items()}
        return replace(self, episodes=episodes, tables=tables, _made={})

    def episode_of(self, keys: Keys) -> Keys:
        """The index of the episode in whose stretch each key lies."""
        return np.searchsorted(self.episodes.base, keys, side="right") - 1

    def episode_of_ordered(self, keys: Keys) -> Keys:
        """The same for keys in order, which is faster."""
        first = np.searchsorted(keys, self.episodes.base, side="left")
        lengths = np.diff(np.append(first, len(keys)))
        return np.repeat(np.arange(len(first)), lengths)

    def place(self, client: Keys, at: Keys, *, early: bool = False) -> Placed:
        """Find the episode that sees each row.

        Parameters
        ----------
        client, at : arrays of shape (rows,)
            Client numbers and times in microseconds.
        early : bool
            Whether a row from before what is seen counts as at its start (measures do).
        """
        e, first, most = self._lookup
        since = e.taken_from if early else e.seen_from
        episode = first.take(client - self.low)
        for _ in range(most - 1):
            later = (e.client[episode + 1] == client) & (at >= since[episode + 1])
            episode = episode + later
        inside = (at >= since.take(episode)) & (at < e.seen_until.take(episode))
        row = np.arange(len(at)) if inside.all() else np.flatnonzero(inside)
        if len(row) < len(at):
            episode, at = episode.take(row), at.take(row)
        if early:
            at = np.maximum(at, e.seen_from.take(episode))
        return Placed(row, episode, at + (e.base - e.seen_from).take(episode))

    def place_spans(self, client: Keys, start: Keys, stop: Keys) -> tuple[Keys, Keys]:
        """Spans of time, cut to every episode of the client that they touch.

        Returns
        -------
        starts, stops : arrays of keys, in no order
        """
        e, first, most = self._lookup
        starts, stops = [], []
        for nth in range(most):
            episode = np.minimum(first[client - self.low] + nth, len(self.domain))
            low = np.maximum(start, e.seen_from[episode])
            high = np.minimum(stop, e.seen_until[episode])
            keep = (e.client[episode] == client) & (low < high)
            shift = (e.base - e.seen_from)[episode[keep]]
            starts.append(low[keep] + shift)
            stops.append(high[keep] + shift)
        return np.concatenate(starts), np.concatenate(stops)

    def latest_start(self, client: Keys, at: Keys) -> Keys:
        """When the client's latest episode began that did so by then, or `NULL`."""
        asked = pl.DataFrame({CLIENT: client, "at": at})
        starts = self.episode_starts.with_columns(since=pl.col("started_at").to_physical())
        found = asked.join_asof(
            starts, left_on="at", right_on="since", by=CLIENT, check_sortedness=False
        )
        return column(found, "started_at")

    @cached_property
    def pauses(self) -> Spans:
        """Paused time."""
        return self._paused(0)

    def paused_with_grace(self, grace: int) -> Spans:
        """Paused time and so long after it."""
        return self._paused(grace)

    def _paused(self, grace: int) -> Spans:
        if "pauses" not in self.tables:
            return union(np.zeros(0, np.int64), np.zeros(0, np.int64))
        client, start, end = self.tables["pauses"].rows([], CLIENT, "start", "end")
        return union(*self.place_spans(client, start, end + grace))

    def advance(self, keys: Keys, length: int) -> Keys:
        """The key at which `length` of unpaused time has passed since each key.

        May lie beyond the key's episode; then it says no more than that.
        """
        pauses = self.pauses
        if not len(pauses):
            return keys + length
        lengths = pauses.stops - pauses.starts
        total = np.concatenate(([0], np.cumsum(lengths)))
        # On a clock that stands still in pauses, key k reads k - (time paused before k).
        begun = np.searchsorted(pauses.starts, keys, side="right")
        still = np.where(begun > 0, np.maximum(pauses.stops[begun - 1] - keys, 0), 0)
        clock = keys - (total[begun] - still) + length
        halted = np.searchsorted(pauses.starts - total[:-1], clock, side="left")
        reached: Keys = clock + total[halted]
        return reached

    @cached_property
    def _lookup(self) -> tuple[Episodes, Keys, int]:
        """Episodes with two that see nothing behind them, each client's first, the most of one."""
        e, n = self.episodes, len(self.domain)
        nothing = dict.fromkeys(("seen_from", "taken_from"), _NEVER)
        nothing |= {"client": -1, "seen_until": -_NEVER}
        padded = Episodes(
            *(np.append(getattr(e, f), [nothing.get(f, 0)] * 2) for f in e.__dataclass_fields__)
        )
        first = np.full(self.high - self.low, n, np.int64)
        where = np.flatnonzero(np.diff(e.client, prepend=-1))
        first[e.client[where] - self.low] = where
        return padded, first, int(np.diff(where, append=n).max(initial=1))
