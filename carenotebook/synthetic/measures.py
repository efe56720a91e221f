"""The `measures` table: taken at sessions that are on record as attended, and only there."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.course import REVIEW
from carenotebook.synthetic.draws import Floats, Ints
from carenotebook.synthetic.frames import numbers, times
from carenotebook.synthetic.names import client_ids
from carenotebook.synthetic.outcomes import CODE, severity_band
from carenotebook.synthetic.world import World

_ITEM_LEVELS = (0.65, 0.25, 0.10)
"""How often item 9 is 1, 2 or 3 where it is present."""


def measures(world: World, care: Care, outcome: Ints) -> pl.DataFrame:
    """PHQ-9 and GAD-7 at most attended sessions, CSQ-8 at some reviews."""
    seen = np.nonzero(outcome == CODE["attended"])[0]
    return pl.concat(
        [
            _severity(world, care, seen, "PHQ-9"),
            _severity(world, care, seen, "GAD-7"),
            _satisfaction(world, care, seen),
        ]
    )


def _severity(world: World, care: Care, seen: Ints, instrument: str) -> pl.DataFrame:
    s, draws = world.truth.symptoms, world.draws["measures"]
    phq = instrument == "PHQ-9"
    sd, chance = (s.phq_sd, s.phq_recorded) if phq else (s.gad_sd, s.gad_recorded)
    taken = seen[draws.happens(chance, seen.size)]
    latent = (care.sessions.phq if phq else care.sessions.gad)[taken]
    error = sd * np.sqrt(1 - s.reliability) * draws.bell(taken.size)
    score = _on_scale(latent + error, instrument)
    item = _item_9(world, score) if phq else np.full(taken.size, -1, dtype=np.int64)
    return _table(world, care, taken, instrument, (score, item))


def _satisfaction(world: World, care: Care, seen: Ints) -> pl.DataFrame:
    """CSQ-8: people who got better are more satisfied."""
    s, draws = world.truth.symptoms, world.draws["measures"]
    at_review = seen[care.sessions.kind[seen] == REVIEW]
    taken = at_review[draws.happens(s.csq_recorded, at_review.size)]
    better = -care.sessions.phq_change[taken]
    score = s.csq_mean + s.csq_per_point * better + s.csq_sd * draws.bell(taken.size)
    no_item = np.full(taken.size, -1, dtype=np.int64)
    return _table(world, care, taken, "CSQ-8", (_on_scale(score, "CSQ-8"), no_item))


def _item_9(world: World, score: Floats) -> Ints:
    """0 to 3, likelier above 0 with a higher score; -1 where it was not recorded."""
    s, draws = world.truth.symptoms, world.draws["measures"]
    present = draws.happens(np.array(s.item_9_present)[severity_band(score)], score.size)
    present &= score >= 1
    level = np.minimum(1 + draws.pick(_ITEM_LEVELS, score.size), score.astype(np.int64))
    item = np.where(present, level, 0)
    return np.where(draws.happens(s.item_9_missing, score.size), -1, item)


def _on_scale(value: Floats, instrument: str) -> Floats:
    scale = INSTRUMENTS[instrument]
    return np.clip(np.rint(value), scale.lowest, scale.highest)


def _table(
    world: World, care: Care, taken: Ints, instrument: str, scored: tuple[Floats, Ints]
) -> pl.DataFrame:
    score, item = scored
    return pl.DataFrame(
        {
            "client_id": client_ids(world, care.sessions.client[taken]),
            "at": times(care.sessions.start[taken]),
            "instrument": pl.repeat(instrument, taken.size, dtype=pl.String, eager=True),
            "score": numbers(score),
            "item_9": pl.Series(item).replace(-1, None),
        },
        schema=schema.dtypes("measures"),
    )
