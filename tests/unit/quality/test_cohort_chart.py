"""Control charts of a cohort: the counts of its periods, charted as by hand."""

from datetime import date, timedelta

import polars as pl
import pytest
from cohorts_for_tests import build, on

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError

WEEKS = 14
CLIENTS = 30


def missed_in(week):
    """How many miss in a week; more from the tenth on."""
    return 12 + week % 3 + (6 if week >= 10 else 0)


def service(weeks=WEEKS, as_of=None, missed=missed_in, **tables):
    """Everyone once a week, from a Monday on; some miss, and one more cancels early."""
    rows = [
        {
            "client_id": f"c{i:02}",
            "start": 7 * week + i % 5 + 0.5,
            "outcome": "no_show" if i < missed(week) else "attended",
        }
        for week in range(weeks)
        for i in range(CLIENTS)
    ]
    rows += [
        {"client_id": "c00", "start": 7 * w + 5, "outcome": "early_cancel"} for w in range(weeks)
    ]
    return build(as_of=7 * weeks if as_of is None else as_of, appointments=rows, **tables)


def by_hand(chart, value="missed", **options):
    weeks = pl.DataFrame(
        {
            "time": [date(2024, 1, 1) + timedelta(weeks=w) for w in range(WEEKS)],
            "missed": [missed_in(w) for w in range(WEEKS)],
            "of": [CLIENTS] * WEEKS,
        }
    ).with_columns(share=pl.col("missed") / pl.col("of"))
    return cn.quality.spc(weeks, value, "time", chart, improvement="down", **options)


@pytest.mark.parametrize("chart", ["p", "pprime"])
def test_charts_of_shares_are_those_of_the_counts(chart, tmp_path):
    cohort = service()
    expected = by_hand(chart, denominator="of").tidy()

    assert cn.control_chart(cohort, chart=chart).tidy().equals(expected)
    stored = cn.load(cohort.save(tmp_path / "cohort", partitions=3))
    assert cn.control_chart(stored, chart=chart).tidy().equals(expected)


@pytest.mark.parametrize(("chart", "value"), [("xmr", "share"), ("run", "share"), ("c", "missed")])
def test_charts_without_a_denominator(chart, value):
    found = cn.control_chart(service(), chart=chart).tidy()
    assert found.equals(by_hand(chart, value).tidy())


def test_another_measure_takes_the_denominator_that_counts_it():
    found = cn.control_chart(service(), "early_cancel", chart="p")
    assert found.tidy()["denominator"].unique().to_list() == [CLIENTS + 1]
    assert found.charted.denominator == "scheduled"
    assert cn.control_chart(service(), "attended", chart="p").improvement == "up"
    with pytest.raises(OptionError, match="does not count early_cancel"):
        cn.control_chart(service(), "early_cancel", denominator="kept_or_missed")


def test_periods_that_the_data_hold_in_part_are_left_out_and_said():
    whole, cut = service(), service(as_of=7 * WEEKS - 1)
    assert cn.control_chart(cut).tidy().height == cn.control_chart(whole).tidy().height - 1
    assert "in part: 1" in cn.control_chart(cut).summary()

    frame = whole.appointments.collect()
    later = cn.from_frames(appointments=frame, observed_from=on(1), as_of=on(7 * WEEKS))
    assert cn.control_chart(later).tidy()["time"][0] == date(2024, 1, 8)


def test_a_week_without_an_appointment_is_no_point_of_a_share_and_a_zero_of_a_count():
    quiet = service().appointments.collect().filter(~pl.col("start").is_between(on(21), on(28)))
    cohort = cn.from_frames(appointments=quiet, as_of=on(7 * WEEKS))

    shares, counts = cn.control_chart(cohort, chart="p"), cn.control_chart(cohort, chart="c")
    assert shares.tidy().height == WEEKS - 1
    assert "Without any such appointment: 1" in shares.summary()
    assert counts.tidy()["value"].to_list()[3] == 0


def test_a_policy_opens_a_phase_with_its_first_whole_period():
    started = [{"policy": "fee", "kind": "late_fee", "start": 7 * 10 - 2}]
    cohort = service(weeks=30, policies=started)
    found = cn.control_chart(cohort, policies="fee").tidy()
    assert found.filter(phase="fee")["time"][0] == date(2024, 1, 1) + timedelta(weeks=10)

    named = cn.control_chart(cohort, phases=[(date(2024, 3, 11), "fee")]).tidy()
    assert named.equals(found)


def test_what_cannot_be_charted_is_refused():
    twice = [
        {"policy": "fee", "kind": "late_fee", "start": d, "site": s}
        for d, s in ((30, "North"), (60, "South"))
    ]
    with pytest.raises(OptionError, match="several times"):
        cn.control_chart(service(policies=twice), policies="fee")
    with pytest.raises(OptionError, match="fee"):
        cn.control_chart(service(policies=twice), policies="fees")
    with pytest.raises(MissingDataError, match="policies"):
        cn.control_chart(service(), policies="fee")
    with pytest.raises(OptionError, match="no whole quarter"):
        cn.control_chart(service(weeks=3), every="1q")
    with pytest.raises(OptionError, match="measure"):
        cn.control_chart(service(), "sessions")


def test_points_of_few_clients_are_hidden_and_no_centre_tells_them():
    # In the fourth week five miss: of 30 clients, few.
    few = service(missed=lambda week: 5 if week == 3 else 15)
    found = cn.control_chart(few, chart="p")
    shown = found.released().frame

    assert shown["suppressed"][3]
    # The centre is a total over the points, so another point hides with it.
    assert shown["suppressed"].sum() > 1
    hidden = shown.filter("suppressed").select("value", "lower", "upper", "signal", "variation")
    assert hidden.null_count().row(0) == (hidden.height,) * 5
    assert shown.filter(~pl.col("suppressed"))["value"].unique().to_list() == [0.5]
    assert "0.1666" not in found._repr_html_() + found.summary()


def test_the_chart_and_its_words():
    found = cn.control_chart(service())
    text = found.summary()
    assert found.title == "Missed, of kept or missed: Laney p'-chart"
    assert "missed / (attended + no-show + late cancellation)" in text
    assert "denominator does not count: about 15" in text
    assert "Counted: missed" in str(found.plot().to_dict())
