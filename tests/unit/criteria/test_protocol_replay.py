"""What the replay of a protocol tells, and what it never tells."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import Privacy
from carenotebook import criteria as c
from carenotebook.core.cohort import build_cohort
from carenotebook.core.errors import OptionError

PROTOCOL = c.Protocol(
    "staged",
    [
        c.Stage(
            "concern",
            c.missed(within="90d") >= 2,
            requires=["attendance_conversation"],
            wait="14d",
            sticky=True,
        ),
        c.Stage("review", c.missed() >= 3, requires=["risk_review"]),
    ],
)


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=600, seed=3)[0]


@pytest.fixture(scope="module")
def replay(cohort):
    return cn.replay(PROTOCOL, cohort)


def test_every_episode_is_counted_once_by_how_far_it_came(replay):
    tidy = replay.tidy()
    stopped = tidy.filter(pl.col("term") != "entered")
    seen = replay.episodes().height
    assert stopped["numerator"].sum() == seen
    entered = tidy.filter(term="entered")["numerator"].to_list()
    assert entered[0] == seen
    assert entered == sorted(entered, reverse=True)
    for number, count in enumerate(entered):
        assert stopped.filter(pl.col("number") >= number)["numerator"].sum() == count


def test_the_review_is_the_last_stage(replay):
    last = replay.intervals.filter(stage="review")
    firsts = last.group_by("client_id", "episode").agg(flagged_at=pl.col("entered_at").min())
    assert replay.first.equals(firsts.sort("client_id", "episode"))
    assert replay.first.height == replay.tidy().filter(number=2, term="entered")["numerator"][0]


def test_the_curves_end_at_the_number_who_reached_each_stage(replay):
    curves = replay.curves().tidy()
    for number in (1, 2):
        reached = replay.tidy().filter(number=number, term="entered").row(0, named=True)
        last = curves.filter(number=number).row(-1, named=True)
        assert (last["entered"], last["clients"]) == (reached["numerator"], reached["clients_with"])
        assert curves.filter(number=number)["estimate"].is_sorted()


def test_what_is_waited_for_is_counted_by_hand():
    text = pl.col("at").str.to_datetime(time_zone="UTC", time_unit="us")
    day = [f"2024-01-{d:02}" for d in range(1, 32)]
    appointments = pl.DataFrame(
        {
            "client_id": ["a", "b", "c"],
            "at": [day[4], day[4], day[4]],
            "outcome": ["no_show"] * 3,
        }
    )
    actions = pl.DataFrame(
        {"client_id": ["a", "b"], "at": [day[6], day[14]], "kind": ["referral"] * 2}
    )
    cohort = cn.from_frames(
        appointments=appointments.with_columns(text).rename({"at": "start"}),
        actions=actions.with_columns(text),
        as_of="2024-01-31",
        episode_end="as_of",
    )
    stages = [
        c.Stage("concern", c.missed() >= 1, requires=["referral"]),
        c.Stage("review", c.missed() >= 2),
    ]
    waiting = cn.replay(c.Protocol("x", stages), cohort).waiting().tidy().row(0, named=True)
    assert (waiting["numerator"], waiting["denominator"]) == (2, 3)
    assert waiting["median_days"] == 10
    assert waiting["person_days"] == 2 + 10 + 26


def test_parts_and_executors_change_nothing(replay, cohort, tmp_path):
    stored = cn.load(cohort.save(tmp_path / "cohort", partitions=3))
    with ThreadPoolExecutor(2) as pool:
        for found in (cn.replay(PROTOCOL, stored), cn.replay(PROTOCOL, stored, executor=pool)):
            assert found.intervals.equals(replay.intervals)
            assert found.undecided.equals(replay.undecided)


def test_why_says_since_when_and_what_is_waited_for():
    stages = [
        c.Stage("concern", c.missed() >= 1, requires=["referral"], wait="7d"),
        c.Stage("review", c.measure("PHQ-9") >= 10),
    ]
    cohort = build_cohort(
        {
            "appointments": _table(start=["2024-01-05"], outcome=["no_show"]),
            "actions": _table(at=["2024-01-10"], kind=["referral"]),
            "measures": _table(at=["2024-01-20"], instrument=["PHQ-9"], score=[12.0]),
        },
        as_of=datetime(2024, 2, 1, tzinfo=UTC),
        episode_end="as_of",
    )
    replay = cn.replay(c.Protocol("x", stages), cohort)
    waits = {
        day: replay.why("a", f"2024-01-{day}")["waiting_for"].to_list()
        for day in ("06", "12", "18", "25")
    }
    assert waits == {
        "06": ["a referral", "its condition"],
        "12": ["7 days to pass", "its condition"],
        "18": [
            "nothing; the next stage may begin",
            "what is not known: its condition cannot be decided",
        ],
        "25": ["nothing; the next stage may begin", "the review"],
    }
    with pytest.raises(OptionError, match="no episode"):
        replay.why("a", "2023-01-01")


def _table(**columns):
    frame = pl.DataFrame({"client_id": ["a"], **columns})
    times = [n for n in ("start", "at") if n in columns]
    return frame.with_columns(
        pl.col(times).str.to_datetime(time_zone="UTC", time_unit="us"),
    )


def test_the_reviews_serve_where_a_replay_does(replay):
    reviews = replay.reviews
    assert reviews.first.equals(replay.first)
    assert reviews.by_group("language").tidy()["denominator"].sum() == replay.episodes().height
    for refused in (reviews.attrition, reviews.unknowns, lambda: reviews.why("x", "2024-01-01")):
        with pytest.raises(OptionError):
            refused()


SMALL = "Cornish"
WHENS = {
    "everyone": c.days_in_care() >= 0,
    "the small group": c.attribute("language") == SMALL,
    "all but the small group": c.attribute("language") != SMALL,
    "undecided for the small group": c.attribute("answer") == "yes",
}


@pytest.fixture(scope="module")
def small_group(small_group_tables):
    answer = pl.when(pl.col("language") != SMALL).then(pl.lit("no"))
    clients = small_group_tables["clients"].with_columns(answer=answer)
    return cn.from_frames(**{**small_group_tables, "clients": clients}, episode_end="as_of")


@pytest.mark.parametrize("first", WHENS)
@pytest.mark.parametrize("second", WHENS)
def test_no_view_tells_of_a_small_group(small_group, first, second):
    stages = [c.Stage("concern", WHENS[first]), c.Stage("review", WHENS[second])]
    replay = cn.replay(c.Protocol("x", stages), small_group)
    hidden = replay.hidden(Privacy())
    for view in (replay, replay.flow(), replay.curves(), replay.waiting()):
        frame = view.released().frame
        for column in ("clients", "numerator", "denominator", "entered", "at_risk"):
            if column in frame.columns:
                shown = frame[column].drop_nulls()
                assert not shown.is_between(1, 10, closed="left").any()
                assert set(shown.to_list()) <= {0, 100}, "neither the few nor all but them"
        for text in (repr(view), view._repr_html_(), view.plot().alternative):
            assert "Q7" not in text
            assert "91" not in text.replace("0.91", "")
    curves = replay.curves().released().frame
    for number, stage in enumerate(("1. concern", "2. review"), 1):
        if hidden[number]:
            assert curves.filter(stage=stage)["estimate"].drop_nulls().is_in([0.0]).all()


def test_its_words_name_stages_safeguards_and_the_caveat(replay):
    text = replay.summary()
    for words in (
        "1. concern",
        "a conversation about attendance",
        "cumulative incidence",
        "nobody wrote down",
        "a clinician's review and nothing else",
        "went no further",
    ):
        assert words in text
    assert repr(replay) == text
    assert "synthetic-" not in text + replay._repr_html_()


def test_every_view_has_a_chart_with_words(replay):
    for view, said in (
        (replay, "1. concern"),
        (replay.flow(), "2. review"),
        (replay.curves(), "by day"),
        (replay.waiting(), "a conversation about attendance"),
    ):
        chart = view.plot()
        assert said in chart.alternative
        assert chart.svg().startswith("<svg")
        assert "synthetic-" not in str(chart.to_dict())


def test_the_review_is_shown_alike_as_a_stage_and_alone(replay):
    stage = replay.curves().released().frame.filter(stage="2. review").drop("stage")
    stage = stage.rename({"entered": "flagged"})
    alone = replay.reviews.released().frame.drop("term")
    assert stage.equals(alone)
    told = replay.released().frame.filter(term="entered")["numerator"].to_list()
    flagged = replay.reviews.states().released().frame
    assert told[2] == flagged.filter(state="put up for review")["numerator"][0]
