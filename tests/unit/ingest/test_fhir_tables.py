"""Measures, contacts, episodes and clients out of FHIR resources."""

import warnings
from datetime import UTC, datetime

import pytest
from fhir_for_tests import (
    appointment,
    cancelled,
    communication,
    concept,
    encounter,
    episode,
    observation,
    reference,
    response,
    write,
)

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning

PHQ9 = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3"]
PHQ9 = [*PHQ9, "44260-8"]
GAD7 = ["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"]
ANSWERS = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    def read(*resources, **settings):
        path = write(tmp_path, [appointment("a"), *resources])
        return cn.read_fhir(path, **settings)

    return read


def _scores(cohort):
    rows = cohort.measures.select("client_id", "at", "instrument", "score", "item_9")
    return rows.collect().rows()


def _reasons(cohort):
    return cohort.rejected["reason"].to_list()


def _integers(codes, value=1):
    return {code: {"valueInteger": value} for code in codes}


@pytest.mark.parametrize(
    "answer",
    [
        {"valueInteger": 2},
        {"valueDecimal": 2.0},
        {"valueCoding": {"system": "http://loinc.org", "code": "LA6570-1"}},
        {"valueCoding": {"code": "2"}},
        {"valueCoding": {"code": "x", "extension": [{"url": ORDINAL, "valueDecimal": 2}]}},
    ],
)
def test_a_questionnaire_without_a_total_is_the_sum_of_its_items(read, answer):
    cohort = read(response("q", {**dict.fromkeys(PHQ9, answer), **dict.fromkeys(GAD7, answer)}))
    assert _scores(cohort) == [("c1", AT, "GAD-7", 14.0, None), ("c1", AT, "PHQ-9", 18.0, 2)]
    assert cohort.rows_in["measures"] == 2


def test_items_are_found_in_groups_and_below_answers(read):
    answers = _integers(PHQ9)
    flat = response("q", answers)["item"]
    group = {"linkId": "g", "item": flat[:4]}
    below = {"linkId": "h", "answer": [{"valueInteger": 0, "item": flat[4:]}]}
    cohort = read(response("q", {}, item=[{"linkId": "/44249-1", "item": [group, below]}]))
    assert _scores(cohort) == [("c1", AT, "PHQ-9", 9.0, 1)]


def test_a_total_that_is_given_is_the_score(read):
    total = response("q", {"44261-6": {"valueInteger": 17}, "44260-8": {"valueInteger": 0}})
    assert _scores(read(total)) == [("c1", AT, "PHQ-9", 17.0, 0)]


def test_an_observation_of_a_total_takes_the_items_of_its_client_and_instant(read):
    with pytest.warns(CareNotebookWarning, match=r"Observation of other codes \(fewer than 11\)"):
        cohort = read(
            observation("i", "44260-8", 1),
            observation("t", "44261-6", 12),
            observation("g", "70274-6", 9, client="c2"),
            observation("other", "8867-4", 70),
        )
    assert _scores(cohort) == [("c1", AT, "PHQ-9", 12.0, 1), ("c2", AT, "GAD-7", 9.0, None)]
    assert cohort.rows_in["measures"] == 2


def test_nine_observations_or_nine_components_are_a_score(read):
    each = [
        observation(f"i{i}", code, None, valueCodeableConcept=concept(ANSWERS[i % 4]))
        for i, code in enumerate(PHQ9)
    ]
    for one in each:
        del one["valueQuantity"]
    parts = [{"code": concept(c, "http://loinc.org"), "valueInteger": 1} for c in PHQ9]
    panel = observation("p", "44249-1", None, client="c2", component=parts)
    cohort = read(*each, panel)
    assert _scores(cohort) == [("c1", AT, "PHQ-9", 12.0, 0), ("c2", AT, "PHQ-9", 9.0, 1)]


def test_an_observation_derived_from_a_questionnaire_is_the_same_measurement(read):
    derived = {"derivedFrom": [reference("QuestionnaireResponse", "q")]}
    cohort = read(
        observation("t", "44261-6", 9, at="2026-03-02T09:05:00Z", **derived),
        response("q", _integers(PHQ9)),
    )
    assert _scores(cohort) == [("c1", AT, "PHQ-9", 9.0, 1)]
    cohort = read(observation("t", "44261-6", 10, **derived), response("q", _integers(PHQ9)))
    assert _reasons(cohort) == ["has a total that is not the sum of its items"]


def test_what_is_no_score_is_set_aside(read):
    cohort = read(
        response("some", _integers(PHQ9[:8])),
        response("draft", _integers(PHQ9), status="in-progress"),
        response("twice", {**_integers(PHQ9), **_integers(["x/44260-8"], 2)}, client="c2"),
        response("high", _integers(GAD7, 4)),
        response("none", _integers(["1.1"])),
        observation("early", "44261-6", 9, status="preliminary"),
        observation("wrong", "44261-6", 9, status="entered-in-error"),
        observation("much", "44261-6", 28, at="2026-03-03T09:00:00Z"),
        observation("absent", "44261-6", None, at="2026-03-04T09:00:00Z"),
    )
    assert sorted(_reasons(cohort)) == sorted(
        [
            "has no total, and not every item",
            "is not completed",
            "has two answers to one item",
            "has an item outside 0 to 3",
            "has no item or total of an instrument that is known (LOINC)",
            "is not final",
            "was entered in error",
            "is outside the instrument's range",
            "is blank",
        ]
    )
    assert cohort.rows_in["measures"] == 9


def test_two_scores_of_one_instant_are_both_set_aside(read):
    cohort = read(observation("t", "44261-6", 12), observation("u", "44261-6", 13))
    assert _reasons(cohort) == ["is repeated"] * 2


def test_a_further_instrument_is_named_by_its_code(read):
    cohort = read(observation("b", "89209-1", 30), instruments={"89209-1": "BDI-II"})
    assert _scores(cohort) == [("c1", AT, "BDI-II", 30.0, None)]


def test_a_communication_is_a_contact(read):
    client, therapist = ("Patient", "c1"), ("Practitioner", "t1")
    topic = {"topic": concept("appointment-reminder"), "medium": [concept("PHONE")]}
    cohort = read(
        communication("1", therapist, client, **topic),
        communication("2", client, therapist, category=[concept("check-in")]),
        communication("3", therapist, client, "not-done"),
        communication("4", therapist, client, "unknown", topic=concept("local")),
        communication("5", ("RelatedPerson", "r1"), therapist),
        communication("6", therapist, client, "entered-in-error"),
        communication("7", therapist, client, "preparation", sent=None),
    )
    columns = ("direction", "channel", "purpose", "delivered")
    assert sorted(cohort.contacts.select(columns).collect().rows(), key=str) == sorted(
        [
            ("outbound", "PHONE", "reminder", True),
            ("inbound", None, "check_in", True),
            ("outbound", None, None, False),
            ("outbound", None, "other", None),
        ],
        key=str,
    )
    assert _reasons(cohort) == [
        "comes from someone who is neither the client nor the service",
        "was entered in error",
        "was not sent: it is in preparation or on hold",
    ]


def test_an_episode_of_care_is_an_episode(read):
    history = [
        {"status": "waitlist", "period": {"start": "2025-12-01", "end": "2026-01-05"}},
        {"status": "finished", "period": {"start": "2026-02-01"}},
    ]
    cohort = read(
        episode("1", statusHistory=history[:1], careManager=reference("Practitioner", "t1")),
        episode("2", "finished", client="c2", statusHistory=history),
        episode("3", "finished", client="c3", period={"start": "2026-01-05", "end": "2026-02-01"}),
        episode("4", "finished", client="c4"),
        episode("5", "planned", client="c5"),
        episode("6", "entered-in-error", client="c6"),
        episode("7", "sleeping", client="c7"),
    )
    rows = cohort.episodes.select("client_id", "referred_at", "ended_at", "end_reason").collect()
    referred, ended = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert rows.rows() == [
        ("c1", referred, None, "ongoing"),
        ("c2", referred, ended, None),
        ("c3", None, ended, None),
    ]
    assert _reasons(cohort) == [
        "has ended, but its end is not given: it would look open",
        "has not begun: it is planned or on a waiting list",
        "was entered in error",
        "'sleeping' is not the status of an EpisodeOfCare",
    ]


def _patient(client, /, **more):
    return {"resourceType": "Patient", "id": client, **more}


def test_a_patient_is_a_client_and_no_more_than_needed(read):
    welsh = {"language": concept("cy"), "preferred": True}
    cohort = read(
        _patient(
            "c1",
            name=[{"family": "Secret"}],
            gender="female",
            birthDate="1980-05",
            communication=[{"language": concept("en")}, welsh],
        ),
        _patient("c2", deceasedBoolean=False),
        _patient("c3", deceasedDateTime="2026-02-01"),
    )
    assert cohort.clients.collect().to_dicts() == [
        {
            "client_id": client,
            "gender": gender,
            "birth_year": year,
            "language": language,
            "deceased": deceased,
            "deceased_at": at,
        }
        for client, gender, year, language, deceased, at in [
            ("c1", "female", 1980, "cy", None, None),
            ("c2", None, None, None, "false", None),
            ("c3", None, None, None, "true", "2026-02-01"),
        ]
    ]


def test_a_death_ends_the_episode(read):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cohort = read(
            *(episode(c, client=c) for c in ("c1", "c2", "c3")),
            episode(
                "c4", "finished", client="c4", period={"start": "2026-01-05", "end": "2026-01-20"}
            ),
            _patient("c1", deceasedDateTime="2026-02-01"),
            _patient("c4", deceasedDateTime="2026-02-01"),
            cancelled("x", "pat-dec", client="c2", start="2026-02-03T10:00:00Z"),
        )
    rows = cohort.episodes.select("client_id", "ended_at", "end_reason").collect().rows()
    assert rows == [
        ("c1", datetime(2026, 2, 1, tzinfo=UTC), "died"),
        ("c2", datetime(2026, 2, 3, 10, tzinfo=UTC), "died"),
        ("c3", None, "ongoing"),
        ("c4", datetime(2026, 1, 20, tzinfo=UTC), None),
    ]


def test_a_resource_that_comes_twice_counts_once_unless_it_differs(read):
    visit = encounter("e")
    cohort = read(
        *(_patient("c1", gender="female"),) * 2,
        _patient("c2", gender="female"),
        _patient("c2", gender="male"),
        *(communication("1", ("Patient", "c1"), ("Practitioner", "t1")),) * 2,
        visit,
        visit,
        appointment("b"),
        appointment("b", "noshow"),
    )
    again, differ = "is given again, the same", "is repeated"
    assert sorted(cohort.rejected.select("table", "reason").rows()) == [
        ("appointments", again),
        ("appointments", differ),
        ("appointments", differ),
        ("clients", again),
        ("clients", differ),
        ("clients", differ),
        ("contacts", again),
    ]
