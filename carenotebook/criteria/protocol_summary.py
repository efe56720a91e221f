"""The replay of a protocol in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carenotebook.criteria.incidence import seen_sentence, unresolved_sentence
from carenotebook.criteria.protocol_flow import ENTERED, EVERYONE
from carenotebook.criteria.replay import HIDDEN_SILENCE
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.words import about

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay

_SAID = {
    "undecided": "the next could not be decided at some time",
    "cleared": "its condition no longer held",
    "care ended": "care ended while in it",
    "still in it": "in it at the end of the data",
    "all recorded": "all that it asks for was recorded",
}


def summarise(replay: ProtocolReplay, privacy: Privacy) -> str:
    """See `ProtocolReplay.summary`."""
    lines = [
        (
            f"Protocol: {replay.protocol.name}. When each stage would have begun, and for whom; "
            "the last is a clinician's review."
        ),
        seen_sentence(replay.cohort, privacy),
        replay.curves().summary(privacy),
        "What became of episodes that went no further:",
        *_stopped(replay, privacy),
        replay.waiting().summary(privacy),
        unresolved_sentence(replay.cohort, replay.unknown, privacy),
        *([f"Warning: {HIDDEN_SILENCE}"] if replay.cohort.hides_silence else []),
        (
            "Caveat: the last stage is a clinician's review and nothing else. A safeguard that "
            "nobody wrote down looks as if it was not done. History was made under the rules of "
            "its time; with this protocol in force it would have gone differently."
        ),
    ]
    return "\n".join(lines)


def _stopped(replay: ProtocolReplay, privacy: Privacy) -> list[str]:
    rows = replay.released(privacy).frame.filter(pl.col("term") != ENTERED)
    lines = []
    for name, stage in rows.group_by("stage", maintain_order=True):
        parts = [
            f"{_SAID.get(r['term'], r['term'])}: "
            + ("hidden" if r[SUPPRESSED] else about(r["numerator"], privacy))
            for r in stage.iter_rows(named=True)
        ]
        label = "Before the first stage" if name[0] == EVERYONE else f"In {name[0]}"
        lines.append(f"- {label}: {'; '.join(parts)}")
    return lines
