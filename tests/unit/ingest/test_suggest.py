"""What `suggest_mapping` recognises in real and invented layouts, and what it leaves open."""

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook.core import schema
from carenotebook.core.errors import DataError, MappingError, OptionError
from carenotebook.ingest import suggest_names
from carenotebook.ingest.fields import OTHER_ROW
from carenotebook.ingest.yamltext import load_yaml

ROOT = Path(__file__).parents[3]
CTN0094 = ROOT.parent / "shared" / "data" / "ctn0094"
REDCAP = ROOT / "notebooks" / "data" / "redcap_export.csv"
CLIENTS = 24
VISITS = 4


def days(layout):
    """A day for each of the visits, all through the month."""
    first = date(2025, 1, 6)
    made = [first + timedelta(days=11 * i) for i in range(CLIENTS * VISITS)]
    return [d.strftime(layout) for d in made]


def repeated(values):
    """The values in turn, one a visit; each falls to every client."""
    return [values[(i // CLIENTS + i) % len(values)] for i in range(CLIENTS * VISITS)]


def ids(template):
    return [template.format(i % CLIENTS) for i in range(CLIENTS * VISITS)]


def numbered(template):
    return [template.format(i) for i in range(CLIENTS * VISITS)]


def mapping_of(suggestion, folder):
    return load_yaml(suggestion.save(folder / "suggested.yml"))


PUBLIC_NO_SHOWS = pl.DataFrame(
    {
        "PatientId": ids("2987249982{:04}"),
        "AppointmentID": numbered("564{:04}"),
        "Gender": repeated(["F", "M"]),
        "ScheduledDay": days("%Y-%m-%dT08:38:08Z"),
        "AppointmentDay": days("%Y-%m-%dT00:00:00Z"),
        "Age": repeated(["62", "56", "8"]),
        "Neighbourhood": repeated(["North", "South"]),
        "SMS_received": repeated(["0", "1"]),
        "No-show": repeated(["No", "No", "Yes"]),
    }
)
NHS = pl.DataFrame(
    {
        "NHS_NUMBER_PSEUDONYM": ids("P{:05}"),
        "CARE_PROFESSIONAL_ID": repeated(["CP1", "CP2", "CP3"]),
        "APPOINTMENT_DATE": days("%d/%m/%Y"),
        "ATTENDED_OR_DID_NOT_ATTEND_CODE": repeated(["05", "06", "03", "07", "02", "04", "5"]),
        "CONSULTATION_MEDIUM_USED": repeated(["Telephone", "Face to face", "Video"]),
        "CLINICAL_CONTACT_DURATION_OF_APPOINTMENT": repeated(["50", "30"]),
    }
)
PRACTICE = pl.DataFrame(
    {
        "Client": ids("A-{:03}"),
        "Appt ID": numbered("AP{:05}"),
        "Start Time": days("%m/%d/%Y 02:30 PM"),
        "Clinician": repeated(["T1", "T2"]),
        "Status": repeated(
            ["Show", "No show", "Late canceled", "Canceled", "Clinician canceled", "Rescheduled"]
        ),
        "Appt Type": repeated(["Intake", "Session"]),
        "Duration (min)": repeated(["50", "45"]),
        "Cancelled On": repeated(["", "NA"]),
    }
)
FHIR = pl.DataFrame(
    {
        "patient_id": ids("pat-{:02}"),
        "appointment_id": numbered("a{:04}"),
        "start": days("%Y-%m-%dT09:30:00+01:00"),
        "status": repeated(["fulfilled", "noshow", "cancelled", "booked", "entered-in-error"]),
        "created": days("%Y-%m-%dT07:00:00Z"),
    }
)
MESSAGES = pl.DataFrame(
    {
        "Client ID": ids("c{:03}"),
        "Sent": days("%Y-%m-%d 10:00"),
        "Direction": repeated(["Incoming", "Outgoing"]),
        "Channel": repeated(["sms", "call"]),
        "Message Type": repeated(["Reminder", "Outreach"]),
        "Delivery status": repeated(["Delivered", "Failed"]),
    }
)
SCORES = pl.DataFrame(
    {
        "participant_id": ids("s{:03}"),
        "completed_at": days("%d-%b-%Y"),
        "measure": repeated(["PHQ9", "GAD7"]),
        "total_score": repeated(["9", "12", "3"]),
    }
)
WIDE_SCORE = pl.DataFrame(
    {
        "participant_id": ids("s{:03}"),
        "date": days("%Y-%m-%d"),
        "phq9_9": repeated(["0", "1"]),
        "phq9_total": repeated(["9", "12", "3"]),
    }
)
EPISODES = pl.DataFrame(
    {
        "ClientId": [f"c{i}" for i in range(CLIENTS)],
        "Referral Date": days("%Y-%m-%d")[:CLIENTS],
        "Date Opened": days("%Y-%m-%d")[:CLIENTS],
        "Discharge Date": [""] * CLIENTS,
        "Discharge Reason": (["Completed treatment", "Dropped out", ""] * CLIENTS)[:CLIENTS],
    }
)

EXPECTED = {
    "a public no-show file": (
        PUBLIC_NO_SHOWS,
        {
            "appointments": {
                "client_id": "PatientId",
                "start": "AppointmentDay",
                "outcome": {"column": "No-show", "values": {"No": "attended", "Yes": "no_show"}},
                "appointment_id": "AppointmentID",
                "booked_at": "ScheduledDay",
            }
        },
        ("Gender", "Age", "Neighbourhood", "SMS_received"),
    ),
    "an NHS extract": (
        NHS,
        {
            "appointments": {
                "client_id": "NHS_NUMBER_PSEUDONYM",
                "start": {"column": "APPOINTMENT_DATE", "format": "%d/%m/%Y"},
                "outcome": {
                    "column": "ATTENDED_OR_DID_NOT_ATTEND_CODE",
                    "values": {
                        "02": "early_cancel",
                        "03": "no_show",
                        "04": "provider_cancel",
                        "05": "attended",
                        "06": "attended",
                        "07": "no_show",
                        "5": "attended",
                    },
                },
                "therapist_id": "CARE_PROFESSIONAL_ID",
                "modality": {
                    "column": "CONSULTATION_MEDIUM_USED",
                    "values": {
                        "Face to face": "in_person",
                        "Telephone": "phone",
                        "Video": "video",
                    },
                },
                "duration_min": "CLINICAL_CONTACT_DURATION_OF_APPOINTMENT",
            }
        },
        (),
    ),
    "a practice system": (
        PRACTICE,
        {
            "appointments": {
                "client_id": "Client",
                "start": {"column": "Start Time", "format": "%m/%d/%Y %I:%M %p"},
                "outcome": {
                    "column": "Status",
                    "values": {
                        "Canceled": "early_cancel",
                        "Clinician canceled": "provider_cancel",
                        "Late canceled": "late_cancel",
                        "No show": "no_show",
                        "Rescheduled": "rescheduled",
                        "Show": "attended",
                    },
                },
                "appointment_id": "Appt ID",
                "therapist_id": "Clinician",
                "kind": {
                    "column": "Appt Type",
                    "values": {"Intake": "assessment", "Session": "treatment"},
                },
                "duration_min": "Duration (min)",
            }
        },
        ("Cancelled On",),
    ),
    "messages": (
        MESSAGES,
        {
            "contacts": {
                "client_id": "Client ID",
                "at": "Sent",
                "direction": {
                    "column": "Direction",
                    "values": {"Incoming": "inbound", "Outgoing": "outbound"},
                },
                "channel": "Channel",
                "purpose": {
                    "column": "Message Type",
                    "values": {"Outreach": "outreach", "Reminder": "reminder"},
                },
                "delivered": {
                    "column": "Delivery status",
                    "values": {"Delivered": "true", "Failed": "false"},
                },
            }
        },
        (),
    ),
    "scores in rows": (
        SCORES,
        {
            "measures": {
                "client_id": "participant_id",
                "at": {"column": "completed_at", "format": "%d-%b-%Y"},
                "instrument": {"column": "measure", "values": {"GAD7": "GAD-7", "PHQ9": "PHQ-9"}},
                "score": "total_score",
            }
        },
        (),
    ),
    "one score column": (
        WIDE_SCORE,
        {
            "measures": {
                "client_id": "participant_id",
                "at": "date",
                "instrument": {"value": "PHQ-9"},
                "score": "phq9_total",
                "item_9": "phq9_9",
            }
        },
        (),
    ),
    "episodes": (
        EPISODES,
        {
            "episodes": {
                "client_id": "ClientId",
                "started_at": "Date Opened",
                "referred_at": "Referral Date",
                "end_reason": {
                    "column": "Discharge Reason",
                    "values": {"Completed treatment": "completed", "Dropped out": "dropped_out"},
                },
            }
        },
        ("Discharge Date",),
    ),
}


@pytest.mark.parametrize("layout", EXPECTED)
def test_a_layout_is_recognised_exactly(layout, tmp_path):
    frame, expected, unplaced = EXPECTED[layout]
    frame.write_csv(tmp_path / "export.csv")
    suggestion = cn.suggest_mapping(tmp_path / "export.csv")
    assert mapping_of(suggestion, tmp_path) == expected
    assert suggestion.unplaced == unplaced
    assert suggestion.complete


@pytest.mark.parametrize("layout", EXPECTED)
def test_an_accepted_suggestion_reads_a_clean_file_without_a_reject(layout, tmp_path):
    frame, _, _ = EXPECTED[layout]
    suggestion = cn.suggest_mapping(frame)
    path = suggestion.save(tmp_path / "suggested.yml")
    ours = pl.DataFrame(
        {"client_id": ["c1"], "start": ["2025-01-06 09:00"], "outcome": ["attended"]}
    )
    tables = {"appointments": ours} | {suggestion.table: frame}
    cohort = cn.from_frames(**tables, mapping=path)
    assert cohort.rejected.height == 0
    assert cohort.table(suggestion.table).collect().height == frame.height


def test_statuses_of_fhir_keep_to_what_they_say(tmp_path):
    suggestion = cn.suggest_mapping(FHIR)
    assert mapping_of(suggestion, tmp_path)["appointments"] == {
        "client_id": "patient_id",
        "start": "start",
        "outcome": {
            "column": "status",
            "values": {
                "booked": "booked",
                "cancelled": "unknown",
                "fulfilled": "attended",
                "noshow": "no_show",
            },
        },
        "appointment_id": "appointment_id",
        "booked_at": "created",
    }
    cohort = cn.from_frames(FHIR, mapping=tmp_path / "suggested.yml")
    assert set(cohort.rejected["reason"]) == {
        "'entered-in-error' is not among the mapping's values"
    }


def test_excel_and_parquet_give_the_same_suggestion(tmp_path):
    import openpyxl

    PRACTICE.write_parquet(tmp_path / "export.parquet")
    book = openpyxl.Workbook()
    book.active.title = "Export"
    for row in [PRACTICE.columns, *PRACTICE.rows()]:
        book.active.append(row)
    book.save(tmp_path / "export.xlsx")
    expected = cn.suggest_mapping(PRACTICE).tidy()
    for name in ("export.parquet", "export.xlsx", "export.xlsx#Export"):
        assert cn.suggest_mapping(tmp_path / name).tidy().equals(expected)
    assert 'cn.read_excel("export.xlsx#Export"' in str(cn.suggest_mapping(tmp_path / name))


def test_times_that_have_a_type_need_no_layout(tmp_path):
    typed = PRACTICE.with_columns(
        pl.Series("Start Time", [datetime(2025, 1, 6, 9)] * PRACTICE.height)  # noqa: DTZ001
    )
    assert mapping_of(cn.suggest_mapping(typed), tmp_path)["appointments"]["start"] == "Start Time"


def test_a_suggestion_is_not_a_mapping_until_it_is_saved():
    suggestion = cn.suggest_mapping(PRACTICE)
    with pytest.raises(MappingError):
        cn.from_frames(PRACTICE, mapping=suggestion)


def test_saving_does_not_overwrite_what_was_corrected(tmp_path):
    suggestion = cn.suggest_mapping(PRACTICE)
    path = suggestion.save(tmp_path / "m.yml")
    path.write_text("corrected")
    with pytest.raises(DataError, match="is not overwritten"):
        suggestion.save(path)
    assert path.read_text() == "corrected"


def test_the_table_can_be_said():
    said = cn.suggest_mapping(SCORES, table="contacts")
    assert said.table == "contacts"
    assert not said.complete
    with pytest.raises(OptionError, match="table="):
        cn.suggest_mapping(SCORES, table="scores")


def test_a_date_and_its_time_of_day_are_joined(tmp_path):
    apart = NHS.with_columns(APPOINTMENT_TIME=pl.Series(repeated(["09:30", "14:00"])))
    suggestion = cn.suggest_mapping(apart)
    assert mapping_of(suggestion, tmp_path)["appointments"]["start"] == {
        "join": ["APPOINTMENT_DATE", "APPOINTMENT_TIME"],
        "format": "%d/%m/%Y %H:%M",
    }
    assert suggestion.unplaced == ()
    cohort = cn.from_frames(apart, mapping=tmp_path / "suggested.yml")
    assert cohort.rejected.height == 0
    assert cohort.appointments.collect()["start"].dt.hour().unique().sort().to_list() == [9, 14]


def test_a_typed_date_and_time_of_day_are_joined(tmp_path):
    typed = NHS.with_columns(
        pl.col("APPOINTMENT_DATE").str.to_date("%d/%m/%Y"),
        APPOINTMENT_TIME=pl.Series(repeated(["09:30:00", "14:00:00"])).str.to_time(),
    )
    suggestion = cn.suggest_mapping(typed)
    start = mapping_of(suggestion, tmp_path)["appointments"]["start"]
    assert start == {"join": ["APPOINTMENT_DATE", "APPOINTMENT_TIME"]}
    cohort = cn.from_frames(typed, mapping=tmp_path / "suggested.yml")
    assert cohort.appointments.collect()["start"].dt.hour().unique().sort().to_list() == [9, 14]


def test_items_without_a_total_are_summed(tmp_path):
    items = {f"GAD7_Q{n}": pl.Series(repeated(["0", "1", "3"])) for n in range(1, 8)}
    frame = WIDE_SCORE.select("participant_id", "date").with_columns(**items)
    suggestion = cn.suggest_mapping(frame)
    measures = mapping_of(suggestion, tmp_path)["measures"]
    assert measures["score"] == {"sum": list(items)}
    assert measures["instrument"] == {"value": "GAD-7"}
    assert suggestion.unplaced == ()


def test_a_score_beside_the_appointments_is_a_table_of_its_own(tmp_path):
    frame = PRACTICE.with_columns(phq9_total=pl.Series(repeated(["", "12", "", "3"])))
    suggestion = cn.suggest_mapping(frame)
    measures = mapping_of(suggestion, tmp_path)["measures"]
    assert measures == {
        "rows": {"unless": {"phq9_total": None}},
        "client_id": "Client",
        "at": {"column": "Start Time", "format": "%m/%d/%Y %I:%M %p"},
        "instrument": {"value": "PHQ-9"},
        "score": "phq9_total",
    }
    cohort = cn.from_frames(frame, measures=frame, mapping=tmp_path / "suggested.yml")
    assert cohort.measures.collect().height == frame.height / 2
    assert set(cohort.rejected["reason"]) == {OTHER_ROW}


REDCAP_FORMS = {
    "appointments": {
        "rows": {"when": {"redcap_repeat_instrument": "appointment"}},
        "client_id": "record_id",
        "start": "appt_start",
        "cancelled_at": "appt_cancelled",
    },
    "episodes": {
        "rows": {"when": {"redcap_repeat_instrument": None}},
        "client_id": "record_id",
        "started_at": "intake_date",
        "referred_at": "referral_date",
        "ended_at": "end_date",
    },
    "clients": {
        "rows": {"when": {"redcap_repeat_instrument": None}},
        "only": ["language", "age_band"],
        "client_id": "record_id",
    },
    "contacts": {
        "rows": {"when": {"redcap_repeat_instrument": "contact"}},
        "client_id": "record_id",
        "at": "contact_at",
        "delivered": "contact_delivered",
    },
    "measures": {
        "rows": {"when": {"redcap_repeat_instrument": ["gad7", "phq9"]}},
        "client_id": "record_id",
        "at": {"first_of": ["gad7_date", "phq9_date"]},
        "instrument": {
            "column": "redcap_repeat_instrument",
            "values": {"gad7": "GAD-7", "phq9": "PHQ-9"},
        },
        "score": {"first_of": ["gad7_total", {"sum": [f"phq9_{n}" for n in range(1, 10)]}]},
        "item_9": "phq9_9",
    },
    "checkins": {
        "rows": {"when": {"redcap_repeat_instrument": "checkin"}},
        "client_id": "record_id",
        "at": "checkin_date",
        "progress": "checkin_progress",
    },
}


def test_the_forms_of_a_redcap_export_become_tables(tmp_path):
    suggestion = cn.suggest_mapping(REDCAP)
    assert mapping_of(suggestion, tmp_path) == REDCAP_FORMS
    assert left_open(suggestion) == {
        **dict.fromkeys(REDCAP_CODES, "none of its words is known"),
        ("barrier", "checkin_barrier"): (
            "a field of check boxes, one column a choice: say what each means"
        ),
    }
    assert "mapping='redcap' reads them" in str(suggestion)
    assert suggestion.unplaced == (
        "redcap_event_name",
        "redcap_repeat_instance",
        *(f"{f}_complete" for f in ("intake", "appointment", "contact", "phq9", "gad7", "checkin")),
    )


REDCAP_CODES = [
    ("outcome", "appt_status"),
    ("modality", "appt_modality"),
    ("end_reason", "end_reason"),
    ("direction", "contact_direction"),
    ("purpose", "contact_purpose"),
]


def test_a_redcap_suggestion_with_its_codes_filled_in_reads_what_the_shipped_mapping_does(tmp_path):
    mapping = mapping_of(cn.suggest_mapping(REDCAP), tmp_path)
    shipped = load_yaml(ROOT / "carenotebook" / "ingest" / "mappings" / "redcap.yml")
    for table, field in [
        ("appointments", "outcome"),
        ("appointments", "modality"),
        ("episodes", "end_reason"),
        ("contacts", "direction"),
        ("contacts", "purpose"),
        ("checkins", "barrier"),
    ]:
        mapping[table][field] = shipped[table][field]
    files = dict.fromkeys(REDCAP_FORMS, REDCAP)
    corrected, expected = (cn.read_csv(**files, mapping=m) for m in (mapping, "redcap"))
    assert corrected.content_hash == expected.content_hash
    assert corrected.rejected.equals(expected.rejected)


def test_labels_of_a_redcap_export_are_recognised_as_words(tmp_path):
    labels = {"1": "Attended", "2": "No show", "3": "Late canceled", "5": "Provider cancelled"}
    raw = pl.read_csv(REDCAP, infer_schema=False)
    frame = raw.with_columns(pl.col("appt_status").replace_strict(labels, default=None))
    outcome = mapping_of(cn.suggest_mapping(frame), tmp_path)["appointments"]["outcome"]
    assert outcome["values"] == {
        "Attended": "attended",
        "Late canceled": "late_cancel",
        "No show": "no_show",
        "Provider cancelled": "provider_cancel",
    }


# --- What is left open


def left_open(suggestion):
    tidy = suggestion.tidy().filter(~pl.col("placed"))
    return {(r["field"], r["column"]): r["reasons"].split("; ")[0] for r in tidy.to_dicts()}


def test_a_date_that_can_be_read_both_ways_is_not_guessed(tmp_path):
    both = PRACTICE.with_columns(pl.Series("Start Time", repeated(["03/02/2025", "04/05/2025"])))
    suggestion = cn.suggest_mapping(both)
    assert left_open(suggestion) == {
        ("start", "Start Time"): "day or month first? every date can be read both ways"
    }
    text = str(suggestion)
    assert '  # start: {column: Start Time, format: "%d/%m/%Y"}' in text
    assert '  # start: {column: Start Time, format: "%m/%d/%Y"}' in text
    assert not suggestion.complete
    with pytest.raises(MappingError, match="needs start"):
        cn.from_frames(both, mapping=suggestion.save(tmp_path / "m.yml"))


def test_one_day_after_the_twelfth_tells_the_order():
    told = PRACTICE.with_columns(pl.Series("Start Time", repeated(["03/02/2025", "13/05/2025"])))
    assert left_open(cn.suggest_mapping(told)) == {}


def test_dates_of_both_orders_are_said_to_be_mixed():
    mixed = PRACTICE.with_columns(pl.Series("Start Time", repeated(["13/02/2025", "02/13/2025"])))
    found = left_open(cn.suggest_mapping(mixed))
    assert found["start", "Start Time"] == "some of its dates have the day first, others the month"


@pytest.mark.parametrize(
    ("words", "open_words"),
    [
        (["Show", "No show", "Cancelled"], {"Cancelled"}),
        (["Show", "No show", "Late canceled", "Canceled"], {"Canceled"}),
        (["Attended", "Arrived", "DNA"], {"Arrived"}),
        (["Attended", "DNA", "Ex-patient"], {"Ex-patient"}),
    ],
)
def test_a_word_that_does_not_say_who_or_whether_is_left_open(words, open_words):
    suggestion = cn.suggest_mapping(PRACTICE.with_columns(pl.Series("Status", repeated(words))))
    (outcome,) = (c for c in suggestion.tables[0].choices if c.field == "outcome")
    assert set(outcome.candidates[0].unknown) == open_words
    assert all(f"      # {w}: what does it mean?" in str(suggestion) for w in open_words)
    assert not suggestion.complete


def test_no_in_a_column_of_attendance_is_not_taken_for_a_miss():
    frame = PUBLIC_NO_SHOWS.rename({"No-show": "Attended"})
    text = str(cn.suggest_mapping(frame))
    assert '      "Yes": attended' in text
    assert '      # "No": what does it mean?' in text


def test_no_no_show_is_not_attended_where_cancellations_stand_elsewhere():
    frame = PUBLIC_NO_SHOWS.with_columns(cancelled=pl.Series(repeated(["0", "1"])))
    text = str(cn.suggest_mapping(frame))
    assert '      "Yes": no_show' in text
    assert '      # "No": what does it mean?' in text


def test_numbers_are_no_statuses_unless_the_name_says_so():
    frame = NHS.rename({"ATTENDED_OR_DID_NOT_ATTEND_CODE": "X1"})
    assert "X1" in cn.suggest_mapping(frame).unplaced


def test_two_columns_that_may_both_be_the_start_are_left_to_a_person():
    frame = pl.DataFrame(
        {
            "Client": ids("c{}"),
            "Appointment date": days("%Y-%m-%d"),
            "Session date": days("%Y-%m-%d"),
            "Status": repeated(["Show", "No show"]),
        }
    )
    found = left_open(cn.suggest_mapping(frame))
    assert found == {
        ("start", "Appointment date"): "more than one column may be it",
        ("start", "Session date"): "more than one column may be it",
    }


def test_an_id_and_a_date_alone_are_not_taken_for_a_table_with_confidence():
    frame = WIDE_SCORE.select("participant_id", "date")
    assert cn.suggest_mapping(frame).confidence < 0.6


def test_a_file_of_which_nothing_is_recognised_says_what_is_lacking(tmp_path):
    suggestion = cn.suggest_mapping(pl.DataFrame({"foo": ["x", "y"], "bar": ["u", "v"]}))
    assert suggestion.confidence == 0
    assert "  # client_id: no column found, and the table needs one" in str(suggestion)
    with pytest.raises(MappingError, match="needs client_id, start, outcome"):
        cn.from_frames(PRACTICE, mapping=suggestion.save(tmp_path / "m.yml"))
    assert suggestion.unplaced == ("foo", "bar")


def test_the_clinic_of_the_notebook_leaves_its_dates_and_one_word_open():
    suggestion = cn.suggest_mapping(REDCAP.with_name("clinic_export.csv"))
    both = "day or month first? every date can be read both ways"
    assert left_open(suggestion) == {("start", "Visit Date"): both, ("at", "Visit Date"): both}
    assert "      # Cancelled: what does it mean?" in str(suggestion)
    assert suggestion.unplaced == ("Area", "Comments")


@pytest.mark.skipif(not CTN0094.is_dir(), reason="CTN-0094 is not beside the project")
def test_trial_visits_are_mostly_left_open(tmp_path):
    suggestion = cn.suggest_mapping(CTN0094 / "visit.csv")
    assert mapping_of(suggestion, tmp_path) == {
        "blank": ["NA"],
        "appointments": {"outcome": {"column": "is_no_show", "values": {"1": "no_show"}}},
    }
    assert left_open(suggestion).keys() == {("client_id", "who"), ("start", "when")}
    assert suggestion.confidence < 0.5


# --- Privacy


def test_a_file_without_a_header_is_refused_without_naming_its_first_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Q7X,2025-01-06 09:00,Show\nQ7X,2025-01-13 09:00,Show\n")
    with pytest.raises(DataError, match="add a header row") as caught:
        cn.suggest_mapping(path)
    assert "Q7X" not in str(caught.value)


@pytest.mark.parametrize("row", ["AB,Smith,Show", "AB,2025-01-06,Show", "client 1,Ann,Show"])
def test_a_first_row_of_names_and_words_is_no_header(tmp_path, row):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([row] * 5))
    with pytest.raises(DataError, match="add a header row"):
        cn.suggest_mapping(path)


def test_a_header_whose_name_is_also_a_value_is_one():
    frame = PUBLIC_NO_SHOWS.with_columns(attended=pl.Series(repeated(["attended", "missed"])))
    assert cn.suggest_mapping(frame).table == "appointments"


def test_of_a_large_file_rows_from_all_over_are_looked_at(tmp_path, monkeypatch):
    path = tmp_path / "export.csv"
    pl.concat([PRACTICE] * 40).with_row_index("Row").write_csv(path)
    whole = cn.suggest_mapping(path)
    monkeypatch.setattr("carenotebook.ingest.suggest.LARGE", path.stat().st_size // 2)
    partly = cn.suggest_mapping(path)
    assert partly.tidy().equals(whole.tidy())
    assert "from all over it were looked at" in str(partly)
    assert "from all over it were looked at" not in str(whole)


def test_a_word_of_few_clients_is_counted_and_not_shown():
    status = ["Show", "No show", "jailed"] + ["Show"] * (CLIENTS * VISITS - 3)
    text = str(cn.suggest_mapping(PRACTICE.with_columns(pl.Series("Status", status))))
    assert "jailed" not in text
    assert "# 1 more that fewer than 11 clients have, not shown here" in text


def test_a_word_of_many_rows_but_few_clients_is_not_shown():
    few = PRACTICE.with_columns(Client=pl.Series(repeated(["A", "B", "C"])))
    status = repeated(["Show", "No show", "jailed"])
    assert "jailed" not in str(cn.suggest_mapping(few.with_columns(pl.Series("Status", status))))


def test_every_column_of_the_schema_has_names_by_which_it_is_known():
    without = {
        (table, column)
        for table in schema.TABLES
        for column in schema.dtypes(table)
        if column not in suggest_names.NAMES[table]
    }
    assert without == set()


SECRET = st.text(alphabet="QXZ", min_size=6, max_size=9)
NAMES = st.sampled_from(
    ["Client", "Status", "Type", "Start Time", "Notes", "Site", "Direction", "phq9_total", "Reason"]
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(NAMES, st.lists(SECRET, min_size=10, max_size=10), min_size=1, max_size=6),
    st.booleans(),
)
def test_no_value_of_a_client_is_in_what_is_suggested(columns, twice):
    frame = pl.DataFrame(columns)
    frame = pl.concat([frame, frame]) if twice else frame
    suggestion = cn.suggest_mapping(frame)
    said = f"{suggestion}{suggestion.tidy().rows()}{suggestion.unplaced}"
    assert not [v for values in columns.values() for v in values if v in said]
