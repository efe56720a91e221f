"""Whatever the groups, nothing that an audit hides follows from what it shows."""

import re

import numpy as np
import polars as pl
import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook import Privacy
from carenotebook import criteria as c

BY = ("language", "area")
SPLITS = ("language", "area", "language by area")


def cohort(seed):
    """Some 300 clients in groups of very different sizes."""
    chance = np.random.default_rng(seed)
    ids = [f"q{i:03}" for i in range(300)]
    speaks = chance.choice(["A", "B", "C", "D"], 300, p=[0.7, 0.2, 0.06, 0.04])
    lives = chance.choice(["X", "Y", "Z"], 300, p=[0.6, 0.35, 0.05])
    missed = chance.random(300) < 0.6
    back = chance.random(300) < 0.4
    late = chance.random(300) < 0.05
    visits = [
        {"client_id": i, "start": 80 if late[k] else 1, "outcome": "no_show"}
        for k, i in enumerate(ids)
        if missed[k]
    ]
    visits += [{"client_id": i, "start": 0, "outcome": "attended"} for i in ids]
    visits += [
        {"client_id": i, "start": 9, "outcome": "attended"} for k, i in enumerate(ids) if back[k]
    ]
    return build(
        as_of=100,
        appointments=visits,
        episodes=[{"client_id": i, "started_at": 0} for i in ids],
        clients=[
            {"client_id": i, "language": str(speaks[k]), "area": str(lives[k])}
            for k, i in enumerate(ids)
        ],
        actions=[
            {"client_id": i, "at": 0, "kind": "risk_review"} for i in ids if chance.random() < 0.8
        ],
    )


@pytest.fixture(scope="module", params=range(4))
def found(request):
    audit = cn.audit(cn.replay(c.Rule("a miss", c.missed() >= 1), cohort(request.param)), BY)
    exact = audit.frame.filter(needs="")
    shown = audit.released().frame.filter(~pl.col("suppressed"), pl.col("needs") == "")
    keys = shown.select("split", "group", "term").with_columns(shown=pl.lit(value=True))
    told = exact.join(keys, on=["split", "group", "term"], how="left")
    return audit, told.with_columns(pl.col("shown").fill_null(value=False))


def test_no_row_that_is_shown_counts_few_clients(found):
    audit, rows = found
    counts = ["clients", "clients_with", "clients_without", "left_out_clients"]
    shown = rows.filter("shown")
    assert not shown.select(pl.any_horizontal(pl.col(counts).is_between(1, 10)).any()).item()
    assert {"clients_with", "std_error"}.isdisjoint(audit.released().frame.columns)


@pytest.mark.parametrize("count", ["clients", "clients_with"])
def test_hidden_groups_of_a_known_total_are_none_or_enough_together(found, count):
    _, rows = found
    for split in ("language", "area"):
        totals = rows.filter(pl.col("split") == "everyone", pl.col("shown"))["term"].implode()
        parts = rows.filter(pl.col("split") == split, pl.col("term").is_in(totals))
        hidden = (
            parts.filter(~pl.col("shown"))
            .group_by("term")
            .agg(pl.col(count).sum().fill_null(0), rows=pl.len())
        )
        assert not hidden[count].is_between(1, 10).any()
        assert not (hidden["rows"] == 1).any()


def test_what_is_hidden_of_a_group_is_hidden_of_its_parts(found):
    _, rows = found
    for column in BY:
        gone = rows.filter(pl.col("split") == column, ~pl.col("shown")).select("term", column)
        parts = rows.filter(pl.col("split") == "language by area")
        assert not parts.join(gone, on=["term", column], how="semi")["shown"].any()


def test_a_group_whose_flags_another_view_hides_is_hidden(found):
    audit, rows = found
    for column in BY:
        elsewhere = audit.replay.by_group(column).released().frame
        seen = elsewhere.filter(~pl.col("suppressed"))[column].implode()
        others = rows.filter(pl.col("split") == column, ~pl.col("group").is_in(seen))
        assert not others["shown"].any()


def test_a_looser_gate_shows_more_and_exact_counts_hide_what_is_left_out(found):
    audit, _ = found
    gates = Privacy(min_cell=3), Privacy(), Privacy(round_to=1)
    loose, usual, exact = ((~audit.released(gate).frame["suppressed"]).sum() for gate in gates)
    assert loose > usual >= exact


def test_the_comparisons_that_are_counted_are_those_that_are_shown():
    made, _ = cn.synthetic_cohort(clients=800, seed=1)
    audit = cn.audit(cn.replay(c.Rule("two misses", c.missed(within="90d") >= 2), made), ["gender"])
    shown = audit.released().frame["difference_low"].count()

    assert 0 < shown < audit.tidy()["difference_low"].count()
    told = re.search(r"Comparisons between groups: (\d+)|(\d+) comparisons", audit.summary())
    assert told is not None
    assert int(told[1] or told[2]) == shown
