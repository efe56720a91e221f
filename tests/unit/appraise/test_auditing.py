"""The audit: every measure against a table worked out by hand, and what it never shows."""

import polars as pl
import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.appraise.measures import MEASURES
from carenotebook.core.errors import MissingDataError, OptionError

RULE = c.Rule("two misses", c.missed(within="90d") >= 2)

VISITS = {
    "a": ["N10", "N20", "A30", "N40"],  # flagged on day 20, came back on day 30
    "b": ["N10", "P12", "N30"],  # flagged on day 30, left on day 60
    "c": ["N10", "N150", "N180", "N190"],  # flagged on day 180, which is too late to follow
    "d": ["A10", "A20"],  # never flagged, got worse
    "e": ["T3", "N5", "N6", "A70"],  # flagged on day 6, came back after 64 days
    "f": ["N5"],  # never flagged, dropped out on day 20, nobody reached out
    "g": ["A10"],  # waited from day 2 to day 8, while f missed an appointment
}
OUTCOMES = {"A": "attended", "N": "no_show", "P": "provider_cancel", "T": "technical_failure"}
SPOKEN = {"a": "X", "b": "X", "c": "X", "d": "X", "e": "Y", "f": "Y", "g": None}
GENDER = {"a": "F", "b": "M", "c": "F", "d": "F", "e": "M", "f": "M", "g": "F"}


def tables():
    left = {"b": (60, "dropped_out"), "f": (20, "dropped_out")}
    return {
        "appointments": [
            {
                "client_id": i,
                "start": int(v[1:]),
                "outcome": OUTCOMES[v[0]],
                "duration_min": 60.0,
            }
            for i, found in VISITS.items()
            for v in found
        ],
        "episodes": [
            {
                "client_id": i,
                "referred_at": None,
                "started_at": 8 if i == "g" else 0,
                "ended_at": left.get(i, (None,))[0],
                "end_reason": left.get(i, (None, None))[1],
            }
            for i in VISITS
        ],
        "clients": [
            {"client_id": i, "language": s, "gender": GENDER[i]} for i, s in SPOKEN.items()
        ],
        "contacts": [
            {
                "client_id": i,
                "at": at,
                "direction": "outbound",
                "purpose": "outreach",
                "delivered": reached,
            }
            for i, at, reached in (("a", 15, True), ("b", 16, False), ("c", 20, True))
        ],
        "actions": [
            {"client_id": "b", "at": 25, "kind": "attendance_conversation"},
            {"client_id": "b", "at": 35, "kind": "notice"},
            {"client_id": "e", "at": 5.5, "kind": "notice"},
            {"client_id": "c", "at": 181, "kind": "risk_review"},
        ],
        "measures": [
            {"client_id": i, "at": at, "instrument": "PHQ-9", "score": score, "item_9": item}
            for i, at, score, item in (
                ("a", 5, 22.0, 2),
                ("a", 30, 8.0, 0),
                ("b", 2, 12.0, 0),
                ("d", 0, 5.0, None),
                ("d", 20, 15.0, None),
            )
        ],
        "policies": [
            {"policy": "ends", "kind": "ending_rule", "start": 25, "end": 100},
            {"policy": "texts", "kind": "reminder", "start": 0, "end": None},
        ],
    }


def cohort(**changed):
    given = {**tables(), **changed}
    for row in given.get("episodes") or ():
        if row["client_id"] == "g" and "referred_at" in row:
            row["referred_at"] = 2
    return build(as_of=200, **{n: rows for n, rows in given.items() if rows is not None})


@pytest.fixture(scope="module")
def audited():
    return cn.audit(cn.replay(RULE, cohort()), by=["language", "gender"])


# term: events, units, left out, estimate, of everyone
BY_HAND = {
    "would_have_come_back": (1, 3, 1, 1 / 3),
    "no_delivered_outreach": (3, 4, 0, 3 / 4),
    "no_attendance_conversation": (3, 4, 0, 3 / 4),
    "no_alternative_offered": (4, 4, 0, 1.0),
    "no_risk_review": (4, 4, 0, 1.0),
    "provider_or_technology": (2, 10, 0, 0.2),
    "days_to_flag": (None, 4, 0, 25.0),
    "notice_or_ending_after": (1, 3, 1, 1 / 3),
    "severe_at_flag": (1, 2, 2, 1 / 2),
    "item_9_look_now": (1, 4, 0, 1 / 4),
    "well_later": (1, 1, 3, 1.0),
    "reviews_a_week": (None, 7, 0, 4 / (200 / 7)),
    "hours_missed_after": (None, 3, 1, 1 / 3),
    "hours_used_after": (None, 3, 1, 1 / 3),
    "worse_unflagged": (1, 7, 0, 1000 / 7),
    "left_unreached": (1, 7, 0, 1000 / 7),
    "missed_while_others_wait": (None, 7, 0, 1000 / 7),
    "after_earlier_action": (1, 4, 0, 1 / 4),
    "under_a_recorded_policy": (1, 4, 0, 1 / 4),
    "flagged_in_time": (4, 7, 0, 4 / 7),
}


@pytest.mark.parametrize("term", BY_HAND)
def test_every_measure_is_as_worked_out_by_hand(audited, term):
    (row,) = audited.tidy().filter(split="everyone", term=term).iter_rows(named=True)
    *counts, estimate = BY_HAND[term]
    assert [row[n] for n in ("numerator", "denominator", "left_out")] == counts
    assert row["estimate"] == pytest.approx(estimate, rel=1e-12)


def test_the_table_by_hand_misses_no_measure():
    assert list(BY_HAND) == [m.term for m in MEASURES], "and this is the order of the audit"


def test_groups_combinations_and_missing_values_are_groups(audited):
    rows = audited.tidy().filter(term="would_have_come_back")
    found = {
        (r["split"], r["group"]): (r["numerator"], r["denominator"], r["left_out"])
        for r in rows.iter_rows(named=True)
    }
    assert found == {
        ("everyone", "everyone"): (1, 3, 1),
        ("language", "X"): (1, 2, 1),
        ("language", "Y"): (0, 1, 0),
        ("language", "missing"): (0, 0, 0),
        ("gender", "F"): (1, 1, 1),
        ("gender", "M"): (0, 2, 0),
        ("language by gender", "X, F"): (1, 1, 1),
        ("language by gender", "Y, M"): (0, 1, 0),
        ("language by gender", "X, M"): (0, 1, 0),
        ("language by gender", "missing, F"): (0, 0, 0),
    }


def test_differences_are_from_the_largest_group_and_flag_rates_come_last(audited):
    tidy = audited.tidy()
    assert set(tidy.filter(split="language")["reference"]) == {"X"}
    (row,) = tidy.filter(split="language", group="Y", term="flagged_in_time").iter_rows(named=True)
    assert row["difference"] == pytest.approx(1 / 2 - 3 / 4)
    assert tidy["term"].unique(maintain_order=True).to_list()[-2:] == [
        "flagged_in_time",
        "flag_rate_ratio",
    ]
    (ratio,) = tidy.filter(split="language", group="Y", term="flag_rate_ratio").iter_rows(
        named=True
    )
    assert ratio["estimate"] == pytest.approx((1 / 2) / (3 / 4))


@pytest.mark.parametrize(
    ("table", "terms", "needs"),
    [
        ("contacts", ["no_delivered_outreach"], "needs contacts (purpose, delivered)"),
        ("actions", ["no_risk_review", "notice_or_ending_after"], "needs actions (kind)"),
        ("measures", ["item_9_look_now"], "needs measures (item_9)"),
        ("policies", ["under_a_recorded_policy"], "needs policies"),
    ],
)
def test_a_measure_without_its_table_says_what_to_supply(table, terms, needs):
    found = cn.audit(cn.replay(RULE, cohort(**{table: None})))
    rows = found.tidy().filter(pl.col("term").is_in(terms))
    assert rows["needs"].to_list() == [needs] * len(terms)
    assert rows["estimate"].null_count() == len(terms)
    assert needs in found.summary()
    assert needs in found._repr_html_()


def test_a_missed_appointment_in_a_pause_is_no_disturbance():
    pauses = [{"client_id": "b", "start": 9, "end": 11, "reason": "hospital"}]
    rule = c.Rule("one miss", c.missed(within="90d") >= 1)
    rows = cn.audit(cn.replay(rule, cohort(pauses=pauses))).tidy()
    (row,) = rows.filter(term="provider_or_technology").iter_rows(named=True)
    # a: N10. b: P12 N30, not the excused N10. c: N10. e: T3 N5. f: N5.
    assert (row["numerator"], row["denominator"]) == (2, 7)


def test_a_flag_that_nothing_follows_and_a_rule_that_flags_nobody():
    nobody = cn.audit(cn.replay(c.Rule("never", c.missed() >= 99), cohort()), "language")
    (row,) = nobody.tidy().filter(split="everyone", term="no_risk_review").iter_rows(named=True)
    assert (row["denominator"], row["estimate"]) == (0, None)
    assert nobody.summary()
    assert nobody.plot().svg()


def test_what_cannot_be_audited_is_refused():
    replay = cn.replay(RULE, cohort())
    with pytest.raises(OptionError, match="needs a replay"):
        cn.audit(RULE)
    with pytest.raises(OptionError, match="client_id"):
        cn.audit(replay, "client_id")
    with pytest.raises(MissingDataError, match="shoe_size"):
        cn.audit(replay, "shoe_size")
    with pytest.raises(OptionError, match="up to 3"):
        cn.audit(replay, ["a", "b", "c", "d"])
    with pytest.raises(OptionError, match="no length"):
        cn.audit(replay, horizon="0d")


def test_where_nobody_has_a_phq_9_nothing_is_said_of_item_9():
    scores = [{"client_id": "a", "at": 5, "instrument": "GAD-7", "score": 9.0, "item_9": None}]
    found = cn.audit(cn.replay(RULE, cohort(measures=scores)))
    row = found.tidy().filter(term="item_9_look_now").row(0, named=True)
    assert (row["needs"], row["estimate"]) == ("needs item_9 of the PHQ-9 in measures", None)


def test_what_never_happened_is_not_told_as_certain_never_to_happen():
    people = [f"p{i:02d}" for i in range(40)]
    cohort = build(
        appointments=[{"client_id": p, "start": 5, "outcome": "attended"} for p in people],
        episodes=[
            {"client_id": p, "referred_at": 0, "started_at": 1, "ended_at": None} for p in people
        ],
    )
    rule = c.Rule("seen", (c.attended() >= 1) & (c.days_in_care() < 30))
    found = cn.audit(cn.replay(rule, cohort))
    row = found.tidy().row(by_predicate=pl.col("term") == "missed_while_others_wait", named=True)
    assert (row["estimate"], row["conf_low"], row["conf_high"]) == (0.0, None, None)
    assert "0 per 1,000 referred (no interval, as all are alike)" in found.summary()
    assert found.plot().alternative
    assert "0.0 to 0.0" not in found._repr_html_()
