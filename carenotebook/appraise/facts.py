"""What an audit counts, client by client, gathered in one place or part by part on an executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from carenotebook.appraise.evidence import KEY, Evidence, reviews_of, waits_of
from carenotebook.appraise.measures import MEASURES
from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import OptionError
from carenotebook.core.options import Unknown
from carenotebook.core.parallel import each_part
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.protocol_replay import ProtocolReplay, Reviews, replay_protocol
from carenotebook.criteria.replay import Replay, find_spans
from carenotebook.criteria.rule import Rule


@dataclass(frozen=True)
class Facts:
    """Client-level: never shown.

    Attributes
    ----------
    episodes : polars.DataFrame
        Every seen episode, with its first flag.
    units : Mapping[str, polars.DataFrame]
        For each term with the data for it (flag rates follow from `episodes`): the key of an
        episode, and `value`.
    """

    episodes: pl.DataFrame
    units: Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class _Task:
    """What a worker is told: the rule, how unknown outcomes are taken, and how far to look."""

    rule: Rule | Protocol
    unknown: Unknown
    horizon: str
    window: str
    waits: pl.DataFrame | None

    def facts(self, part: Cohort) -> Facts:
        if isinstance(self.rule, Protocol):
            found: Replay = replay_protocol(self.rule, part, self.unknown).reviews
        else:
            spans = find_spans(self.rule, part, self.unknown)
            found = Replay(self.rule, part, self.unknown, *spans)
        evidence = Evidence(found, self.horizon, self.window)
        return _facts(evidence if self.waits is None else replace(evidence, others=self.waits))


def gathered(
    replay: Replay | ProtocolReplay, horizon: str, window: str, executor: Executor | None
) -> Facts:
    """The facts around the first flag of each episode.

    On an executor each worker replays the rule on its own part and looks around its flags there;
    who else was waiting is told to all, as bare times.
    """
    if executor is None:
        return _facts(Evidence(reviews_of(replay, "audit()"), horizon, window))
    if isinstance(replay, Reviews):
        raise OptionError("audit(executor=): pass the protocol's replay, not its reviews.")
    cohort = replay.cohort
    waits = None
    if cohort.has("episodes", "referred_at"):
        waits = pl.concat(each_part(waits_of, cohort, executor))
    rule = replay.protocol if isinstance(replay, ProtocolReplay) else replay.rule
    task = _Task(rule, replay.unknown, horizon, window, waits)
    return _joined(list(each_part(partial(_Task.facts, task), cohort, executor)))


def _facts(evidence: Evidence) -> Facts:
    told = [m for m in MEASURES if m.kind != "incidence" and not m.lacking(evidence.cohort)]
    units = {m.term: m.rows(evidence).select(*KEY, "value") for m in told}
    return Facts(evidence.episodes, units)


def _joined(parts: Sequence[Facts]) -> Facts:
    terms = parts[0].units
    return Facts(
        pl.concat(p.episodes for p in parts),
        {t: pl.concat(p.units[t] for p in parts) for t in terms},
    )
