"""The example rule as other tools answer it, from the same files.

They know windows over events only: whether the rule holds at the instant of an appointment or a
contact. Silence that makes it true between events is beyond them, and so are intervals. What both
can say is which clients have an event at which the rule holds; that is compared.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import duckdb
import polars as pl

import carenotebook as cn
from carenotebook.core.durations import DAY
from carenotebook.core.store import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

SQL = Path(__file__).with_name("example.sql")
_MISSED = ("no_show", "late_cancel")
_CANCELLED = ("late_cancel", "early_cancel", "rescheduled")
_TIME = pl.Datetime("us", "UTC")


def by_duckdb(home: Path) -> list[str]:
    """Window functions in SQL."""
    lengths = {f"days{n}": n * DAY for n in (30, 60, 90)}
    text = Template(SQL.read_text(encoding="utf-8"))
    query = text.substitute(data=_data(home), as_of=_as_of(home), **lengths)
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def by_polars(home: Path) -> list[str]:
    """Rolling sums over each client."""
    t = pl.col("t")
    return (
        _events(home)
        .with_columns(
            pl.col("missed").rolling_sum_by("t", "90d").over("client_id"),
            pl.col("outreach").rolling_sum_by("t", "60d").over("client_id"),
            last=pl.when("heard").then("t").cum_max().forward_fill().over("client_id"),
        )
        .filter(
            (pl.col("missed") >= 3)
            & (pl.col("outreach") >= 2)
            & (t - pl.coalesce("last", "began") >= pl.duration(days=30))
        )
        .select(pl.col("client_id").unique())
        .collect()["client_id"]
        .to_list()
    )


def by_pandas(home: Path) -> list[str]:
    """Rolling sums over each client."""
    import pandas as pd

    def read(table: str, **columns: str) -> pd.DataFrame:
        frame = pd.read_parquet(_data(home) / table, columns=["client_id", *columns.values()])
        return frame.rename(columns={old: new for new, old in columns.items()})

    appointments = read("appointments", t="start", outcome="outcome", told="cancelled_at")
    appointments["missed"] = appointments["outcome"].isin(_MISSED)
    appointments["heard"] = appointments["outcome"] == "attended"
    cancelled = appointments[appointments["outcome"].isin(_CANCELLED)]
    heard = cancelled["told"].fillna(cancelled["t"])
    told = pd.DataFrame({"client_id": cancelled["client_id"], "t": heard, "heard": True})
    contacts = read("contacts", t="at", direction="direction", purpose="purpose", sent="delivered")
    contacts["heard"] = contacts["direction"] == "inbound"
    outreach = (contacts["direction"] == "outbound") & (contacts["purpose"] == "outreach")
    contacts["outreach"] = outreach & contacts["sent"]
    measures = read("measures", t="at").assign(heard=True)
    columns = ["client_id", "t", "missed", "outreach", "heard"]
    tables = (appointments, told, contacts, measures)
    frame = pd.concat([t.reindex(columns=columns, fill_value=False) for t in tables])
    frame = frame.merge(read("episodes", began="started_at", ended="ended_at"), on="client_id")
    as_of = pd.Timestamp(_as_of(home))
    frame = frame[
        (frame["t"] >= frame["began"]) & (frame["t"] < frame["ended"]) & (frame["t"] < as_of)
    ]
    key = ["client_id", "t", "began"]
    frame = frame.groupby(key)[["missed", "outreach", "heard"]].sum().reset_index()
    grouped = frame.set_index("t").groupby("client_id")
    missed = grouped["missed"].rolling("90D").sum()
    outreach = grouped["outreach"].rolling("60D").sum()
    last = frame["t"].where(frame["heard"] > 0).groupby(frame["client_id"]).ffill()
    silent = frame["t"] - last.fillna(frame["began"])
    holds = (missed.to_numpy() >= 3) & (outreach.to_numpy() >= 2) & (silent.dt.days >= 30)
    return list(frame.loc[holds, "client_id"].unique())


PEERS: dict[str, Callable[[Path], list[str]]] = {
    "DuckDB windows": by_duckdb,
    "polars rolling": by_polars,
    "pandas rolling": by_pandas,
}


def client_list(found: list[str], _: Path) -> list[str]:
    """What a peer found, in order."""
    return sorted(found)


def clients_at_events(found: cn.Replay, home: Path) -> list[str]:
    """The same of a replay: clients with an event inside one of the intervals."""
    key = ["client_id", "t"]
    events = _events(home).select(key).collect()
    latest = events.join_asof(
        found.intervals.select("client_id", "cleared_at", t="flagged_at").sort(key),
        on="t",
        by="client_id",
        check_sortedness=False,
    )
    inside = latest.filter(pl.col("t") < pl.col("cleared_at"))
    return sorted(inside["client_id"].unique())


def _events(home: Path) -> pl.LazyFrame:
    """One row an instant of a client: misses, delivered outreach, and whether they were heard."""
    cohort = cn.load(home)
    nothing, nobody = pl.lit(0, pl.Int64), pl.lit(value=False)
    outcome, direction = pl.col("outcome"), pl.col("direction")
    outreach = (direction == "outbound") & (pl.col("purpose") == "outreach") & pl.col("delivered")
    happened = pl.concat(
        [
            cohort.appointments.select(
                "client_id",
                t="start",
                missed=outcome.is_in(_MISSED).cast(pl.Int64),
                outreach=nothing,
                heard=outcome == "attended",
            ),
            cohort.appointments.filter(outcome.is_in(_CANCELLED)).select(
                "client_id",
                t=pl.coalesce("cancelled_at", "start"),
                missed=nothing,
                outreach=nothing,
                heard=~nobody,
            ),
            cohort.table("contacts").select(
                "client_id",
                t="at",
                missed=nothing,
                outreach=outreach.cast(pl.Int64),
                heard=direction == "inbound",
            ),
            cohort.table("measures").select(
                "client_id", t="at", missed=nothing, outreach=nothing, heard=~nobody
            ),
        ]
    )
    seen = (pl.col("t") >= pl.col("began")) & (
        pl.col("t") < pl.min_horizontal("ended_at", pl.lit(cohort.as_of, _TIME))
    )
    episodes = cohort.table("episodes").select("client_id", "ended_at", began="started_at")
    return (
        happened.join(episodes, on="client_id")
        .filter(seen)
        .group_by("client_id", "t", "began")
        .agg(pl.col("missed", "outreach").sum(), pl.col("heard").any())
        .sort("client_id", "t")
    )


def _data(home: Path) -> Path:
    return home / str(read_manifest(home)["data"])


def _as_of(home: Path) -> str:
    return str(read_manifest(home)["as_of"])
