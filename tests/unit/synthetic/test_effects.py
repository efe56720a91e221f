"""What is put into the truth comes out of the data.

Bounds are four standard errors of what is compared: a correct generator passes each with a
probability above 0.9999, and the seeds are fixed. Where sessions of a client hang together, the
standard error is taken over clients.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.synthetic.truth import (
    Attendance,
    Endings,
    GroupEffect,
    Messages,
    Obstacle,
    Pauses,
    Policy,
    Safeguards,
    Service,
    Symptoms,
    Truth,
)

ERRORS = 4
ALIKE = Attendance(
    unknown=0,
    late_entry=0,
    fading_ratio=1,
    severity_ratios=(1.0,) * 5,
    site_ratios=(1.0,) * 4,
    reliability=((1.0, 1.0),),
)
STAYING = Endings(
    fading=0, fading_if_improved=0, fading_if_deteriorated=0, by_service=0, good_enough_ends=0
)
PLAIN = Truth(
    attendance=ALIKE,
    endings=STAYING,
    policy=Policy(no_show_ratio=1),
    messages=Messages(reminder_sent=0),
    groups=(),
    obstacles=(),
)
"""Everybody is alike and stays, nothing but the base chances acts: sessions are independent."""


def sessions(truth, clients=2000, seed=11):
    """Sessions that were due and not paused, with the attributes of the client."""
    cohort, _ = cn.synthetic_cohort(clients, seed, truth)
    return (
        cohort.appointments.filter(~pl.col("outcome").is_in(["excused", "booked", "unknown"]))
        .join(cohort.clients, on="client_id")
        .collect()
    )


def share(frame, outcome):
    """The share of an outcome and its standard error over clients."""
    hit = (pl.col("outcome") == outcome).cast(pl.Float64)
    rate = float(frame.select(hit.mean()).item())
    by_client = frame.group_by("client_id").agg((hit - rate).sum().alias("residual"))
    error = float(np.sqrt((by_client["residual"] ** 2).sum())) / frame.height
    return rate, error


def differs(one, other):
    """By how many standard errors two independent shares differ."""
    return (one[0] - other[0]) / float(np.hypot(one[1], other[1]))


@pytest.mark.parametrize(
    "outcome",
    ["no_show", "late_cancel", "early_cancel", "rescheduled", "provider_cancel"],
)
def test_an_outcome_is_as_likely_as_the_truth_says(outcome):
    truth = replace(PLAIN, attendance=replace(ALIKE, **{outcome: 0.15}))
    seen = sessions(truth).filter(pl.col("replaces").is_null())
    for name, expected in ((outcome, 0.15), ("technical_failure", ALIKE.technical_failure)):
        rate, error = share(seen, name)
        assert abs(rate - expected) < ERRORS * error


def test_the_policy_averts_no_shows_and_displaces_some_to_late_cancellations():
    base, policy = 0.2, Policy(no_show_ratio=0.5, displaced=0.6, enforcement=1)
    truth = replace(PLAIN, attendance=replace(ALIKE, no_show=base), policy=policy)
    seen = sessions(truth)
    before, after = (
        seen.filter(pl.col("start") < policy.start),
        seen.filter(pl.col("start") >= policy.start),
    )
    late = ALIKE.late_cancel
    for frame, outcome, expected in (
        (before, "no_show", base),
        (before, "late_cancel", late),
        (after, "no_show", base * 0.5),
        (after, "late_cancel", late + 0.6 * base * 0.5),
    ):
        rate, error = share(frame, outcome)
        assert abs(rate - expected) < ERRORS * error, outcome


def test_with_defaults_the_policy_still_lowers_no_shows_and_raises_late_cancellations():
    seen = sessions(Truth(), clients=4000)
    start = Truth().policy.start
    before, after = seen.filter(pl.col("start") < start), seen.filter(pl.col("start") >= start)
    assert differs(share(before, "no_show"), share(after, "no_show")) > ERRORS
    assert differs(share(after, "late_cancel"), share(before, "late_cancel")) > ERRORS
    assert share(before, "no_show")[0] < 0.14
    assert share(after, "no_show")[0] > 0.05


def test_the_policy_comes_to_the_sites_in_turn_and_never_to_the_untreated():
    policy = Policy(no_show_ratio=0, enforcement=1, rollout_weeks=13, untreated_sites=1)
    truth = replace(PLAIN, attendance=replace(ALIKE, no_show=0.3), policy=policy)
    cohort, _ = cn.synthetic_cohort(1000, 4, truth)
    starts = dict(cohort.policies.collect().select("site", "start").iter_rows())
    assert len(starts) == 3
    last = dict(
        cohort.appointments.filter(pl.col("outcome") == "no_show")
        .group_by("site")
        .agg(pl.col("start").max())
        .collect()
        .iter_rows()
    )
    untreated = set(last) - set(starts)
    assert len(untreated) == 1
    assert all(last[site] < start for site, start in starts.items())
    assert last[untreated.pop()] > max(starts.values())


def test_a_delivered_reminder_multiplies_no_shows_by_its_ratio():
    attendance = replace(ALIKE, no_show=0.2, reminder_ratio=0.5, early_cancel=0, rescheduled=0)
    messages = Messages(reminder_sent=0.5, delivered=1, delivery_not_recorded=0)
    truth = replace(PLAIN, attendance=attendance, messages=messages)
    cohort, _ = cn.synthetic_cohort(2000, 12, truth)
    reminded = cohort.contacts.filter(pl.col("purpose") == "reminder").select(
        "client_id", start=pl.col("at") + pl.duration(hours=messages.reminder_hours)
    )
    seen = cohort.appointments.filter(~pl.col("outcome").is_in(["excused", "booked"]))
    seen = seen.filter(pl.col("outcome") != "provider_cancel")
    with_one = seen.join(reminded, on=["client_id", "start"], how="semi").collect()
    without = seen.join(reminded, on=["client_id", "start"], how="anti").collect()
    kept = 1 - ALIKE.provider_cancel
    for frame, expected in ((with_one, 0.1 / kept), (without, 0.2 / kept)):
        rate, error = share(frame, "no_show")
        assert abs(rate - expected) < ERRORS * error


def test_an_attended_session_changes_severity_by_the_dose_and_a_missed_one_does_not():
    symptoms = Symptoms(
        phq_mean=24,
        phq_sd=0,
        phq_per_session=-1,
        response_sd=0,
        phq_per_week=0,
        wander_sd=0,
        reliability=1,
        phq_recorded=1,
    )
    attendance = replace(ALIKE, no_show=0.3)
    truth = replace(PLAIN, symptoms=symptoms, attendance=attendance)
    truth = replace(truth, service=Service(returns_to_service=0))
    cohort, _ = cn.synthetic_cohort(200, 6, truth)
    scores = (
        cohort.measures.filter(pl.col("instrument") == "PHQ-9")
        .sort("client_id", "at")
        .with_columns(before=pl.int_range(pl.len()).over("client_id"))
        .collect()
    )
    assert scores["before"].max() > 10
    assert (scores["score"] == 24 - scores["before"]).all()


def test_severity_at_the_start_is_as_the_truth_says():
    truth = Truth()
    cohort, _ = cn.synthetic_cohort(4000, 5)
    first = (
        cohort.measures.sort("at")
        .group_by("client_id", "instrument")
        .agg(pl.col("score").first())
        .collect()
    )
    s = truth.symptoms
    for name, mean in (("PHQ-9", s.phq_mean), ("GAD-7", s.gad_mean)):
        score = first.filter(pl.col("instrument") == name)["score"]
        # Before a first measure, up to two weekly drifts and one dose in ten may have acted.
        assert mean - 0.6 < score.mean() < mean + 0.1


def test_groups_meet_more_obstacles_and_miss_more_only_if_the_truth_says_so():
    def gap(truth):
        seen = sessions(truth, clients=4000)
        worst = seen.filter(pl.col("deprivation_quintile") == "1")
        best = seen.filter(pl.col("deprivation_quintile") == "5")
        return differs(share(worst, "no_show"), share(best, "no_show"))

    assert gap(Truth()) > ERRORS
    assert abs(gap(Truth(groups=()))) < ERRORS


def test_an_obstacle_drives_misses_and_what_check_ins_name():
    obstacle = Obstacle("cost", prevalence=0.4, no_show=3.0)
    messages = replace(PLAIN.messages, check_in_sent=1, answers_check_in=1)
    cohort, _ = cn.synthetic_cohort(
        1500, 7, replace(PLAIN, obstacles=(obstacle,), messages=messages)
    )
    named = cohort.checkins.filter(pl.col("barrier") == "cost").select("client_id").unique()
    seen = cohort.appointments.filter(~pl.col("outcome").is_in(["excused", "booked"]))
    with_it = share(seen.join(named, on="client_id", how="semi").collect(), "no_show")
    without = share(seen.join(named, on="client_id", how="anti").collect(), "no_show")
    assert differs(with_it, without) > ERRORS
    assert abs(with_it[0] - 3 * ALIKE.no_show) < ERRORS * with_it[1]
    share_named = named.collect().height / 1500
    assert abs(share_named - 0.4) < ERRORS * np.sqrt(0.4 * 0.6 / 1500) + 0.02


def test_safeguards_are_recorded_less_often_in_the_groups_that_the_truth_names():
    groups = (GroupEffect("gender", "man", safeguards=0.4),)
    safeguards = Safeguards(attendance_conversation=1)
    cohort, _ = cn.synthetic_cohort(3000, 8, Truth(groups=groups, safeguards=safeguards))
    people = cohort.clients.collect()
    misses = cohort.appointments.filter(pl.col("outcome").is_in(["no_show", "late_cancel"]))
    talks = cohort.actions.filter(pl.col("kind") == "attendance_conversation")

    def per_miss(gender):
        some = people.filter(pl.col("gender") == gender).lazy()
        counted = (
            t.join(some, on="client_id", how="semi").collect().height for t in (talks, misses)
        )
        return np.divide(*counted)

    assert per_miss("man") / per_miss("woman") == pytest.approx(0.4, abs=0.08)


def test_people_who_miss_more_have_fewer_measures_per_session_booked():
    cohort, _ = cn.synthetic_cohort(2000, 9)
    counts = (
        cohort.appointments.filter(pl.col("outcome").is_in(["attended", "no_show", "late_cancel"]))
        .group_by("client_id")
        .agg(pl.len().alias("due"), (pl.col("outcome") != "attended").sum().alias("missed"))
        .join(
            cohort.measures.filter(pl.col("instrument") == "PHQ-9")
            .group_by("client_id")
            .agg(pl.len().alias("measures")),
            on="client_id",
            how="left",
        )
        .with_columns(pl.col("measures").fill_null(0))
        .collect()
    )
    often = counts.filter(pl.col("missed") / pl.col("due") >= 0.25)
    seldom = counts.filter(pl.col("missed") / pl.col("due") < 0.1)
    kept = [f["measures"].sum() / f["due"].sum() for f in (often, seldom)]
    assert kept[0] < kept[1] - 0.15


def test_dropout_is_near_what_psychotherapy_sees():
    """19.7 % (Swift & Greenberg 2012), here of finished episodes, give or take a quarter."""
    cohort, _ = cn.synthetic_cohort(4000, 10)
    closed = cohort.episodes.filter(pl.col("ended_at").is_not_null()).collect()
    dropped = (closed["end_reason"] == "dropped_out").mean()
    assert 0.15 < dropped < 0.25


def test_improvement_and_deterioration_lead_to_leaving_if_the_truth_says_so():
    def dropped(**hazards):
        endings = replace(STAYING, says_so=1, leaves_when_fading=1, **hazards)
        cohort, _ = cn.synthetic_cohort(800, 13, replace(PLAIN, endings=endings))
        reasons = cohort.episodes.collect()["end_reason"]
        return (reasons == "dropped_out").sum()

    assert dropped() == 0
    assert dropped(fading_if_improved=0.2) > 100
    assert dropped(fading_if_deteriorated=0.2) > 10


def test_silence_goes_unanswered_and_some_come_back():
    """Silence: an episode's longest time without being heard from, sessions to come left out."""
    cohort, _ = cn.synthetic_cohort(4000, 14)
    replayed = cn.replay(silence_rule(), cohort).intervals
    episodes = cohort.spans().select("client_id", "episode")
    flagged = replayed.select("client_id", "episode").unique()
    assert 0.02 < flagged.height / episodes.height < 0.12
    heard = cohort.contacts.filter(pl.col("direction") == "inbound").select("client_id", "at")
    first = replayed.sort("flagged_at").group_by("client_id", "episode").first()
    back = (
        first.join(cohort.spans(), on=["client_id", "episode"])
        .filter(pl.col("ended_at").is_not_null())
        .with_row_index("spell")
    )
    returned = back.join(heard.collect(), on="client_id").filter(
        pl.col("at").is_between("flagged_at", "ended_at", closed="left")
    )
    assert 0.12 < returned["spell"].n_unique() / back.height < 0.35


def silence_rule():
    from carenotebook import criteria as c

    outreach = c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d")
    when = (c.missed(within="90d") >= 3) & (c.days_since_heard() >= 30) & (outreach >= 2)
    return c.Rule("three misses and silence", when)


def test_people_about_to_leave_write_less():
    quiet = Endings(fading=0.1, leaves_when_fading=0.2, recovers_when_fading=0)
    messages = Messages(inbound_fading_ratio=0, answers_check_in_fading=0)
    truth = replace(PLAIN, endings=quiet, messages=messages, pauses=Pauses(client_break=0))
    cohort, _ = cn.synthetic_cohort(1500, 15, truth)
    leavers = cohort.episodes.filter(pl.col("end_reason") == "dropped_out")
    written = cohort.contacts.filter(
        (pl.col("direction") == "inbound") & (pl.col("purpose") == "other")
    )
    ages = (
        written.join(leavers, on="client_id")
        .select(left=(pl.col("ended_at") - pl.col("at")).dt.total_days())
        .filter(pl.col("left") > 0)
        .collect()["left"]
    )
    assert (ages < 28).sum() < 0.5 * ages.is_between(100, 127).sum()


def test_second_referrals_come_as_often_as_the_truth_says():
    none, _ = cn.synthetic_cohort(500, 16, Truth(service=Service(returns_to_service=0)))
    assert none.episodes.collect()["client_id"].is_duplicated().sum() == 0
    many, _ = cn.synthetic_cohort(500, 16, Truth(service=Service(returns_to_service=1)))
    assert many.episodes.collect().height > 750


@pytest.mark.parametrize(
    ("part", "change", "table", "column", "value"),
    [
        ("attendance", Attendance(unknown=0), "appointments", "outcome", "unknown"),
        ("pauses", Pauses(client_break=0), "pauses", "reason", "client_break"),
        ("pauses", Pauses(leave_weeks_a_year=0), "pauses", "reason", "therapist_leave"),
        ("safeguards", Safeguards(supervision=0), "actions", "kind", "supervision"),
        (
            "messages",
            Messages(outreach=0, outreach_after_late_cancel=0, outreach_in_silence=0),
            "contacts",
            "purpose",
            "outreach",
        ),
        (
            "messages",
            Messages(delivered=1, delivery_not_recorded=0),
            "contacts",
            "delivered",
            False,
        ),
        (
            "endings",
            Endings(transferred=0, transferred_if_deteriorated=0),
            "episodes",
            "end_reason",
            "transferred",
        ),
        ("service", Service(video=1, phone=0), "appointments", "modality", "chat"),
    ],
)
def test_what_the_truth_rules_out_does_not_occur(part, change, table, column, value):
    def occurs(truth):
        frame = cn.synthetic_cohort(600, 17, truth)[0].table(table)
        return frame.filter(pl.col(column) == value).collect().height

    assert occurs(Truth()) > 0
    assert occurs(Truth(**{part: change})) == 0
