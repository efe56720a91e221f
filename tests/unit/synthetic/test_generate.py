"""The shape of a synthetic cohort: schema, times, ids, and the same on every machine."""

import re
from datetime import timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core import schema
from carenotebook.core.errors import OptionError
from carenotebook.synthetic.truth import Truth

HASH_OF_200 = "803af979ca0bd95176c8b306c86196acd093c5ab49ef5f2400ef54db42dcb226"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=1500, seed=3)[0]


@pytest.fixture(scope="module")
def appointments(cohort):
    return cohort.appointments.collect()


@pytest.fixture(scope="module")
def spans(cohort):
    return cohort.spans()


def in_an_episode(spans, events, column):
    """Events of `column` that lie within what is seen of an episode of their client."""
    met = events.with_row_index("event").join(spans, on="client_id")
    inside = met.filter(pl.col(column).is_between("seen_from", "seen_until", closed="left"))
    return inside["event"].n_unique()


def test_the_content_is_the_same_on_every_machine():
    cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    assert cohort.content_hash == HASH_OF_200


def test_the_seed_decides():
    first, again, other = (cn.synthetic_cohort(60, seed)[0].content_hash for seed in (5, 5, 6))
    assert first == again
    assert first != other


@pytest.mark.parametrize("table", schema.TABLES)
def test_every_table_fits_its_schema(cohort, table):
    frame = cohort.table(table).collect()
    assert frame.height > 0
    assert list(frame.columns)[: len(schema.dtypes(table))] == list(schema.dtypes(table))
    schema.TABLES[table].validate(frame)
    key = schema.UNIQUE.get(table)
    if key:
        assert frame.select(key).is_duplicated().sum() == 0


@pytest.mark.parametrize("clients", [1, 2, 11])
def test_small_cohorts_fit_too(clients):
    cohort, _ = cn.synthetic_cohort(clients=clients, seed=2)
    assert cohort.clients.collect().height == clients
    for table in cohort.tables:
        schema.TABLES[table].validate(cohort.table(table).collect())


def test_nobody_could_take_the_ids_for_those_of_people(cohort, appointments):
    assert cohort.clients.collect()["client_id"].str.contains(r"^synthetic-\d{5}$").all()
    assert appointments["therapist_id"].str.contains(r"^therapist-\d{2,}$").all()
    assert appointments["site"].unique().str.contains("^Synthetic site [A-Z]$").all()
    assert appointments["appointment_id"].str.contains(r"^appointment-\d{7}$").all()


def test_ids_sort_as_their_numbers_do(appointments):
    ordered = appointments.sort("client_id", "start")["appointment_id"]
    assert ordered.equals(appointments["appointment_id"].sort())


def test_the_episodes_of_a_client_do_not_touch(cohort):
    following = (
        cohort.episodes.sort("client_id", "started_at")
        .with_columns(before=pl.col("ended_at").shift().over("client_id"))
        .with_columns(nth=pl.int_range(pl.len()).over("client_id"))
        .filter(pl.col("nth") > 0)
        .collect()
    )
    assert following.height > 50
    gap = following["started_at"] - following["before"]
    assert gap.null_count() == 0
    assert gap.min() > 50 * DAY


def test_nothing_is_recorded_outside_an_episode_or_after_the_data(cohort, spans):
    for table in ("contacts", "measures", "checkins", "actions"):
        events = cohort.table(table).collect()
        assert in_an_episode(spans, events, "at") == events.height, table


def test_appointments_lie_in_an_episode_unless_they_are_still_to_come(cohort, appointments, spans):
    past = appointments.filter(pl.col("start") < cohort.as_of)
    assert in_an_episode(spans, past, "start") == past.height
    ahead = appointments.filter(pl.col("start") >= cohort.as_of)
    assert set(ahead["outcome"].unique()) == {"booked"}
    assert (ahead["booked_at"] < cohort.as_of).all()
    assert 0 < ahead.height < 0.05 * appointments.height


def test_no_client_has_two_sessions_at_once(appointments):
    gap = appointments.select(pl.col("start").diff().over("client_id"))["start"].drop_nulls()
    assert gap.min() >= DAY


def test_labels_of_cancellations_agree_with_the_notice_given(appointments):
    cancelled = appointments.filter(pl.col("cancelled_at").is_not_null()).with_columns(
        notice=pl.col("start") - pl.col("cancelled_at")
    )
    shortest = dict(cancelled.group_by("outcome").agg(pl.col("notice").min()).iter_rows())
    longest = dict(cancelled.group_by("outcome").agg(pl.col("notice").max()).iter_rows())
    assert set(shortest) == {"early_cancel", "late_cancel", "rescheduled", "provider_cancel"}
    assert shortest["early_cancel"] >= DAY
    assert shortest["rescheduled"] >= DAY
    assert longest["late_cancel"] < DAY
    assert min(shortest.values()) > timedelta()
    assert (cancelled["cancelled_at"] >= cancelled["booked_at"]).all()
    made = appointments.filter(pl.col("outcome").is_in(list(shortest)))
    assert made["cancelled_at"].null_count() == 0


def test_a_session_is_booked_before_it_starts(appointments):
    assert (appointments["booked_at"] < appointments["start"]).all()


def test_a_moved_session_has_one_replacement_booked_when_it_was_moved(appointments):
    pair = appointments.join(
        appointments, left_on="replaces", right_on="appointment_id", suffix="_moved"
    )
    assert pair.height == appointments["replaces"].drop_nulls().len() > 100
    assert pair["replaces"].is_duplicated().sum() == 0
    assert set(pair["outcome_moved"].unique()) == {"rescheduled"}
    assert pair["client_id"].equals(pair["client_id_moved"])
    assert (pair["start"] > pair["start_moved"]).all()
    assert pair["booked_at"].equals(pair["cancelled_at_moved"])


def test_some_freed_slots_are_used_again_by_somebody_else(appointments):
    freed = appointments.filter(pl.col("outcome").is_in(["early_cancel", "rescheduled"]))
    again = freed.join(appointments, on=["therapist_id", "start"], suffix="_again").filter(
        pl.col("booked_at_again") >= pl.col("cancelled_at"),
        pl.col("client_id") != pl.col("client_id_again"),
    )
    assert again.height > 20
    assert again["replaces_again"].null_count() < 0.2 * again.height


def test_sessions_keep_local_office_hours_through_the_change_of_the_clocks(cohort, appointments):
    local = appointments["start"].dt.convert_time_zone(cohort.timezone)
    assert set(local.dt.hour().unique()) <= set(range(8, 21))
    assert set(local.dt.weekday().unique()) <= {1, 2, 3, 4, 5}
    regular = appointments.filter(pl.col("replaces").is_null()).with_columns(
        hour=pl.col("start").dt.convert_time_zone(cohort.timezone).dt.hour()
    )
    first = regular.join(cohort.episodes.collect().unique("client_id", keep="none"), on="client_id")
    assert first.group_by("client_id").agg(pl.col("hour").n_unique())["hour"].max() == 1


def test_the_first_sessions_are_assessments_until_one_is_attended(appointments, spans):
    seen = appointments.join(spans, on="client_id").filter(
        pl.col("start").is_between("seen_from", "seen_until", closed="left")
    )
    first = seen.sort("start").group_by("client_id", "episode").first()
    assert set(first["kind"].unique()) == {"assessment"}
    assert set(appointments["kind"].unique()) == {"assessment", "treatment", "review"}


def test_pauses_hold_the_excused_sessions_and_no_others(cohort, appointments):
    pauses = cohort.pauses.collect()
    assert set(pauses["reason"].unique()) == {
        "client_break",
        "service_closure",
        "therapist_leave",
        "hospital",
    }
    met = appointments.join(pauses.rename({"start": "from"}), on="client_id").filter(
        pl.col("start").is_between("from", "end", closed="left")
    )
    excused = appointments.filter(pl.col("outcome") == "excused")
    inside = met.filter(pl.col("outcome") == "excused")["appointment_id"].n_unique()
    assert excused.height == inside > 100
    assert set(met["outcome"].unique()) <= {"excused"}


def test_measures_are_taken_at_attended_sessions_only(cohort, appointments):
    measures = cohort.measures.collect()
    attended = appointments.filter(pl.col("outcome") == "attended")
    at_sessions = measures.join(
        attended, left_on=["client_id", "at"], right_on=["client_id", "start"], how="semi"
    )
    assert at_sessions.height == measures.height
    assert set(measures["instrument"].unique()) == {"PHQ-9", "GAD-7", "CSQ-8"}


def test_item_9_belongs_to_phq_9_and_stays_below_its_score(cohort):
    measures = cohort.measures.collect()
    phq = measures.filter(pl.col("instrument") == "PHQ-9")
    assert 0 < phq["item_9"].null_count() < 0.1 * phq.height
    assert set(phq["item_9"].drop_nulls().unique()) == {0, 1, 2, 3}
    assert (phq["item_9"].drop_nulls() <= phq.drop_nulls("item_9")["score"]).all()
    assert measures.filter(pl.col("instrument") != "PHQ-9")["item_9"].drop_nulls().is_empty()


def test_every_way_of_ending_occurs_and_open_episodes_say_so():
    big, _ = cn.synthetic_cohort(clients=6000, seed=1)
    episodes = big.episodes.collect()
    assert set(episodes["end_reason"].unique()) == {
        "completed",
        "dropped_out",
        "ended_by_service",
        "transferred",
        "died",
        "ongoing",
    }
    open_ones = episodes.filter(pl.col("ended_at").is_null())
    assert set(open_ones["end_reason"].unique()) == {"ongoing"}
    assert episodes.filter(pl.col("end_reason") == "ongoing").height == open_ones.height
    died = episodes.filter(pl.col("end_reason") == "died")["client_id"]
    assert episodes.filter(pl.col("client_id").is_in(died.implode())).height >= died.len()


def test_messages_go_both_ways_and_some_do_not_arrive(cohort):
    contacts = cohort.contacts.collect()
    out = contacts.filter(pl.col("direction") == "outbound")
    assert out["delivered"].null_count() > 0
    assert (~out["delivered"].drop_nulls()).sum() > 0
    assert {"reminder", "outreach", "check_in", "notice"} <= set(out["purpose"].unique())
    assert contacts.filter(pl.col("direction") == "inbound").height > 100


def test_a_reminder_goes_out_before_a_session_that_was_still_to_take_place(cohort, appointments):
    reminders = cohort.contacts.collect().filter(pl.col("purpose") == "reminder")
    session = reminders.with_columns(start=pl.col("at") + 2 * DAY).join(
        appointments, on=["client_id", "start"], how="inner"
    )
    assert session.height == reminders.height
    assert (session["cancelled_at"].is_null() | (session["cancelled_at"] > session["at"])).all()
    assert (session["booked_at"] < session["at"]).all()


@pytest.mark.parametrize("bad", [{"clients": 0}, {"clients": 2.5}, {"seed": -1}, {"seed": True}])
def test_a_number_that_cannot_be_used_is_refused(bad):
    with pytest.raises(OptionError, match=re.escape(next(iter(bad)))):
        cn.synthetic_cohort(**bad)


def test_a_truth_of_another_kind_is_refused():
    with pytest.raises(OptionError, match="truth="):
        cn.synthetic_cohort(truth={"no_show": 0.1})


def test_the_truth_that_was_used_comes_back():
    assert cn.synthetic_cohort(clients=5)[1] == Truth()
