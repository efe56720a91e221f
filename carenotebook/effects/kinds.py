"""How likely a session that a client lost was lost in the way it was: weights for kinds of loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

SPLITS = (
    (("no_show",), ("late_cancel", "early_cancel")),
    (("late_cancel",), ("early_cancel",)),
)
"""Lost without a word or cancelled; and, of those cancelled, late or early."""

LEAST = 20
"""Sessions that each side of a split must have."""

Chance = Callable[[pl.DataFrame, Array, list[str]], Array]


def kind_ratios(rows: pl.DataFrame, covariates: Sequence[str], chance: Chance) -> Array | str:
    """The stabilised ratio of each session's kind, or why there is none.

    With the ratio of attending at all, this is the weight of a multinomial model of what becomes of
    a session, as a sequence of logistic ones.

    Parameters
    ----------
    rows : polars.DataFrame
        One row a session: became, last_score, and the covariates.
    covariates : sequence of str
        What is known before a session, without the last score.
    chance : callable
        The chance that something happened, from a frame, what happened, and covariates.

    Returns
    -------
    array of shape (rows,), or str
        1 where a session was attended, or lost otherwise than by the client.
    """
    ratio = np.ones(rows.height)
    for ones, others in SPLITS:
        mine = rows["became"].is_in([*ones, *others])
        some = rows.filter(mine)
        happened = some["became"].is_in(list(ones)).cast(pl.Float64).to_numpy()
        if not len(happened) or (len(others) == 1 and happened.min() == happened.max()):
            continue
        if min(happened.sum(), (1 - happened).sum()) < LEAST:
            return f"fewer than {LEAST} sessions were lost in one of the ways"
        try:
            known = chance(some, happened, [*covariates, "last_score"])
            assumed = chance(some, happened, list(covariates))
        except OptionError:
            return "what is known before a session settles in which way it is lost"
        ratio[mine.to_numpy()] *= np.where(
            happened == 1, assumed / known, (1 - assumed) / (1 - known)
        )
    return ratio
