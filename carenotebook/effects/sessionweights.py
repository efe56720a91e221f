"""Weights for a marginal structural model of session-by-session attendance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.followup import CHOSEN, KEY, FollowUp, counted
from carenotebook.effects.frames import Array, design
from carenotebook.effects.kinds import kind_ratios
from carenotebook.effects.logistic import fit_logistic
from carenotebook.effects.propensity import (
    LARGEST_SHARE,
    LEAST_EFFECTIVE,
    balance_table,
    effective_size,
)

TRUNCATED = (0.001, 0.999)
"""Weights beyond these quantiles are set to them (Cole & Hernan 2008). At 1 and 99 % a fifth of the
confounding that the weights are to take away stayed, on data where all that decides is recorded."""

_BASE = ("baseline",)
_HISTORY = ("number", "share_before", "came_last")


@dataclass(frozen=True)
class SessionWeights:
    """A weight an episode with an outcome, and how it came about.

    Attributes
    ----------
    frame : polars.DataFrame
        client_id, episode, weight, and kind_weight where kinds of loss can be told apart.
    balance : polars.DataFrame
        covariate, before, after: standardised differences between sessions that were attended and
        sessions that the client lost, before and after weighting each session.
    overlap : polars.DataFrame
        group, sessions, propensity_low, propensity_high (5th and 95th percentile of the chance of
        attending).
    largest : float
        Before truncation.
    effective : float
        Effective size over the number of episodes with an outcome.
    kinds : str or None
        Why kinds of loss cannot be told apart; None where they can.
    """

    frame: pl.DataFrame
    balance: pl.DataFrame
    overlap: pl.DataFrame
    largest: float
    effective: float
    kinds: str | None


def session_weights(study: FollowUp, adjust: Sequence[str], caller: str) -> SessionWeights:
    """Stabilised weights of attending each session, of staying, and of being measured.

    Three pooled logistic models, each given the last score, over one that leaves it out: whether a
    session is attended (those that the client decided), whether care goes on after it, and whether
    somebody who is still there has a score near the horizon. Kinds of loss have weights of their
    own, in which the first is followed by which way a session was lost.

    Raises
    ------
    OptionError
        If a covariate separates, or the weights explode.

    Notes
    -----
    Robins, Hernan & Brumback 2000, Epidemiology 11:550; Hernan, Brumback & Robins 2000,
    Epidemiology 11:561.
    """
    rows = _person_sessions(study, adjust)
    attending, balance, overlap = _attending(rows, adjust, caller)
    staying = _staying(rows, adjust, caller)
    kinds = kind_ratios(rows, [*_BASE, *_HISTORY, *adjust], partial(_chance, caller=caller))
    named = {"weight": attending * staying}
    if not isinstance(kinds, str):
        named["kind_weight"] = attending * staying * kinds
    parts = rows.select(KEY).with_columns(**{n: pl.Series(v) for n, v in named.items()})
    product = parts.group_by(KEY, maintain_order=True).agg(pl.col(*named).product())
    measured = _measured(study, rows, adjust, caller)
    joined = measured.join(product, on=KEY, how="left", maintain_order="left").with_columns(
        pl.col(*named).fill_null(1.0) * pl.col("measuring")
    )
    return _truncated(joined, (balance, overlap), kinds if isinstance(kinds, str) else None, caller)


def _person_sessions(study: FollowUp, adjust: Sequence[str]) -> pl.DataFrame:
    """Sessions with what was known before each, and whether care went on after it."""
    came = pl.col("attended").cast(pl.Float64)
    before = came.cum_sum().over(KEY) - came
    rows = study.sessions.join(
        study.episodes.select(*KEY, "baseline", "score", "until", "seen_until", *adjust),
        on=KEY,
        maintain_order="left",
    )
    number = pl.col("number")
    return rows.with_columns(
        share_before=(before + 1) / number,
        came_last=came.shift(1).over(KEY).fill_null(1.0),
        came=came,
        last=number == number.max().over(KEY),
        gone=pl.col("score").is_null() & (pl.col("seen_until") < pl.col("until")),
    ).with_columns(leaves=pl.col("last") & pl.col("gone"))


def _attending(
    rows: pl.DataFrame, adjust: Sequence[str], caller: str
) -> tuple[Array, pl.DataFrame, pl.DataFrame]:
    """The ratio a session, 1 where the client did not decide; balance; overlap."""
    chosen = rows["became"].is_in(CHOSEN).to_numpy()
    mine = rows.filter(pl.Series(chosen))
    came = mine["came"].to_numpy()
    if came.all() or not came.any():
        raise OptionError(f"{caller}: every session due was attended, or none; nothing compares.")
    base = [*_BASE, *_HISTORY, *adjust]
    known = _chance(mine, came, [*base, "last_score"], caller)
    assumed = _chance(mine, came, base, caller)
    ratio = np.ones(rows.height)
    ratio[chosen] = _ratio(came, assumed, known)
    inverse = _ratio(came, np.full(len(came), came.mean()), known)
    return ratio, _balance(mine, came, inverse, [*base, "last_score"], caller), _ends(came, known)


def _staying(rows: pl.DataFrame, adjust: Sequence[str], caller: str) -> Array:
    leaves = rows["leaves"].cast(pl.Float64).to_numpy()
    if not leaves.any():
        return np.ones(rows.height)
    base = [*_BASE, "number", "share_before", "came", *adjust]
    known = _chance(rows, leaves, [*base, "last_score"], caller)
    assumed = _chance(rows, leaves, base, caller)
    return np.asarray(np.where(leaves == 1, 1.0, (1 - assumed) / (1 - known)))


def _measured(
    study: FollowUp, rows: pl.DataFrame, adjust: Sequence[str], caller: str
) -> pl.DataFrame:
    """For those who have a score near the horizon: client_id, episode, measuring."""
    latest = rows.group_by(KEY, maintain_order=True).agg(
        pl.col("last_score").last(), gone=pl.col("gone").any()
    )
    there = (
        study.episodes.join(latest, on=KEY, maintain_order="left")
        .join(counted(study.sessions), on=KEY, maintain_order="left")
        .filter(~pl.col("gone"))
    )
    has = there["score"].is_not_null().cast(pl.Float64).to_numpy()
    ratio = np.ones(there.height)
    if has.any() and not has.all():
        base = [*_BASE, "share", *adjust]
        known = _chance(there, has, [*base, "last_score"], caller)
        ratio = _chance(there, has, base, caller) / known
    return (
        there.with_columns(measuring=pl.Series(ratio))
        .filter(pl.Series(has == 1))
        .select(*KEY, "measuring")
    )


def _truncated(
    joined: pl.DataFrame,
    tables: tuple[pl.DataFrame, pl.DataFrame],
    kinds: str | None,
    caller: str,
) -> SessionWeights:
    whole = joined["weight"].to_numpy()
    cut = _cut(whole)
    effective = _left(cut)
    if effective < LEAST_EFFECTIVE or cut.max() / cut.sum() > LARGEST_SHARE:
        raise OptionError(
            f"{caller}: the weights explode (largest {whole.max():,.0f}; their effective size is "
            f"{effective:.0%} of the episodes): hardly anyone with some scores attended, or "
            "stayed. Choose an earlier horizon, or adjust for less."
        )
    frame = joined.select(KEY).with_columns(weight=pl.Series(cut))
    if kinds is None:
        told = _cut(joined["kind_weight"].to_numpy())
        if _left(told) < LEAST_EFFECTIVE or told.max() / told.sum() > LARGEST_SHARE:
            kinds = "their weights explode"
        frame = frame.with_columns(kind_weight=pl.Series(told))
    return SessionWeights(frame, *tables, float(whole.max()), effective, kinds)


def _cut(weights: Array) -> Array:
    return np.clip(weights, *np.quantile(weights, TRUNCATED))


def _left(weights: Array) -> float:
    return effective_size(weights) / len(weights)


def _chance(frame: pl.DataFrame, happened: Array, covariates: list[str], caller: str) -> Array:
    matrix, names = design(frame, varied(frame, covariates), caller)
    return fit_logistic(happened, matrix, names, caller).chance


def varied(frame: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """The columns that differ between rows: history that is the same for all tells nothing."""
    return [c for c in dict.fromkeys(columns) if frame[c].n_unique() > 1]


def _ratio(came: Array, assumed: Array, known: Array) -> Array:
    return np.asarray(np.where(came == 1, assumed / known, (1 - assumed) / (1 - known)))


def _balance(
    frame: pl.DataFrame, came: Array, weights: Array, covariates: list[str], caller: str
) -> pl.DataFrame:

    matrix, names = design(frame, varied(frame, covariates), caller)
    return balance_table(came == 1, matrix, names, weights)


def _ends(came: Array, chance: Array) -> pl.DataFrame:
    rows = []
    for name, mine in (("attended", came == 1), ("lost by the client", came == 0)):
        low, high = np.quantile(chance[mine], [0.05, 0.95])
        rows.append((name, int(mine.sum()), float(low), float(high)))
    schema = ["group", "sessions", "propensity_low", "propensity_high"]
    return pl.DataFrame(rows, schema=schema, orient="row")
