"""Cumulative incidence of the first flag, with other ends of care as competing events."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.durations import DAY
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED, nested
from carenotebook.results.statistics import cumulative_incidence
from carenotebook.results.words import about, few, interval, number, percent

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.replay import Replay
    from carenotebook.results.statistics import Ints

_STEP = 7
_FIGURES = ("estimate", "std_error", "conf_low", "conf_high", "at_risk", "flagged", "clients")


def incidence(episodes: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """See `Replay.tidy`; `episodes` as from `Replay.episodes`."""
    found = endings(episodes, as_of)
    longest = int(found["lasting"].to_numpy().max(initial=0))
    weeks = -(-longest // (_STEP * DAY))  # the last of them holds the last flag
    days = np.arange(weeks + 1) * _STEP
    lasting, cause, client = (found[c].to_numpy() for c in ("lasting", "cause", "client"))
    curve = cumulative_incidence(lasting, cause, client, days * DAY)
    flagged = found.filter(pl.col("cause") == 1).sort("lasting")
    by_then = flagged["lasting"].search_sorted(days * DAY, side="right").to_numpy()
    first_of_client = flagged["client"].is_first_distinct().cum_sum().to_numpy()
    return pl.DataFrame(
        {
            "term": ["flagged"] * len(days),
            "day": days,
            "estimate": curve.estimate,
            "std_error": curve.std_error,
            "conf_low": curve.conf_low,
            "conf_high": curve.conf_high,
            "at_risk": curve.at_risk,
            "clients_at_risk": _clients_left(found, days * DAY),
            "flagged": by_then.astype(np.int64),
            "clients": np.concatenate(([0], first_of_client)).astype(np.int64)[by_then],
        }
    )


def endings(episodes: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Client-level: how long each episode lasts to its first flag, or to what comes before one.

    Returns
    -------
    polars.DataFrame
        lasting (microseconds since it is first seen), cause (1 flagged, 2 care ended, 0 still open
        at `as_of`), client (a number).
    """
    ended = (pl.col("ended_at") <= pl.lit(as_of, pl.Datetime("us", "UTC"))).fill_null(value=False)
    return episodes.select(
        lasting=_microseconds(pl.col("flagged_at").fill_null(pl.col("seen_until"))),
        cause=pl.when(pl.col("flagged_at").is_not_null())
        .then(1)
        .when(ended)
        .then(2)
        .otherwise(0)
        .cast(pl.Int64),
        client=pl.col("client_id").rank("dense").cast(pl.Int64),
    )


def _clients_left(found: pl.DataFrame, times: Ints) -> Ints:
    """Clients of whom an episode is still seen, neither flagged nor ended before each time."""
    longest = found.group_by("client").agg(pl.col("lasting").max())["lasting"].sort().to_numpy()
    return len(longest) - np.searchsorted(longest, times, side="left")


def release_incidence(tidy: pl.DataFrame, privacy: Privacy, *, telling: bool = False) -> Released:
    """The curve where every step that shows is made by enough clients.

    What comes before its first flag is hidden, so that none and nearly none read the same. With
    `telling`, the number of all who are flagged is hidden too. A number at risk is null where it
    differs by few clients from one that is shown.

    Shares are no finer than the rounded counts that they stand for, at most to 0.1 %; bounds are
    rounded outwards.
    """
    hidden = _hidden_steps(tidy, privacy, telling=telling)
    crowd = nested(tidy["clients_at_risk"].to_list(), privacy, also=hidden)
    at_risk = pl.when(~pl.Series(crowd)).then(pl.col("at_risk")).alias("at_risk")
    marked = tidy.with_columns(pl.Series(SUPPRESSED, hidden), at_risk).drop("clients_at_risk")
    step = max(0.001, privacy.round_to / max(int(tidy["at_risk"].to_numpy().max(initial=0)), 1))
    low, high = pl.col("conf_low"), pl.col("conf_high")
    shown = marked.with_columns(
        (pl.col("estimate") / step).round() * step,
        ((low / step).floor() * step).alias("conf_low"),
        ((high / step).ceil() * step).alias("conf_high"),
        pl.lit(None, pl.Float64).alias("std_error"),
        *(privacy.rounded(c) for c in ("at_risk", "flagged", "clients")),
    ).with_columns(pl.col("estimate", "conf_low", "conf_high").round(3).clip(0, 1))
    return Released(
        shown.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in _FIGURES), privacy
    )


def _hidden_steps(tidy: pl.DataFrame, privacy: Privacy, *, telling: bool) -> list[bool]:
    clients, left = tidy["clients"].to_list(), tidy["clients_at_risk"].to_list()
    everyone, flagged = max(left, default=0), max(clients, default=0)
    also = [
        c == 0 or n < privacy.min_cell or privacy.few(everyone - c) or (telling and c == flagged)
        for c, n in zip(clients, left, strict=True)
    ]
    return nested(clients[::-1], privacy, also=also[::-1])[::-1]


def summarise(replay: Replay, privacy: Privacy) -> str:
    """See `Replay.summary`."""
    from carenotebook.criteria.replay import HIDDEN_SILENCE

    lines = [
        f"Rule: {replay.rule.name}. When a clinician's review would have been due, and for whom.",
        seen_sentence(replay.cohort, privacy),
        _flagged(replay, privacy),
        replay.states().sentence(privacy),
        unresolved_sentence(replay.cohort, replay.unknown, privacy),
        *([f"Warning: {HIDDEN_SILENCE}"] if replay.cohort.hides_silence else []),
        (
            "Caveat: a flag ends in a clinician's review and nothing else. History was made under "
            "the rules of its time; with this rule in force it would have gone differently."
        ),
    ]
    return "\n".join(lines)


def seen_sentence(cohort: Cohort, privacy: Privacy) -> str:
    """How many episodes and clients are seen, and up to when."""
    seen = cohort.spans().filter(pl.col("seen_from") < pl.col("seen_until"))
    clients = seen["client_id"].n_unique()
    until = f"to {cohort.as_of:%Y-%m-%d}."
    if privacy.few(clients):
        return f"Seen: {few(privacy)}, {until}"
    rounded = (number(privacy.round(n)) for n in (seen.height, clients))
    return "Seen: {} episodes of {} clients, {}".format(*rounded, until)


def _flagged(replay: Replay, privacy: Privacy) -> str:
    curve = replay.released(privacy).frame.drop_nulls("estimate")
    if curve.is_empty() or not curve["clients"].max():
        return "Put up for review: hidden (none, nearly all, or too few to show)."
    last = curve.row(-1, named=True)
    start = (
        "an episode's start"
        if replay.cohort.observed_from is None
        else "when an episode is first seen"
    )
    return (
        f"Put up for review at least once within {number(last['day'])} days of {start}: "
        f"{percent(last['estimate'])} ({interval(last)}; cumulative incidence, other ends of care "
        f"as competing events; {about(last['clients'], privacy)} clients)."
    )


def unresolved_sentence(cohort: Cohort, unknown: str, privacy: Privacy) -> str:
    """How many past appointments have no known outcome, and how they were taken."""
    from carenotebook.criteria.replay import unresolved_appointments

    rows = unresolved_appointments(cohort).select("client_id").collect()
    taken = {"ignore": "ignored", "missed": "taken as missed", "attended": "taken as attended"}
    clients = rows["client_id"].n_unique()
    if privacy.few(clients):
        return f"Past appointments of unknown outcome: {few(privacy)}; {taken[unknown]}."
    if rows.is_empty():
        return "Past appointments of unknown outcome: none."
    count = about(privacy.round(rows.height), privacy)
    return f"Past appointments of unknown outcome: {count}, {taken[unknown]}."


def _microseconds(at: pl.Expr) -> pl.Expr:
    return (at - pl.col("seen_from")).dt.total_microseconds()
