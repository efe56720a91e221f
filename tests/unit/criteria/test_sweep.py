"""A sweep over the seven episodes of the fixture, and what is refused."""

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import carenotebook as cn
from carenotebook import Privacy
from carenotebook import criteria as c
from carenotebook.core.errors import MissingDataError, OptionError, RuleError
from carenotebook.criteria.sweep_release import hidden_cells

K, SILENT = c.param("k"), c.param("silent")
RULE = c.Rule("missed and silent", (c.missed() >= K) & (c.days_since_attended() >= SILENT))


@pytest.fixture(scope="module")
def found(seven_episodes):
    return cn.sweep(RULE, seven_episodes, {"k": [1, 2], "silent": [20, "30d"]}, first=True)


def test_there_is_a_row_a_cell_in_the_order_of_the_grid(found):
    tidy = found.tidy()
    assert tidy.columns == [
        *("k", "silent", "flagged", "incidence", "conf_low", "conf_high", "median_days")
    ]
    assert tidy["k"].to_list() == [1, 1, 2, 2]
    assert tidy["silent"].to_list() == ["20", "30d", "20", "30d"]


def test_cells_count_first_flags(found):
    # a from day 30 (40), b from 20 (30) and again, d from 20 (30), d's second from 30 (none).
    assert found.tidy()["flagged"].to_list() == [4, 3, 1, 1]
    assert found.tidy()["median_days"][0] == 25.0
    one = found.first.filter(k=1, silent="20")
    assert one.select("client_id", "episode").rows() == [("a", 1), ("b", 1), ("d", 1), ("d", 2)]


def test_first_flags_are_not_kept_unless_asked_for(seven_episodes):
    found = cn.sweep(RULE, seven_episodes, {"k": [1], "silent": [20]})
    assert found.first is None
    assert "person_days" not in found.tidy().columns


def test_person_days_are_told_when_asked_for(seven_episodes):
    grid = {"k": np.arange(1, 3), "silent": [20]}
    found = cn.sweep(RULE, seven_episodes, grid, person_days=True)
    assert found.tidy()["person_days"].to_list() == [170.0, 60.0]


def test_a_horizon_bounds_the_incidence_and_nothing_else(seven_episodes):
    grid = {"k": [1], "silent": [20]}
    near, far = (cn.sweep(RULE, seven_episodes, grid, horizon=h).tidy() for h in ("25d", "90d"))
    assert near["flagged"].to_list() == far["flagged"].to_list() == [4]
    assert near["incidence"][0] < far["incidence"][0]


def test_a_cell_where_nobody_is_flagged(seven_episodes):
    row = cn.sweep(RULE, seven_episodes, {"k": [9], "silent": [20]}).tidy().row(0, named=True)
    assert (row["flagged"], row["incidence"], row["median_days"]) == (0, 0.0, None)


def test_the_parts_of_a_saved_cohort_give_the_same(seven_episodes, tmp_path, found):
    saved = cn.load(seven_episodes.save(tmp_path / "saved", partitions=3))
    again = cn.sweep(RULE, saved, {"k": [1, 2], "silent": [20, "30d"]}, first=True)
    assert again.tidy().equals(found.tidy())
    assert again.first.equals(found.first)


def test_an_executor_gives_the_same(seven_episodes, tmp_path, found):
    saved = cn.load(seven_episodes.save(tmp_path / "saved", partitions=3))
    with ThreadPoolExecutor(2) as executor:
        grid = {"k": [1, 2], "silent": [20, "30d"]}
        again = cn.sweep(RULE, saved, grid, first=True, executor=executor)
    assert again.tidy().equals(found.tidy())
    assert again.first.equals(found.first)


def test_a_choice_shows_no_share_finer_than_its_rounded_counts(made_up):
    shown = made_up.choose("2024-01-01", incidence=0.2).released().frame
    for row in shown.iter_rows(named=True):
        step = max(0.001, 5 / row["episodes"])
        steps = row["incidence"] / step
        assert steps == pytest.approx(round(steps), abs=0.001 / step)  # shown to 0.1 %


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({"k": [1]}, OptionError, "no values for the parameter 'silent'"),
        ({"k": [1], "silent": [20], "wait": [1]}, OptionError, "no parameter 'wait'.*k, silent"),
        ({"k": [], "silent": [20]}, OptionError, "gives the parameter 'k' no values"),
        ({"k": [1, 1], "silent": [20]}, OptionError, "'k' a value twice"),
        ({"k": 3, "silent": [20]}, OptionError, "'k' one value"),
        ({"k": [None], "silent": [20]}, OptionError, "'k' takes numbers, durations or text"),
        ({"k": ["many"], "silent": [20]}, RuleError, "k='many' is refused.*number"),
        ({"k": [1], "silent": ["1mo"]}, RuleError, "silent='1mo' is refused.*months"),
        ({"k": range(200), "silent": range(100)}, OptionError, "20,000 combinations"),
        ([1, 2], OptionError, "is a dict"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(seven_episodes, grid, error, message):
    with pytest.raises(error, match=message):
        cn.sweep(RULE, seven_episodes, grid)


def test_a_rule_without_parameters_is_refused(rule, seven_episodes):
    with pytest.raises(OptionError, match="has no parameters"):
        cn.sweep(rule, seven_episodes, {"k": [1]})


def test_a_parameter_is_not_called_like_a_figure(seven_episodes):
    rule = c.Rule("x", c.missed() >= c.param("flagged"))
    with pytest.raises(OptionError, match="cannot be called 'flagged'"):
        cn.sweep(rule, seven_episodes, {"flagged": [1]})


def test_what_a_term_needs_is_named(seven_episodes):
    with pytest.raises(MissingDataError, match="contacts"):
        cn.sweep(c.Rule("x", c.days_since_heard() >= K), seven_episodes, {"k": [1]})


def test_an_attribute_is_compared_with_values_of_its_type(seven_episodes):
    rule = c.Rule("x", c.attribute("language") == K)
    with pytest.raises(RuleError, match="cannot be compared with 3"):
        cn.sweep(rule, seven_episodes, {"k": ["Welsh", 3]})


@pytest.fixture(scope="module")
def made_up():
    cohort, _ = cn.synthetic_cohort(clients=600, seed=2)
    rule = c.Rule("misses", c.missed(within=c.param("window")) >= K)
    return cn.sweep(rule, cohort, {"window": ["30d", "90d"], "k": range(1, 8)})


def test_a_choice_is_reported_on_later_episodes(made_up):
    chosen = made_up.choose("2024-01-01", incidence=0.2)
    tidy = chosen.tidy()
    seen = made_up.run.seen
    early = seen.filter(pl.col("seen_from") < pl.datetime(2024, 1, 1, time_zone="UTC"))
    assert tidy["episodes"].to_list() == [early.height, seen.height - early.height]
    flags = cn.replay(chosen.rule, made_up.run.cohort).first
    later = flags.join(early, on=["client_id", "episode"], how="anti")
    assert tidy["flagged"][1] == later.height
    assert chosen.tried == 14
    assert "14 cells were tried" in chosen.summary()
    by = (pl.col("incidence") - 0.2).abs()
    assert made_up.choose("2024-01-01", by=by).tidy().equals(tidy)


def test_nothing_from_after_the_split_has_a_say_in_a_choice(made_up):
    split = datetime(2024, 1, 1, tzinfo=UTC)
    chosen = made_up.choose(split, incidence=0.2)
    then = dataclasses.replace(made_up.run.cohort, as_of=split)
    known = cn.sweep(made_up.run.rule, then, made_up.run.grid.axes)
    columns = ["flagged", "incidence", "conf_low", "conf_high", "median_days"]
    cell = chosen.tidy().select(made_up.parameters)[:1]
    told = known.tidy().join(cell, on=made_up.parameters).select(columns)
    assert_frame_equal(chosen.tidy()[:1].select(columns), told, abs_tol=1e-12)
    best = known.tidy().sort((pl.col("incidence") - 0.2).abs(), maintain_order=True)[:1]
    assert_frame_equal(best.select(made_up.parameters), cell)


@pytest.mark.parametrize(
    ("split", "given", "message"),
    [
        ("2024-01-01", {}, "either incidence= or by="),
        ("1900-01-01", {"incidence": 0.1}, "after the split"),
        ("soon", {"incidence": 0.1}, "not a date"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(made_up, split, given, message):
    with pytest.raises(OptionError, match=message):
        made_up.choose(split, **given)


def test_no_two_shown_cells_tell_few_clients_between_them(made_up):
    gate = Privacy()
    frame = made_up.released(gate).frame
    places = frame.with_row_index("place").filter(~pl.col("suppressed"))["place"].to_list()
    assert 1 < len(places) < frame.height
    client = made_up.run.seen["client"].to_numpy()
    flags = np.unpackbits(made_up.members, axis=1, count=len(client)).astype(bool)
    for i in places:
        for j in places:
            apart = len(np.unique(client[flags[i] ^ flags[j]]))
            assert apart == 0 or apart >= gate.min_cell
    hidden = frame.filter("suppressed")
    for column in ("flagged", "clients", "estimate", "conf_low", "conf_high", "median_days"):
        assert hidden[column].null_count() == hidden.height


def test_episodes_of_the_same_few_clients_are_few_clients():
    client = np.repeat(np.arange(40), 3)
    wide, narrow = np.ones(120, bool), np.arange(120) % 3 > 0
    wide[60:] = narrow[60:] = False  # clients 0 to 19; the cells differ by 20 episodes, 20 clients
    few = wide.copy()
    few[:27] = narrow[:27]  # 9 episodes of 9 clients
    members = np.packbits(np.stack([wide, narrow, few]), axis=1)
    assert hidden_cells(members, np.array([20, 20, 20]), client, Privacy()) == [False, False, True]


@pytest.mark.parametrize("view", ["sweep", "chosen"])
def test_what_is_rendered_has_no_client_and_a_text_alternative(made_up, view):
    result = made_up if view == "sweep" else made_up.choose("2024-01-01", incidence=0.2)
    ids = made_up.run.seen["client_id"].to_list()
    for text in (repr(result), result.summary(), result._repr_html_(), result.plot().alternative):
        assert text
        assert not any(i in text for i in ids)
    assert re.search(r"k = \d", result.plot().alternative)
