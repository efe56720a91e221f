"""What a replay shows: no small cell, no way to work one out, and no client.

The group of the fixture has 37 rows from 9 clients, so a view that counts rows would show it.
"""

import re

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import Privacy
from carenotebook import criteria as c

GROUP = "Cornish"
VIEWS = {
    "replay": lambda replay: replay,
    "attrition": lambda replay: replay.attrition(),
    "states": lambda replay: replay.states(),
    "by_month": lambda replay: replay.by_month(),
    "by_group": lambda replay: replay.by_group("language"),
    "came_back": lambda replay: replay.came_back("2w"),
    "unknowns": lambda replay: replay.unknowns(),
}
RULES = {
    "everyone": c.missed() >= 1,
    "the small group": c.attribute("language") == GROUP,
    "all but the small group": c.attribute("language") != GROUP,
    "a clause that removes the small group": (c.missed() >= 1) & (c.attribute("language") != GROUP),
    "undecided for the small group": (c.missed() >= 1) & (c.attribute("answer") == "yes"),
}


@pytest.fixture(scope="session")
def cohort(small_group_tables):
    answer = pl.when(pl.col("language") != GROUP).then(pl.lit("no"))
    clients = small_group_tables["clients"].with_columns(answer=answer)
    tables = {**small_group_tables, "clients": clients}
    return cn.from_frames(**tables, episode_end="as_of")


@pytest.fixture(scope="session", params=RULES)
def replay(request, cohort):
    return cn.replay(c.Rule("a draft", RULES[request.param]), cohort)


@pytest.fixture(params=VIEWS)
def view(request, replay):
    return VIEWS[request.param](replay)


def counts(frame):
    return [c for c in frame.columns if "clients" in c and frame.schema[c].is_numeric()]


def test_no_small_count_of_clients_is_released(view):
    frame = view.released().frame
    assert counts(frame)
    for column in counts(frame):
        shown = frame[column].drop_nulls()
        assert not shown.is_between(1, 10, closed="left").any()
        assert (shown % 5 == 0).all()


def test_what_is_hidden_has_no_figures(view):
    hidden = view.released().frame.filter("suppressed")
    for column in ("estimate", "conf_low", "conf_high", "numerator"):
        if column in hidden.columns:
            assert hidden[column].null_count() == hidden.height


def test_nothing_rendered_tells_the_size_of_the_small_group(view):
    for text in (repr(view), view.summary(), view._repr_html_()):
        visible = re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)
        assert not re.search(r"(?<![\d.,-])(9|37|91(\.0)?|528)(?![\d.,])", visible), visible


def test_nothing_rendered_names_a_client(view):
    for text in (repr(view), str(view), view.summary(), view._repr_html_(), view.title):
        assert "Q7" not in text


def test_the_row_of_the_small_group_is_hidden_and_another_with_it(cohort):
    replay = cn.replay(c.Rule("missed", c.missed() >= 1), cohort)
    frame = replay.by_group("language").released().frame
    row = frame.row(by_predicate=pl.col("language") == GROUP, named=True)
    assert row["suppressed"]
    assert row["numerator"] is row["denominator"] is row["clients"] is row["estimate"] is None
    assert frame["suppressed"].sum() >= 2, "the total would tell the only hidden one"


def test_a_clause_whose_effect_is_small_is_hidden(cohort):
    rule = c.Rule("a draft", RULES["a clause that removes the small group"])
    attrition = cn.replay(rule, cohort).attrition()
    assert attrition.tidy()["clients"].to_list() == [100, 100, 91]
    shown = attrition.released().frame
    assert set(shown["clients"].to_list()) in ({100, None}, {90, None}), "never both"
    assert shown["removed"].to_list()[-1] is None


def test_a_share_is_no_finer_than_the_counts_it_stands_for(cohort):
    rule = c.Rule("a draft", RULES["all but the small group"])
    shown = cn.replay(rule, cohort).released().frame.drop_nulls("estimate")
    assert shown["estimate"].unique().to_list() == [0.9], "91 of 100, told to the nearest 5"


def test_the_curve_of_a_small_number_of_flags_is_hidden(cohort):
    replay = cn.replay(c.Rule("a draft", RULES["the small group"]), cohort)
    shown = replay.released().frame.filter(~pl.col("suppressed"))
    assert shown["flagged"].max() in (0, None)
    assert "Put up for review: hidden" in replay.summary()


def test_a_stricter_gate_hides_more_and_a_looser_one_rounds_less(cohort):
    replay = cn.replay(c.Rule("missed", c.missed() >= 1), cohort)
    view = replay.by_group("language")
    assert view.released(Privacy(min_cell=101)).frame["suppressed"].all()
    exact = view.released(Privacy(min_cell=2, round_to=1)).frame
    assert exact.filter(pl.col("language") == GROUP)["clients"].item() == 9


def test_tidy_is_exact(cohort):
    replay = cn.replay(c.Rule("missed", c.missed() >= 1), cohort)
    tidy = replay.by_group("language").tidy()
    assert tidy.filter(pl.col("language") == GROUP)["clients"].item() == 9
