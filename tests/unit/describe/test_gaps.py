import polars as pl
import pytest

from carenotebook.describe.gaps import gaps
from carenotebook.privacy import Privacy


def figures(cohort, section):
    frame = gaps(cohort).tidy().filter(pl.col("section") == section)
    return {r["term"]: r for r in frame.iter_rows(named=True)}


def test_gaps_are_between_attended_sessions_of_one_episode(cohort_of):
    days = {"a": [0, 7, 21, 50], "b": [0, 28], "c": [3]}
    rows = [
        {"client_id": c, "start": d, "outcome": "attended"} for c, ds in days.items() for d in ds
    ]
    rows += [{"client_id": "a", "start": 14, "outcome": "no_show"}]
    episodes = [
        {"client_id": "a", "started_at": 0, "ended_at": 30},
        {"client_id": "a", "started_at": 40, "ended_at": None},
        {"client_id": "b", "started_at": 0, "ended_at": None},
        {"client_id": "c", "started_at": 0, "ended_at": None},
    ]
    found = figures(cohort_of(rows, episodes=episodes, as_of=60), "between_sessions")
    # 7 and 14 of a's first episode, 28 of b; 21 to 50 lies between episodes.
    assert found["median"]["estimate"] == 14
    assert (found["lower_quartile"]["estimate"], found["upper_quartile"]["estimate"]) == (10.5, 21)
    over = {t: found[t]["numerator"] for t in ("over_14_days", "over_28_days", "over_56_days")}
    # "Over" is strict: 14 and 28 days themselves are not over.
    assert over == {"over_14_days": 1, "over_28_days": 0, "over_56_days": 0}
    assert found["over_14_days"]["denominator"] == 3
    assert found["over_14_days"]["clients"] == 2


def test_time_since_the_last_session_is_of_open_episodes_only(cohort_of, visits_of):
    rows = [*visits_of("a", ["attended", "no_show"]), *visits_of("b", ["attended"])]
    episodes = [
        {"client_id": "a", "started_at": 0, "ended_at": None},
        {"client_id": "b", "started_at": 0, "ended_at": 10},
        {"client_id": "c", "started_at": 20, "ended_at": None},
    ]
    found = figures(cohort_of(rows, episodes=episodes, as_of=40), "since_last_attended")
    # a: day 0 to 40; c has attended nothing: since its episode began, day 20.
    assert found["median"]["estimate"] == 30
    assert (found["over_28_days"]["numerator"], found["over_28_days"]["denominator"]) == (1, 2)


def test_without_a_choice_of_ends_silence_is_not_claimed(cohort_of, visits_of):
    cohort = cohort_of(visits_of("a", ["attended", "attended"]), as_of=400)
    result = gaps(cohort)
    assert result.tidy()["section"].unique().to_list() == ["between_sessions"]
    assert "everyone who has finished would look silent" in result.summary()


def test_no_gap_at_all_is_unknown(cohort_of, visits_of):
    cohort = cohort_of(visits_of("a", ["attended"]), as_of=9, episode_end="as_of")
    found = figures(cohort, "between_sessions")
    assert found["median"]["estimate"] is None
    assert found["over_14_days"]["estimate"] is None
    assert "none" in gaps(cohort).summary()


@pytest.mark.parametrize(("longer", "hides"), [(30, False), (5, True)])
def test_a_share_is_hidden_where_it_differs_from_a_longer_one_by_few(cohort_of, longer, hides):
    """60 clients have a gap of 20 days; `longer` of them one of 40 days, 20 more one of 90."""
    rows = []
    for i in range(80):
        last = 20 if i < 60 - longer else 40 if i < 60 else 90
        rows += [{"client_id": f"{i}", "start": d, "outcome": "attended"} for d in (0, 7, 7 + last)]
    cohort = cohort_of(rows, as_of=200, episode_end="as_of")
    shown = gaps(cohort).released(Privacy()).frame.filter(pl.col("section") == "between_sessions")
    hidden = dict(shown.select("term", "suppressed").rows())
    assert hidden["over_28_days"] is False
    assert hidden["over_56_days"] is hides
    assert "clients_between" not in shown.columns
