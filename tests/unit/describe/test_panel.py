import polars as pl
import pytest

from carenotebook.core.options import SCHEDULED
from carenotebook.describe.panel import STATES, outcome_panel


def people(cohort, **options):
    frame = outcome_panel(cohort, **options).tidy().filter(pl.col("section") == "people")
    return dict(frame.select("state", "numerator").rows())


@pytest.fixture
def everyone(cohort_of, visits_of):
    """One client a state; as of day 30, with bookings for some on day 35."""
    booked = {c: visits_of(c, ["booked"], first=35) for c in ("attends", "misses", "waits_booked")}
    rows = [
        *visits_of("attends", ["no_show", "attended"]),
        *visits_of("misses", ["attended", "no_show"]),
        *visits_of("quiet", ["no_show", "attended"]),
        *visits_of("lost", ["attended", "early_cancel"]),
        *visits_of("completed", ["attended", "attended"]),
        *visits_of("ended", ["no_show", "no_show"]),
        *visits_of("closed", ["no_show", "unknown"]),
        *[v for rows in booked.values() for v in rows],
    ]
    still = ("attends", "misses", "quiet", "lost", "waits", "waits_booked")
    ends = {"completed": "completed", "ended": "ended_by_service", "closed": None}
    episodes = [
        {"client_id": c, "started_at": 0, "ended_at": None, "end_reason": None} for c in still
    ]
    episodes += [
        {"client_id": c, "started_at": 0, "ended_at": 20, "end_reason": r} for c, r in ends.items()
    ]
    clients = [{"client_id": "known_only"}]
    return cohort_of(rows, episodes=episodes, clients=clients, as_of=30)


def test_everyone_is_in_exactly_one_state(everyone):
    assert people(everyone) == {
        "attended": 1,
        "no_show": 1,
        "attended_nothing_booked": 1,
        "never_rebooked": 1,
        "waiting_booked": 1,
        "waiting": 1,
        "ended_completed": 1,
        "ended_by_service": 1,
        "ended_reason_unknown": 1,
        "no_episode": 1,
    }


def test_both_sections_sum_to_everything(everyone):
    panel = outcome_panel(everyone).tidy()
    sums = panel.group_by("section").agg(
        pl.col("numerator").sum(), pl.col("denominator").first(), pl.col("estimate").sum()
    )
    whole = {s: (n, d) for s, n, d, _ in sums.rows()}
    # 9 episodes and a client without one; 14 appointments before day 30.
    assert whole == {"people": (10, 10), "appointments": (14, 14)}
    assert sums["estimate"].to_list() == pytest.approx([1, 1])


def test_ending_care_moves_people_and_removes_nobody(cohort_of, visits_of):
    """A rule that ends the care of those who miss raises the rate; the panel keeps its total."""

    def service(ends):
        rows, episodes = [], []
        for i in range(20):
            misses = i < 10
            outcomes = ["no_show"] * (2 if misses and ends else 6) if misses else ["attended"] * 6
            rows += visits_of(f"{i}", outcomes)
            over = misses and ends
            episodes.append(
                {
                    "client_id": f"{i}",
                    "started_at": 0,
                    "ended_at": 10 if over else None,
                    "end_reason": "ended_by_service" if over else None,
                }
            )
        return cohort_of(rows, episodes=episodes, as_of=60)

    before, after = people(service(ends=False)), people(service(ends=True))
    assert sum(before.values()) == sum(after.values()) == 20
    assert before == {"attended": 10, "no_show": 10}
    assert after == {"attended": 10, "ended_by_service": 10}


@pytest.mark.parametrize(
    ("columns", "booked"),
    [
        ({}, True),
        ({"booked_at": 29}, True),
        ({"booked_at": 30}, False),
        ({"booked_at": 29, "cancelled_at": 29.5}, False),
        ({"booked_at": 29, "cancelled_at": 31}, True),
    ],
)
def test_booked_means_made_and_not_cancelled_by_the_end_of_the_data(
    cohort_of, visits_of, columns, booked
):
    row = {"client_id": "a", "start": 40, "outcome": "booked", **columns}
    past = dict.fromkeys(columns)
    cohort = cohort_of(
        [*visits_of("a", ["attended"], **past), row],
        episodes=[{"client_id": "a", "started_at": 0, "ended_at": None}],
        as_of=30,
    )
    assert people(cohort) == {"attended" if booked else "attended_nothing_booked": 1}


def test_without_later_appointments_bookings_are_not_known(cohort_of, visits_of):
    episodes = [{"client_id": "a", "started_at": 0, "ended_at": None}]
    cohort = cohort_of(visits_of("a", ["attended", "no_show"]), episodes=episodes, as_of=30)
    assert people(cohort) == {"no_show": 1}
    assert "nobody can be said to be booked or never rebooked" in outcome_panel(cohort).summary()


def test_of_two_at_one_time_the_attended_one_is_the_latest(cohort_of, visits_of):
    rows = [*visits_of("a", ["attended"]), *visits_of("a", ["no_show"])]
    episodes = [{"client_id": "a", "started_at": 0, "ended_at": None}]
    assert people(cohort_of(rows, episodes=episodes, as_of=30)) == {"attended": 1}


def test_every_episode_of_a_client_counts_with_its_own_latest_outcome(cohort_of, visits_of):
    episodes = [
        {"client_id": "a", "started_at": 0, "ended_at": 10, "end_reason": "dropped_out"},
        {"client_id": "a", "started_at": 20, "ended_at": None, "end_reason": None},
        {"client_id": "a", "started_at": 50, "ended_at": None, "end_reason": None},
    ]
    rows = [*visits_of("a", ["no_show"]), *visits_of("a", ["late_cancel"], first=21)]
    # The third begins after as_of: it is not seen.
    cohort = cohort_of(rows, episodes=episodes, as_of=30)
    assert people(cohort) == {"ended_dropped_out": 1, "late_cancel": 1}


def test_groups_are_of_the_episode_and_sum_within_themselves(cohort_of, visits_of):
    episodes = [
        {"client_id": "a", "started_at": 0, "ended_at": None, "site": "N"},
        {"client_id": "b", "started_at": 0, "ended_at": None, "site": None},
    ]
    rows = [
        *visits_of("a", ["attended"] * 3),
        *visits_of("b", ["no_show"]),
        *visits_of("b", ["attended"], first=-9),
    ]
    panel = outcome_panel(cohort_of(rows, episodes=episodes, as_of=30), by="site").tidy()
    sums = panel.group_by("section", "site").agg(pl.col("numerator").sum()).rows()
    assert sorted(sums) == [
        ("appointments", "N", 3),
        ("appointments", "missing", 2),
        ("people", "N", 1),
        ("people", "missing", 1),
    ]


def test_states_name_every_outcome_that_is_an_event():
    assert set(SCHEDULED) <= set(STATES)
