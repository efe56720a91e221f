import re
from datetime import UTC, date, datetime

import polars as pl
import pytest

from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.describe.attendance import attendance
from carenotebook.privacy import Privacy

OPEN = Privacy(min_cell=2, round_to=1)


@pytest.fixture
def mixed(cohort_of, visits_of):
    rows = [
        *visits_of("a", ["attended", "no_show", "early_cancel", "attended"], site="N"),
        *visits_of("b", ["late_cancel", "rescheduled", "unknown", "excused"], site="S"),
        *visits_of("c", ["attended", "provider_cancel", "technical_failure", "booked"], site=None),
    ]
    clients = [
        {"client_id": "a", "language": "English"},
        {"client_id": "b", "language": None},
    ]
    return cohort_of(rows, clients=clients, as_of=40, episode_end="as_of")


@pytest.mark.parametrize(
    ("denominator", "attended", "of"),
    [("kept_or_missed", 3, 5), ("with_early_cancels", 3, 6), ("scheduled", 3, 10)],
)
def test_each_denominator_counts_what_it_names(mixed, denominator, attended, of):
    row = attendance(mixed, every=None, denominator=denominator).tidy().row(0, named=True)
    assert (row["numerator"], row["denominator"]) == (attended, of)
    assert row["denominator_name"] == denominator
    assert row["estimate"] == attended / of


def test_only_appointments_seen_count(cohort_of, visits_of):
    rows = visits_of("a", ["no_show", "attended", "attended", "no_show"])
    seen = cohort_of(rows, as_of=21, observed_from=7, episode_end="as_of")
    row = attendance(seen, every=None).tidy().row(0, named=True)
    # Day 0 is before observed_from, day 21 is as_of itself.
    assert (row["numerator"], row["denominator"]) == (2, 2)


def test_clients_are_counted_with_and_without_an_event(mixed):
    row = attendance(mixed, every=None).tidy().row(0, named=True)
    assert (row["clients"], row["clients_with"], row["clients_without"]) == (3, 2, 2)


def test_missing_values_are_a_group_of_their_own(mixed):
    by_site = attendance(mixed, by="site", every=None).tidy()
    assert dict(by_site.select("site", "denominator").rows()) == {"N": 3, "S": 1, "missing": 1}
    by_language = attendance(mixed, by="language", every=None).tidy()
    # b's language is null and c has no row in clients.
    assert dict(by_language.select("language", "denominator").rows()) == {
        "English": 3,
        "missing": 2,
    }


def test_groups_come_by_size_never_by_rate(cohort_of, visits_of):
    rows = [
        *visits_of("a", ["attended"] * 2, therapist_id="best"),
        *visits_of("b", ["no_show"] * 5, therapist_id="largest"),
        *visits_of("c", ["attended", "no_show", "no_show"], therapist_id="middle"),
    ]
    cohort = cohort_of(rows, as_of=60, episode_end="as_of")
    order = attendance(cohort, by="therapist_id", every=None).tidy()["therapist_id"].to_list()
    assert order == ["largest", "middle", "best"]


def test_bins_follow_the_local_calendar_across_clock_changes(cohort_of):
    # In London summer time begins on 31 March 2024 at 1 h UTC and ends on 27 October at 1 h UTC.
    instants = {
        datetime(2024, 3, 31, 22, 59, tzinfo=UTC): date(2024, 3, 1),
        datetime(2024, 3, 31, 23, 0, tzinfo=UTC): date(2024, 4, 1),
        datetime(2024, 10, 31, 23, 59, tzinfo=UTC): date(2024, 10, 1),
        datetime(2024, 11, 1, 0, 0, tzinfo=UTC): date(2024, 11, 1),
    }
    rows = [{"client_id": "a", "start": t, "outcome": "attended"} for t in instants]
    cohort = cohort_of(
        rows, timezone="Europe/London", as_of=datetime(2025, 1, 1, tzinfo=UTC), episode_end="as_of"
    )
    months = attendance(cohort).tidy()
    assert dict(months.select("period", "denominator").rows()) == dict.fromkeys(
        instants.values(), 1
    )


def test_weeks_begin_on_monday_and_quarters_with_their_month(cohort_of, visits_of):
    rows = visits_of("a", ["attended"] * 3, first=5, every=1)
    cohort = cohort_of(rows, as_of=30, episode_end="as_of")
    weeks = attendance(cohort, every="1w").tidy().select("period", "denominator").rows()
    assert weeks == [(date(2024, 1, 1), 2), (date(2024, 1, 8), 1)]
    assert attendance(cohort, every="1q").tidy()["period"].to_list() == [date(2024, 1, 1)]


def test_an_interval_is_wider_when_the_same_clients_repeat(cohort_of, visits_of):
    apart = [v for i in range(40) for v in visits_of(f"{i}", ["attended" if i % 2 else "no_show"])]
    alike = [
        v for i in range(10) for v in visits_of(f"{i}", ["attended" if i % 2 else "no_show"] * 4)
    ]
    widths = []
    for rows in (apart, alike):
        row = attendance(cohort_of(rows, as_of=90, episode_end="as_of"), every=None).tidy()
        assert row["estimate"][0] == 0.5
        widths.append(row["conf_high"][0] - row["conf_low"][0])
    assert widths[1] > 1.5 * widths[0]


def test_summary_gives_the_range_that_unresolved_appointments_leave(cohort_of, visits_of):
    rows = [v for i in range(40) for v in visits_of(f"{i}", ["attended", "no_show", "unknown"])]
    text = attendance(cohort_of(rows, as_of=90, episode_end="as_of")).summary()
    # 40 attended, 40 missed, 40 open: 40/120 to 80/120.
    assert "about 40 of 80 appointments" in text
    assert "33.3 % if all of them were missed and 66.7 % if all were attended" in text
    assert "attended + no-show + late cancellation" in text


def test_summary_does_not_tell_few_unresolved_appointments(cohort_of, visits_of):
    rows = [v for i in range(40) for v in visits_of(f"{i}", ["attended", "no_show"])]
    rows += visits_of("0", ["unknown"] * 3, first=30)
    text = attendance(cohort_of(rows, as_of=90, episode_end="as_of")).summary()
    assert "fewer than 11 clients" in text
    assert not re.search(r"\b3 past appointments|if all of them", text)


def test_released_rates_follow_from_rounded_counts(cohort_of, visits_of):
    rows = [v for i in range(47) for v in visits_of(f"{i}", ["attended" if i < 23 else "no_show"])]
    shown = attendance(cohort_of(rows, as_of=90, episode_end="as_of"), every=None).released().frame
    assert shown.select("numerator", "denominator", "estimate").row(0) == (25, 45, 25 / 45)


def test_what_cannot_be_split_by_is_refused(mixed):
    with pytest.raises(MissingDataError, match=r"by='postcode'.*site, language"):
        attendance(mixed, by="postcode")
    with pytest.raises(OptionError, match="client_id"):
        attendance(mixed, by="client_id")
    with pytest.raises(OptionError, match="twice"):
        attendance(mixed, by=["site", "site"])
    with pytest.raises(OptionError, match="1w, 1mo, 1q"):
        attendance(mixed, every="1d")
    with pytest.raises(OptionError, match="kept_or_missed"):
        attendance(mixed, denominator="all")


def test_no_appointments_give_an_unknown_rate_not_zero(cohort_of, visits_of):
    cohort = cohort_of(visits_of("a", ["booked"], first=9), as_of=1, episode_end="as_of")
    rate = attendance(cohort, every=None)
    assert rate.tidy()["estimate"].to_list() == [None]
    assert "unknown (no appointments)" in rate.summary()
    assert attendance(cohort).tidy().is_empty()


def test_repr_is_released(mixed):
    assert repr(attendance(mixed)) == attendance(mixed).summary()


def test_a_looser_gate_shows_what_a_stricter_one_hides(mixed):
    rate = attendance(mixed, every=None)
    assert rate.released().frame["suppressed"].to_list() == [True]
    assert rate.released(OPEN).frame.select(pl.col("numerator")).item() == 3


def test_it_says_that_rules_excuse_a_miss_in_a_pause(cohort_of, visits_of):
    visits = visits_of("a", ["attended", "no_show"])
    pauses = [{"client_id": "a", "start": 5, "end": 9}]
    told = "criteria take it as excused"
    assert told in attendance(cohort_of(visits, pauses=pauses, as_of=30)).summary()
    assert told not in attendance(cohort_of(visits, as_of=30)).summary()
