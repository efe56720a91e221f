"""What a replay shows: no small cell, no way to work one out, and no client.

The group of the fixture has 37 rows from 9 clients, so a view that counts rows would show it.
"""

import re

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import Privacy
from carenotebook import criteria as c
from carenotebook.privacy import SMALL_GROUPS

GROUP = "Cornish"
VIEWS = {
    "replay": lambda replay: replay,
    "attrition": lambda replay: replay.attrition(),
    "states": lambda replay: replay.states(),
    "by_month": lambda replay: replay.by_month(),
    "by_group": lambda replay: replay.by_group("language"),
    "came_back": lambda replay: replay.came_back("2w"),
    "unknowns": lambda replay: replay.unknowns(),
    "misclassification": lambda replay: cn.appraise.misclassification(
        replay, "language", shares=[0, 0.2], draws=2
    ),
    "decision": lambda replay: cn.appraise.decision(
        replay, horizon="2w", every="1w", thresholds=[3], draws=20
    ),
    "audit": lambda replay: cn.audit(replay, "language", horizon="2w", window="12w"),
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
        visible = re.sub(r"<style>.*?</style>|<[^>]+>|[Ii]tem[ _]9", " ", text, flags=re.DOTALL)
        assert not re.search(r"(?<![\d.,-])(9|37|91(\.0)?|528)(?![\d.,])", visible), visible


def test_nothing_rendered_names_a_client(view):
    for text in (repr(view), str(view), view.summary(), view._repr_html_(), view.title):
        assert "Q7" not in text


def test_the_row_of_the_small_group_is_hidden_and_another_with_it(cohort):
    replay = cn.replay(c.Rule("missed", c.missed() >= 1), cohort)
    frame = replay.by_group("language").released().frame
    assert GROUP not in frame["language"].to_list(), "its label would stand for 9 clients"
    row = frame.row(by_predicate=pl.col("language") == SMALL_GROUPS, named=True)
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
    rule = c.Rule("a draft", c.attribute("language") == "Welsh")
    shown = cn.replay(rule, cohort).released().frame.drop_nulls("estimate")
    assert shown["estimate"].unique().to_list() == [0.3], "31 of 100, told to the nearest 5"


@pytest.mark.parametrize("name", [n for n in VIEWS if n != "by_group"])
def test_where_all_but_a_few_are_flagged_no_view_tells_how_many_are(cohort, name):
    view = VIEWS[name](cn.replay(c.Rule("a draft", RULES["all but the small group"]), cohort))
    frame = view.released().frame
    shown = {
        n
        for column in ("clients", "flagged", "numerator")
        if column in frame.columns
        for n in frame[column].drop_nulls()
    }
    assert shown <= {0, 100}, "everyone may be counted, but not the 91"
    visible = re.sub(
        r"<style>.*?</style>|<[^>]+>", " ", view.summary() + view._repr_html_(), flags=re.DOTALL
    )
    assert not re.search(r"(?<![\d.,-])(90|91|95)(?![\d.,]| % CI)", visible), visible


def test_a_small_undecided_state_takes_another_with_it_but_not_the_flagged(cohort):
    """The number flagged stands in other views, so it must not be what hides the undecided."""
    rule = c.Rule(
        "a draft", RULES["undecided for the small group"] | (c.attribute("language") == "Welsh")
    )
    states = cn.replay(rule, cohort).states()
    assert states.tidy().select("state", "clients_with").rows() == [
        ("never", 60),
        ("put up for review", 31),
        ("undecided at some time", 9),
    ]
    shown = states.released().frame
    assert shown.filter("suppressed")["state"].to_list() == ["never", "undecided at some time"]


def _told(view):
    """What is shown, but for the order and the names of groups."""
    frame = view.released().frame
    return frame.filter(split="everyone") if "split" in frame.columns else frame


def test_none_and_nearly_none_read_the_same(cohort):
    nobody = cn.replay(c.Rule("a draft", c.missed() >= 1000), cohort)
    few = cn.replay(c.Rule("a draft", RULES["the small group"]), cohort)
    for view in ("replay", "by_month", "audit"):
        none, nearly = (VIEWS[view](r) for r in (nobody, few))
        assert _told(none).equals(_told(nearly))
        assert none.summary().splitlines()[-1] == nearly.summary().splitlines()[-1]


def test_what_a_clause_does_alone_does_not_tell_what_is_hidden_in_order(cohort):
    attrition = cn.replay(c.Rule("a draft", RULES["all but the small group"]), cohort).attrition()
    last = attrition.released().frame.row(-1, named=True)
    assert last["clients"] is last["clients_alone"] is None
    assert attrition.summary().endswith("hidden (too few, or too telling, to show)")


def test_who_could_not_be_followed_is_not_told_by_a_difference(cohort_of):
    """40 clients are flagged, 6 of them too late to be followed for a week."""
    rows = [
        {"client_id": f"p{i}", "start": day, "outcome": "no_show" if day else "attended"}
        for i in range(80)
        for day in (0, *([10] if i < 34 else [97] if i < 40 else []))
    ]
    episodes = [{"client_id": f"p{i}", "started_at": 0} for i in range(80)]
    replay = cn.replay(
        c.Rule("a draft", c.missed() >= 1), cohort_of(appointments=rows, episodes=episodes)
    )
    back = replay.came_back("1w")
    assert back.not_followed_clients == 6
    assert back.released().frame["suppressed"].item()
    assert replay.states().released().frame["suppressed"].sum() == 0


def test_episodes_of_few_clients_are_not_counted_in_words(cohort_of):
    """Nine clients with four episodes each: 36 episodes tell of nine people."""
    starts = range(0, 80, 20)
    episodes = [
        {"client_id": f"p{i}", "started_at": s, "ended_at": s + 15}
        for i in range(9)
        for s in starts
    ]
    visits = [
        {"client_id": f"p{i}", "start": s + 1, "outcome": "no_show"}
        for i in range(9)
        for s in starts
    ]
    replay = cn.replay(
        c.Rule("a draft", c.missed() >= 1), cohort_of(appointments=visits, episodes=episodes)
    )
    assert "Seen: fewer than 11 clients" in replay.summary()
    assert replay.tidy()["at_risk"][0] == 36
    assert replay.released().frame["suppressed"].all()


def test_two_readings_that_differ_by_few_are_not_both_shown(cohort_of):
    """Taken as missed the unknown ones flag p30 to p79, taken as attended p35 to p79."""
    outcomes = ["no_show" if i < 30 else "unknown" for i in range(80)]
    visits = [{"client_id": f"p{i}", "start": 5, "outcome": o} for i, o in enumerate(outcomes)]
    visits += [{"client_id": f"q{i}", "start": 5, "outcome": "attended"} for i in range(40)]
    asked = {f"p{i}": "only missed" if i < 35 else "either" for i in range(80)}
    clients = [{"client_id": p, "asked": a} for p, a in asked.items()]
    rule = (c.missed() >= 1) | ((c.attended() >= 1) & (c.attribute("asked") == "either"))
    unknowns = cn.replay(
        c.Rule("a draft", rule),
        cohort_of(appointments=visits, clients=clients, episode_end="as_of"),
    ).unknowns()
    assert unknowns.tidy()["differing"].to_list() == [0, 50, 45]
    assert unknowns.missed_or_attended == 5
    assert unknowns.released().frame["suppressed"].to_list() == [False, False, True]
    assert "hidden row" in unknowns.summary()


def test_a_hidden_reading_is_spoken_of_only_where_there_is_one(cohort):
    replay = cn.replay(c.Rule("a draft", c.attribute("language") == "Welsh"), cohort)
    assert "hidden row" not in replay.unknowns().summary()


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
