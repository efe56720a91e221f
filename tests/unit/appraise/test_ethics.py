"""The ethics review: what it finds in a design and in records, and what it never shows."""

import json

import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.appraise import preset_safeguards, professional_codes
from carenotebook.core.errors import OptionError
from carenotebook.criteria.safeguards import catalogue
from carenotebook.report.review import review

RULE = c.Rule("two misses", c.missed(within="90d") >= 2)
CLIENTS = ["a", "b", "c"]  # each flagged on day 20; d is not, e is flagged too late to follow


def message(client, at, channel="phone", purpose="outreach", *, delivered=True):
    return {
        "client_id": client,
        "at": at,
        "direction": "outbound",
        "purpose": purpose,
        "delivered": delivered,
        "channel": channel,
    }


def action(client, at, kind, response=None, detail=None):
    return {"client_id": client, "at": at, "kind": kind, "detail": detail, "response": response}


def cohort(**others):
    misses = [(i, day) for i in CLIENTS for day in (10, 20)] + [("d", 10), ("e", 90), ("e", 95)]
    return build(
        appointments=[{"client_id": i, "start": d, "outcome": "no_show"} for i, d in misses],
        episodes=[{"client_id": i, "started_at": 0, "ended_at": None} for i in [*CLIENTS, *"de"]],
        **others,
    )


RECORDS = {
    "contacts": [
        message("a", 12),
        message("a", 15, "letter"),
        message("b", 12),
        message("b", 15),
        message("b", 16, "letter", delivered=False),
        message("c", 12),
        message("c", 15, "sms", "reminder"),
        message("c", 25, "letter"),  # after the flag
    ],
    "actions": [
        action("a", 11, "attendance_conversation"),
        action("b", 30, "attendance_conversation"),  # too late
        action("a", 12, "alternative_offered", "declined"),
        action("c", 12, "alternative_offered", detail="time"),
        action("c", 40, "referral", "accepted"),
        action("a", 19, "referral", "none"),
        action("b", 90, "referral", "accepted"),  # beyond the horizon
        action("e", 95, "supervision"),
        action("b", 22, "notice"),
        action("d", 10, "risk_review"),  # not flagged
    ],
    "measures": [
        {"client_id": "a", "at": 15, "instrument": "PHQ-9", "score": 9, "item_9": 0},
        {"client_id": "b", "at": 15, "instrument": "PHQ-9", "score": 9, "item_9": None},
        {"client_id": "c", "at": 25, "instrument": "PHQ-9", "score": 9, "item_9": 1},  # after
    ],
    "checkins": [{"client_id": "c", "at": 18, "barrier": "cost"}],
}
EXPECTED = {  # recorded, of flags
    "contact_twice": (2, 4),
    "second_channel": (1, 4),
    "conversation": (1, 4),
    "alternatives": (2, 4),
    "offered_frequency": (0, 4),
    "offered_method": (0, 4),
    "offered_modality": (0, 4),
    "offered_time": (1, 4),
    "offered_therapist": (0, 4),
    "answer_recorded": (1, 4),
    "own_words": (1, 4),
    "risk_looked_at": (0, 4),
    "item_9_known": (1, 4),
    "second_clinician": (1, 4),
    "referral": (2, 3),
    "referral_taken_up": (1, 3),
    "notice": (1, 3),
}


def test_records_around_a_flag_by_hand():
    found = cn.ethics_review(RULE, cohort(**RECORDS)).recorded.tidy()
    counted = {r["term"]: (r["numerator"], r["denominator"]) for r in found.to_dicts()}
    assert counted == EXPECTED


def test_what_the_cohort_lacks_is_named_and_not_counted_as_missing():
    found = cn.ethics_review(RULE, cohort()).recorded.tidy()
    needs = dict(zip(found["term"], found["needs"], strict=True))
    assert needs["conversation"] == "needs actions (kind)"
    assert needs["second_channel"] == "needs contacts (purpose, delivered, channel)"
    assert found["numerator"].sum() == 0


def test_it_is_fit_only_without_a_blocking_gap():
    bare = cn.ethics_review(RULE)
    assert not bare.fit
    assert bare.title == "Not fit for use: 11 blocking safeguards are missing from 'two misses'"
    said = {s.key: "Somebody does." for s in catalogue().values() if s.weight == "blocking"}
    whole = cn.ethics_review(RULE, declared=said)
    assert whole.fit
    assert "must not be used" not in whole.summary()
    assert "declared was not shown" in whole.summary()
    one = cn.ethics_review(RULE, declared={k: v for k, v in said.items() if k != "way_back"})
    assert one.lacking == ("Way back",)
    assert one.title.startswith("Not fit for use: 1 blocking safeguard is missing")


def test_the_table_says_what_was_asked_found_and_what_to_change():
    rows = {r["safeguard"]: r for r in cn.ethics_review(RULE).tidy().to_dicts()}
    assert rows["way_back"]["status"] == "missing"
    assert rows["way_back"]["change"].startswith("Say how a client comes back")
    assert rows["protected"]["change"] is None
    shown = cn.ethics_review(RULE).released().frame
    assert shown.columns[:5] == ["safeguard", "weight", "asked", "found", "what to change"]


def test_fees_block_where_a_fee_is_charged():
    fee = [{"policy": "fee", "kind": "late_fee", "start": 0}]
    assert "Fees clear" not in cn.ethics_review(RULE, cohort()).lacking
    assert "Fees clear" in cn.ethics_review(RULE, cohort(policies=fee)).lacking


def test_a_profile_picks_codes_and_never_drops_what_blocks():
    every, bacp = cn.ethics_review(RULE), cn.ethics_review(RULE, profile="BACP")
    assert set(every.lacking) == set(bacp.lacking)
    assert {c.body for c in bacp.codes} == {"BACP", "Duty"}
    assert "fees_clear" in every.tidy()["safeguard"]
    assert "fees_clear" not in bacp.tidy()["safeguard"]
    with pytest.raises(OptionError, match="APA, NASW, ACA, BACP"):
        cn.ethics_review(RULE, profile="GMC")


def test_every_code_names_known_safeguards_and_whether_it_was_checked():
    codes = professional_codes()
    assert set(codes["safeguards"].explode()) <= set(catalogue())
    named = {f"{b} {n}" for b, n in codes.select("body", "number").iter_rows()}
    asked = {"APA 10.01", "APA 10.09", "APA 10.10", "NASW 1.17", "ACA A.11", "ACA A.12"}
    assert asked | {f"BACP {n}" for n in range(38, 43)} <= named
    assert set(codes["checked"]) == {"primary", "secondary"}
    assert codes["checked"].null_count() == 0


def test_every_safeguard_answers_a_code_or_a_duty():
    assert set(catalogue()) == set(professional_codes()["safeguards"].explode())


def test_the_table_of_presets_has_each_preset_and_safeguard():
    table = preset_safeguards()
    assert set(table.columns[2:]) == set(c.library())
    assert table["safeguard"].to_list() == [
        *(s.title for s in catalogue().values() if s.weight == "blocking"),
        *(s.title for s in catalogue().values() if s.weight == "advisory"),
    ]
    assert table.null_count().sum_horizontal().item() == 0
    assert table.filter(safeguard="Contact tried more than once")["ruh"].item() == "declared"
    assert table.filter(safeguard="Second clinician")["school_support_team"].item() == "shown"


def views(result):
    chart = result.plot()
    return [
        result._repr_html_(),
        repr(result),
        json.dumps(result.released().frame.to_dicts()),
        json.dumps(chart.to_dict()),
        chart.alternative,
    ]


def test_few_clients_are_hidden_in_every_view():
    """Nine clients with four safeguards each, of 37 rows, beside many without."""
    few = [f"s{i}" for i in range(9)]
    clients = [*few, *(f"m{i:02}" for i in range(60))]
    found = build(
        appointments=[
            {"client_id": i, "start": d, "outcome": "no_show"} for i in clients for d in (10, 20)
        ],
        episodes=[{"client_id": i, "started_at": 0, "ended_at": None} for i in clients],
        actions=[action(few[k % 9], 12 + k // 9, "risk_review") for k in range(37)],
    )
    result = cn.ethics_review(RULE, found)
    exact = result.recorded.tidy().filter(term="risk_looked_at").row(0, named=True)
    assert (exact["numerator"], exact["denominator"]) == (9, 69)
    row = result.recorded.released().frame.filter(term="risk_looked_at").row(0, named=True)
    assert row["suppressed"]
    assert row["numerator"] is None
    for text in [*views(result), *views(result.recorded)]:
        assert "9 of 69" not in text
        assert "10 of 70" not in text
        assert "13.0 %" not in text
        assert not any(f'"{i}"' in text for i in few)


def test_nested_records_do_not_tell_their_difference():
    """60 offers, of which 55 have an answer: 5 clients would follow from both."""
    clients = [f"m{i:02}" for i in range(80)]
    offers = [
        action(i, 12, "alternative_offered", None if k < 5 else "none")
        for k, i in enumerate(clients[:60])
    ]
    found = build(
        appointments=[
            {"client_id": i, "start": d, "outcome": "no_show"} for i in clients for d in (10, 20)
        ],
        episodes=[{"client_id": i, "started_at": 0, "ended_at": None} for i in clients],
        actions=offers,
    )
    shown = cn.ethics_review(RULE, found).recorded.released().frame
    hidden = dict(zip(shown["term"], shown["suppressed"], strict=True))
    assert not hidden["alternatives"]
    assert hidden["answer_recorded"]


def test_every_page_of_a_report_says_that_a_rule_is_not_fit(small_group_tables):
    data = cn.from_frames(**small_group_tables, episode_end="60d")
    unfit = review(data, RULE)
    page = unfit.html()
    warning = "Not fit for use: 11 blocking safeguards are missing. For study on past data only."
    header, footer = page.split("<header>")[1], page.split("<footer>")[1]
    assert warning in header.split("</header>")[0]
    assert warning in footer
    assert "@bottom-center" in page.split("</style>")[0], "on each printed page"
    assert warning in unfit.summary()
    assert unfit.figures()["rule"]["lacking"]
    said = [f"{s.key}: Somebody does." for s in catalogue().values() if s.weight == "blocking"]
    fit = review(data, c.Rule("fit", RULE.when, safeguards=said))
    assert "Not fit for use" not in fit.html() + fit.summary()
    assert fit.figures()["rule"]["lacking"] == []


def test_it_needs_a_criterion():
    with pytest.raises(OptionError, match="a rule or a protocol"):
        cn.ethics_review(RULE.when)
