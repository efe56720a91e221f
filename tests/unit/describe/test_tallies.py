"""Counts by period and group: the same as counting rows, however the cohort is stored."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook.describe.seen import calendar_bin
from carenotebook.describe.tallies import SUMS, Share, by_group, by_period, period_starts

SHARE = Share(("no_show", "late_cancel"), ("attended", "no_show", "late_cancel"))


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=150, seed=3)[0]


@pytest.fixture(scope="module")
def stored(cohort, tmp_path_factory):
    return cn.load(cohort.save(tmp_path_factory.mktemp("cohort"), partitions=4))


def counted_by_rows(cohort, cell):
    """The definition, by polars over all rows."""
    missed = pl.col("outcome").is_in(SHARE.happened).cast(pl.Int64)
    rows = cohort.appointments.join(cohort.clients, on="client_id", how="left").filter(
        pl.col("start") < cohort.as_of, pl.col("outcome").is_in(SHARE.counted)
    )
    clients = rows.group_by(cell, "client_id").agg(x=missed.sum(), n=pl.len().cast(pl.Int64))
    x, n = pl.col("x"), pl.col("n")
    sums = {"numerator": x.sum(), "denominator": n.sum(), "clients": pl.len()}
    sums |= {"clients_with": (x > 0).sum(), "clients_without": (x < n).sum()}
    name = cell.meta.output_name()
    found = clients.group_by(name).agg(e.cast(pl.Int64).alias(c) for c, e in sums.items())
    return found.sort(name).collect()


@pytest.mark.parametrize("every", ["1w", "1mo", "1q"])
def test_periods_count_rows_and_the_clients_behind_them(cohort, stored, every):
    cell = calendar_bin("start", every, cohort.timezone).alias("period")
    expected = counted_by_rows(cohort, cell)

    for kept in (cohort, stored):
        found = by_period(kept, SHARE, every)
        assert found.frame.equals(expected.select("period", *SUMS))
        assert found.counted == expected["denominator"].sum()
        seen = kept.appointments.filter(pl.col("start") < kept.as_of).collect().height
        assert found.counted + found.left_out + found.unresolved == seen


@pytest.mark.parametrize("column", ["therapist_id", "language"])
def test_groups_count_rows_and_the_clients_behind_them(cohort, stored, column):
    expected = counted_by_rows(cohort, pl.col(column).fill_null("missing"))

    for kept in (cohort, stored):
        assert by_group(kept, SHARE, [column], "this").frame.equals(expected)


def test_a_client_who_changes_therapist_counts_once_with_each():
    ways = [("A", "no_show"), ("B", "attended"), ("A", "attended"), ("A", "early_cancel")]
    rows = [
        {"client_id": "x", "start": day, "therapist_id": therapist, "outcome": outcome}
        for day, (therapist, outcome) in enumerate(ways)
    ]
    found = by_group(build(appointments=rows), SHARE, ["therapist_id"], "this").frame
    assert found.rows() == [("A", 1, 2, 1, 1, 1), ("B", 0, 1, 1, 0, 1)]


@pytest.mark.parametrize(
    "timezone",
    # Clocks change at midnight in these: forward, so that none is skipped; back; by half an hour.
    [
        "UTC",
        "Europe/London",
        "America/Sao_Paulo",
        "Atlantic/Azores",
        "America/Havana",
        "Asia/Beirut",
        "Australia/Lord_Howe",
    ],
)
@pytest.mark.parametrize("every", ["1w", "1mo", "1q"])
def test_a_period_holds_the_instants_whose_local_day_it_holds(timezone, every):
    first = datetime(2010, 1, 1, tzinfo=UTC)
    hours = [first + timedelta(minutes=30 * i) for i in range(48 * 365 * 3)]
    frame = pl.DataFrame({"start": pl.Series(hours, dtype=pl.Datetime("us", "UTC"))})
    days = frame.select(day=calendar_bin("start", every, timezone))["day"]

    spans = period_starts(days.min(), days.max(), every, timezone)

    placed = frame.join_asof(spans, left_on="start", right_on="begins")
    assert placed["period"].equals(days.alias("period"))
    assert (placed["start"] < placed["ends"]).all()
