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


def coded(value):
    """Of 60 clients every other one is flagged; the values of a column by number."""
    people = [f"p{i:02d}" for i in range(60)]
    return build(
        appointments=[
            {"client_id": p, "start": 5, "outcome": ("no_show", "attended")[i % 2]}
            for i, p in enumerate(people)
        ],
        episodes=[{"client_id": p, "started_at": 0, "ended_at": None} for p in people],
        clients=[{"client_id": p, "column": value(i)} for i, p in enumerate(people)],
    )


def test_a_share_is_of_all_who_are_known_though_a_level_is_hidden():
    # Of each 30: 14 X, 12 Y, and 4 Z, which take Y with them. X is 14 of 30, not of what is shown.
    cohort = coded(lambda i: "XXXXXXXYYYYYYZZ"[i // 2 % 15])
    frame = cn.table_one(cn.replay(c.Rule("missed", c.missed() >= 1), cohort)).released().frame
    texts = frame.filter(variable="column").select("level", "put up for review").rows()
    assert texts == [
        ("X", "15 (50.0 %)"),
        ("Y", "Hidden"),
        ("small groups", "Hidden"),
        ("missing", "0"),
    ]


def test_a_share_does_not_tell_how_few_are_missing():
    cohort = coded(lambda i: None if i < 6 else "X" if i < 32 else "Y")
    frame = cn.table_one(cn.replay(c.Rule("missed", c.missed() >= 1), cohort)).released().frame
    rows = frame.filter(variable="column", level="missing")
    assert rows["put up for review"].to_list() == ["Hidden"]
    assert "%" not in "".join(frame["put up for review"])


def test_numbers_of_two_values_are_counted_and_hidden_as_text_is():
    # The mean of 0 and 1 would tell that 3 clients of each 30 have a 1.
    cohort = coded(lambda i: int(i < 6))
    found = cn.table_one(cn.replay(c.Rule("missed", c.missed() >= 1), cohort))
    assert found.tidy()["level"].unique().sort().to_list() == ["0", "1", "missing"]
    shown = found.released().frame
    assert shown.filter(pl.col("level") != "missing")["put up for review"].unique().to_list() == [
        "Hidden"
    ]


def test_nobody_and_few_put_up_for_review_read_the_same():
    cohort = coded(lambda i: "X" if i < 30 else "Y")
    few = c.Rule("few", (c.missed() >= 1) & c.attribute("column").is_in(["X"]) & (c.missed() >= 9))
    frame = cn.table_one(cn.replay(few, cohort)).released().frame
    assert frame["suppressed"].all()
