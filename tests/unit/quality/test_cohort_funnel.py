"""Funnel plots of a cohort: the counts of its units, compared as by hand."""

import polars as pl
import pytest
from cohorts_for_tests import build
from polars.testing import assert_frame_equal

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError

UNITS = 12
EACH = 25


def missed_at(unit):
    return 60 if unit == UNITS - 1 else 24 + unit % 4


def clients_of(unit, each=EACH):
    return [f"u{unit:02}-{i:02}" for i in range(each)]


def service(**columns):
    """Every client of a unit four times; some of these appointments are missed."""
    rows = []
    for unit in range(UNITS):
        times = [(c, 7 * week + 1) for week in range(4) for c in clients_of(unit)]
        rows += [
            {
                "client_id": client,
                "start": day,
                "outcome": "no_show" if i < missed_at(unit) else "attended",
                "therapist_id": f"t{unit:02}",
                "site": "North" if unit < 6 else "South",
                **{name: value(unit) for name, value in columns.items()},
            }
            for i, (client, day) in enumerate(times)
        ]
    return build(appointments=rows)


def by_hand(rates, **options):
    units = pl.DataFrame(
        {
            "therapist_id": [f"t{u:02}" for u in range(UNITS)],
            "missed": [missed_at(u) for u in range(UNITS)],
            "expected": [4.0 * EACH * rate for rate in rates],
        }
    )
    return cn.quality.funnel(units, "therapist_id", "missed", "expected", **options).tidy()


def overall(units):
    return sum(missed_at(u) for u in units) / (4 * EACH * len(units))


def test_units_are_compared_with_all_of_them(tmp_path):
    cohort, expected = service(), by_hand([overall(range(UNITS))] * UNITS, limits=0.95)
    found = cn.funnel_plot(cohort, "therapist_id", limits=0.95)
    assert_frame_equal(found.tidy(), expected)
    stored = cn.load(cohort.save(tmp_path / "cohort", partitions=5))
    assert_frame_equal(cn.funnel_plot(stored, "therapist_id", limits=0.95).tidy(), expected)


def test_units_are_compared_within_what_is_adjusted_for():
    rates = [overall(range(6))] * 6 + [overall(range(6, UNITS))] * 6
    found = cn.funnel_plot(service(), "therapist_id", adjust="site")
    assert_frame_equal(found.tidy(), by_hand(rates))
    assert "within site" in found.summary()


def test_appointments_without_a_unit_are_left_out_and_said():
    cohort = service(therapist_id=lambda unit: None if unit == 0 else f"t{unit:02}")
    found = cn.funnel_plot(cohort, "therapist_id")
    assert found.tidy().height == UNITS - 1
    assert "without a therapist_id: about 100" in found.summary()


def test_units_of_few_clients_are_hidden():
    # 37 rows of 9 clients, of the unit of which 30 were missed.
    extra = build(
        appointments=[
            {
                "client_id": f"few-{i % 9}",
                "start": i,
                "outcome": "no_show" if i < 30 else "attended",
                "therapist_id": "t-small",
                "site": "North",
            }
            for i in range(37)
        ]
    )
    rows = pl.concat([c.appointments.collect() for c in (service(), extra)], how="diagonal")
    cohort = cn.from_frames(appointments=rows, as_of=extra.as_of)
    found = cn.funnel_plot(cohort, "therapist_id")

    few = found.tidy().filter(therapist_id="t-small").row(0, named=True)
    shown = found.released().frame
    assert few["observed"] == 30
    assert few["ratio"] not in shown["ratio"].to_list()
    # Shown units and the total over all would tell a single hidden one.
    assert shown["suppressed"].sum() >= 2
    assert "t-small" not in found._repr_html_() + str(found.plot().to_dict())


def test_it_ranks_nobody_and_is_for_reflection():
    found = cn.funnel_plot(service(), "therapist_id")
    assert found.tidy()["therapist_id"].is_sorted()
    assert found.released().frame["expected"].drop_nulls().is_sorted()
    assert "therapist_id" not in found.released().frame.columns
    text = found.summary()
    assert "not for ranking" in text
    assert "own reflection" in text
    assert "own reflection" not in cn.funnel_plot(service(), "site").summary()


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(MissingDataError, match="ward"):
        cn.funnel_plot(service(), "ward")
    with pytest.raises(OptionError, match="there is nothing to compare"):
        cn.funnel_plot(service(), "therapist_id", "technical_failure")
    with pytest.raises(OptionError, match="does not count excused"):
        cn.funnel_plot(service(), "site", "excused", denominator="kept_or_missed")
    own = [
        {"client_id": f"c{i}", "start": 1, "outcome": "attended", "therapist_id": f"t{i}"}
        for i in range(40)
    ]
    cohort = build(appointments=own)
    with pytest.raises(OptionError, match="names clients"):
        cn.funnel_plot(cohort, "therapist_id")
