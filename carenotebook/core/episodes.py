"""Episodes: when each begins and ends, and what of it is seen."""

from datetime import datetime, timedelta

import polars as pl

from carenotebook.core.durations import duration_us
from carenotebook.core.parts import CLIENT, Part


def client_spans(
    part: Part,
    as_of: datetime,
    observed_from: datetime | None,
    episode_end: str | None,
) -> pl.DataFrame:
    """Episodes of one part, numbered in time order, with `seen_from` and `seen_until`.

    An episode is seen on ``[max(started_at, observed_from), min(ended_at, as_of))``.
    """
    if "episodes" in part:
        episodes = part["episodes"]
        if "ended_at" not in episodes.collect_schema().names():
            episodes = episodes.with_columns(ended_at=pl.lit(None, pl.Datetime("us", "UTC")))
    else:
        episodes = _one_a_client(part["appointments"], episode_end)
    first = pl.col("started_at")
    seen_from = (
        first if observed_from is None else pl.max_horizontal(first, _instant(observed_from))
    )
    return _sorted(episodes.collect()).with_columns(
        episode=_position_in_client(),
        seen_from=seen_from,
        seen_until=pl.min_horizontal(pl.col("ended_at"), _instant(as_of)),
    )


def _sorted(episodes: pl.DataFrame) -> pl.DataFrame:
    """Episodes by client and time: stored ones are, but for some that begin at one instant."""
    client, start = (episodes[c].to_numpy() for c in (CLIENT, "started_at"))
    if (
        (client[1:] > client[:-1]) | ((client[1:] == client[:-1]) & (start[1:] > start[:-1]))
    ).all():
        return episodes
    return episodes.sort(CLIENT, "started_at", "ended_at", nulls_last=True)


LOOKED_AT = 2_000
"""So many episodes tell whether most end attended."""


def first_episodes(part: Part) -> Part:
    """A part with no more of its episodes than that takes; its other tables stay whole."""
    return {**part, "episodes": bounds_of(part).head(LOOKED_AT)} if "episodes" in part else part


def bounds_of(part: Part) -> pl.LazyFrame:
    """The episodes of a part that has them, with no more than what spans of them are made of."""
    needed = (CLIENT, "client_id", "started_at", "ended_at")
    return part["episodes"].select(pl.selectors.by_name(*needed, require_all=False))


def most_end_attended(spans: pl.DataFrame, part: Part, as_of: datetime) -> bool:
    """Whether most of the first seen episodes of a part end within a day of a session."""
    seen = spans.filter(pl.col("seen_from") < pl.col("seen_until")).head(LOOKED_AT)
    ended = seen.filter(pl.col("ended_at") <= as_of).select(CLIENT, "episode", "ended_at")
    if 2 * ended.height <= seen.height:
        return False
    near = (
        part["appointments"]
        .filter(pl.col("outcome") == "attended", pl.col(CLIENT) <= ended[CLIENT][-1])
        .select(CLIENT, "start")
        .join(ended.lazy(), on=CLIENT)
        .filter((pl.col("ended_at") - pl.col("start")).is_between(timedelta(0), timedelta(days=1)))
        .select(pl.struct(CLIENT, "episode").n_unique())
        .collect()
    )
    return 2 * int(near.item()) > seen.height


def _position_in_client() -> pl.Expr:
    """1, 2, ... within each run of one client."""
    row = pl.int_range(pl.len())
    begins = (pl.col(CLIENT) != pl.col(CLIENT).shift(1)).fill_null(value=True)
    return row - pl.when(begins).then(row).forward_fill() + 1


def _one_a_client(appointments: pl.LazyFrame, episode_end: str | None) -> pl.LazyFrame:
    """From the first appointment to `episode_end`."""
    start = pl.col("start")
    last = start.filter(pl.col("outcome") == "attended").max()
    ended = pl.lit(None, pl.Datetime("us", "UTC"))
    if episode_end not in (None, "as_of"):
        lasting = timedelta(microseconds=duration_us(episode_end, "episode_end"))
        ended = last.fill_null(start.min()) + lasting
    return appointments.group_by(CLIENT, maintain_order=True).agg(
        pl.col("client_id").first(), started_at=start.min(), ended_at=ended
    )


def _instant(at: datetime) -> pl.Expr:
    return pl.lit(at, pl.Datetime("us", "UTC"))
