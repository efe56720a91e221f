"""Table 1: figures worked out by hand, and what it never shows."""

import math
import re

import polars as pl
import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import MissingDataError, OptionError

# Flagged: a, b, c, d (missed); not: e, f, g, h. Ages and languages beside them.
PEOPLE = {
    "a": ("no_show", 20, "X"),
    "b": ("no_show", 30, "X"),
    "c": ("no_show", 40, "X"),
    "d": ("no_show", 50, None),
    "e": ("attended", 30, "X"),
    "f": ("attended", 40, "Y"),
    "g": ("attended", None, "Y"),
    "h": ("attended", 50, "X"),
}


@pytest.fixture(scope="module")
def table():
    cohort = build(
        appointments=[
            {"client_id": i, "start": 5, "outcome": o} for i, (o, _, _) in PEOPLE.items()
        ],
        episodes=[{"client_id": i, "started_at": 0, "ended_at": None} for i in PEOPLE],
        clients=[{"client_id": i, "age": a, "language": s} for i, (_, a, s) in PEOPLE.items()],
        measures=[
            {"client_id": "a", "at": t, "instrument": "PHQ-9", "score": float(s)}
            for t, s in ((9, 20), (3, 12))
        ],
    )
    return cn.table_one(cn.replay(c.Rule("missed", c.missed() >= 1), cohort))


def row(table, variable, level, group):
    return table.tidy().filter(variable=variable, level=level, group=group).row(0, named=True)


def test_numbers_have_mean_deviation_and_quartiles(table):
    flagged = row(table, "age", "known", "put up for review")
    assert (flagged["mean"], flagged["median"], flagged["q1"]) == (35.0, 35.0, 27.5)
    assert flagged["sd"] == pytest.approx(math.sqrt(500 / 3))
    others = row(table, "age", "known", "not put up for review")
    assert (others["clients"], others["mean"]) == (3, 40.0)
    assert row(table, "age", "missing", "not put up for review")["clients"] == 1
    assert flagged["smd"] == pytest.approx(-5 / math.sqrt((500 / 3 + 100) / 2))


def test_shares_are_of_those_whose_value_is_known(table):
    assert row(table, "language", "X", "put up for review")["share"] == 1.0
    assert row(table, "language", "Y", "not put up for review")["share"] == 0.5
    assert row(table, "language", "missing", "put up for review")["clients"] == 1
    # For two levels: the difference of shares over the root of the mean of p (1 - p).
    smd = row(table, "language", "X", "put up for review")["smd"]
    assert smd == pytest.approx(0.5 / math.sqrt(0.25 / 2))


def test_the_first_score_of_an_instrument_is_there(table):
    assert row(table, "PHQ-9, first score", "known", "put up for review")["mean"] == 12.0


def test_columns_are_chosen_by_name(table):
    chosen = cn.table_one(table.replay, "language").tidy()["variable"].unique().to_list()
    assert sorted(chosen) == ["PHQ-9, first score", "language"]
    with pytest.raises(MissingDataError, match="height"):
        cn.table_one(table.replay, "height")
    with pytest.raises(OptionError, match="needs a replay"):
        cn.table_one(table)


def test_few_clients_show_nothing(table):
    frame = table.released().frame
    assert frame["suppressed"].all()
    figures = frame.drop("suppressed", "variable", "level")
    assert set(figures.unpivot()["value"].to_list()) <= {"Hidden", ""}


def test_the_small_group_is_neither_named_nor_counted(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="as_of")
    found = cn.table_one(cn.replay(c.Rule("two", c.missed() >= 3), cohort))
    frame = found.released().frame
    assert "Cornish" not in frame["level"].to_list()
    shown = [*frame["put up for review"], *frame["not put up for review"]]
    counts = [int(m[0]) for text in shown if (m := re.match(r"\d+", text))]
    assert all(n == 0 or n >= 11 for n in counts)
    for text in (repr(found), found.summary(), found._repr_html_(), found.plot().alternative):
        assert text
        assert "Cornish" not in text
        assert "Q7" not in text


def test_a_made_up_cohort_shows_differences():
    cohort, _ = cn.synthetic_cohort(clients=600, seed=1)
    found = cn.table_one(cn.replay(c.Rule("three", c.missed(within="90d") >= 3), cohort))
    frame = found.released().frame.filter(pl.col("standardised difference") != "")
    assert frame["variable"].n_unique() == frame.height
    assert frame["standardised difference"].str.contains(r"^-?\d\.\d\d$").any()
