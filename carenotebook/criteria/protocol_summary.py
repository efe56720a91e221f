"""The replay of a protocol in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carenotebook.criteria.incidence import seen_sentence, unresolved_sentence
from carenotebook.criteria.replay import HIDDEN_SILENCE
from carenotebook.privacy import Privacy

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay


def summarise(replay: ProtocolReplay, privacy: Privacy) -> str:
    """See `ProtocolReplay.summary`."""
    lines = [
        (
            f"Protocol: {replay.protocol.name}. When each stage would have begun, and for whom; "
            "the last is a clinician's review."
        ),
        seen_sentence(replay.cohort, privacy),
        replay.curves().summary(privacy),
        replay.flow().summary(privacy),
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
