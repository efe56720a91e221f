"""Check-ins on paper: one page that says the same as the screen, and a reader that loses no row."""

import re
import subprocess

import polars as pl
import pytest
from jupyter_for_tests import CHROMIUM, FLAGS

import carenotebook as cn
from carenotebook import outreach
from carenotebook.core.errors import DataError, OptionError
from carenotebook.describe.alternatives import offered_obstacles
from carenotebook.outreach import checkin_notice as said

WORDS = "my mother hears every call"
NOTICE = {
    "in_danger": "Ring 112 now, or the crisis line on 0800 000 000, at any hour.",
    "seen_by": "Your therapist sees your answers. Nobody else does.",
    "used_for": "You look at them together when you next meet.",
}
HEAD = "code,date,obstacles,progress,go_on\n"
CODES = {"K1": "c1", "K2": "c2"}


def notice(**more):
    return outreach.CheckInNotice(**NOTICE, **more)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("keep_words", [False, True])
def test_it_is_one_page_of_a4(tmp_path, large, keep_words):
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    page = tmp_path / "form.html"
    long = {k: (v + " ") * 2 for k, v in NOTICE.items()}
    told = outreach.CheckInNotice(**long, keep_words=keep_words)
    page.write_text(outreach.checkin_form(told, "K7-22", large=large), encoding="utf-8")
    pdf = tmp_path / "form.pdf"
    command = [CHROMIUM, "--headless", *FLAGS, "--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
    subprocess.run([*command, page.as_uri()], check=True, capture_output=True, timeout=120)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 1


def test_it_says_what_the_screen_says_and_asks_nothing_of_a_network():
    page = outreach.checkin_form(notice(), "K7-22").replace("\N{NO-BREAK SPACE}", " ")
    for text in (*NOTICE.values(), said.LEAD, said.DANGER, said.UNWATCHED, said.NO_NAME, "K7-22"):
        assert text in page
    assert said.WORDS not in page
    assert said.WORDS in outreach.checkin_form(notice(keep_words=True))
    assert re.search(r"https?:|<script|<img|<link", page) is None
    assert "default-src 'none'" in page


def test_a_child_of_eleven_can_read_it():
    offered = [f"{o.words}." for o in offered_obstacles()]
    told = [said.LEAD, said.DANGER, said.UNWATCHED, said.NO_NAME, said.OBSTACLES, said.PROGRESS]
    told += [said.GO_ON, said.WORDS, said.WORDS_KEPT, said.WORDS_NOT_KEPT, f"{said.UNSAID}."]
    measured = outreach.reading_age(" ".join(told + offered))
    assert measured.met, measured
    assert measured.long_sentences == ()


def test_what_a_service_writes_is_shown_as_text():
    page = outreach.checkin_form(outreach.CheckInNotice("<b>112</b>", "You & us", "x"))
    assert "&lt;b&gt;112&lt;/b&gt;" in page
    assert "You &amp; us" in page


@pytest.mark.parametrize("code", ["Anna", "anna.b", "1", "", "K" * 17 + "1", "K 1"])
def test_a_name_is_no_code(code):
    with pytest.raises(OptionError, match="no name"):
        outreach.checkin_form(notice(), code)


def read(tmp_path, rows, codes=CODES, head=HEAD, **options):
    path = tmp_path / "forms.csv"
    path.write_text(head + rows, encoding="utf-8")
    return outreach.read_checkin_forms(path, codes, **options)


@pytest.mark.parametrize(
    ("obstacles", "named"),
    [
        ("1 3", ("scheduling", "stuck")),
        ("1;3", ("scheduling", "stuck")),
        ('"3, 1"', ("stuck", "scheduling")),
        ("cost Stuck", ("cost", "stuck")),
        ("2 2", ("overwhelmed",)),
        ("0", ()),
        ("0 5", ("technology",)),
        ("", ("not_given",)),
    ],
)
def test_ticked_boxes_are_read_by_number_or_by_name(tmp_path, obstacles, named):
    (answer,) = read(tmp_path, f"K1,2026-01-05,{obstacles},,\n").answers
    assert answer.barriers == named
    assert (answer.progress, answer.wants_to_continue, answer.words) == (None, None, None)


def test_the_numbers_are_those_on_the_page():
    page = outreach.checkin_form(notice())
    printed = re.findall(r'class="number">(\d)</span><span class="box"></span><span>(.*?)<', page)
    assert printed[0] == ("1", "The day or time did not suit me")
    assert printed[2] == ("3", "I felt stuck, or it was not helping")
    assert printed[-1] == ("0", said.NOTHING)


def test_other_answers_are_read(tmp_path):
    rows = f"K1,2026-01-05,1,7,Yes,{WORDS}\nK2,2026-01-05,,0,no,\nK2,2026-01-06,,,Not sure,\n"
    sheet = read(tmp_path, rows, head=HEAD.replace("go_on", "go_on,words"))
    told = [(a.client_id, a.progress, a.wants_to_continue, a.words) for a in sheet.answers]
    assert told == [("c1", 7, True, WORDS), ("c2", 0, False, None), ("c2", None, None, None)]


def test_every_row_is_accepted_or_rejected_with_its_number_and_reason(tmp_path):
    rows = [
        "K1,2026-01-05,1,7,yes",
        "K9,2026-01-05,1,7,yes",
        "K1,soon,1,7,yes",
        "K1,2026-01-06,12,7,yes",
        "K1,2026-01-07,1,11,yes",
        "K1,2026-01-08,1,7,perhaps",
        ",2026-01-08,1,7,yes",
        "K2,2026-01-09,1,,",
        "K2,2026-01-09,2,,",
        "K1,2026-01-10,1,7",
        ",,,,",
    ]
    sheet = read(tmp_path, "\n".join(rows) + "\n")
    assert [a.client_id for a in sheet.answers] == ["c1"]
    assert sheet.rows_in == len(rows) == len(sheet.answers) + sheet.rejected.height
    assert sheet.rejected.select("row", "column", "reason").rows() == [
        (2, "code", "is not among the codes"),
        (3, "date", "is not a date or time"),
        (4, "obstacles", "holds what is neither a number of the form nor the name of an obstacle"),
        (5, "progress", "is above the highest possible value"),
        (6, "go_on", "is not among the mapping's values"),
        (7, "code", "is blank"),
        (8, "code", "is repeated for this date"),
        (9, "code", "is repeated for this date"),
        (10, None, "row has 4 fields, the header has 5"),
        (11, None, "row is blank"),
    ]
    assert "K9" in sheet.rejected["raw"][0]
    assert "K9" not in repr(sheet.rejected) + repr(sheet)


def test_dates_are_of_the_place_and_in_its_form(tmp_path):
    (answer,) = read(
        tmp_path, "K1,05/07/2026,1,,\n", timezone="Europe/London", date_format="%d/%m/%Y"
    ).answers
    assert answer.at.isoformat() == "2026-07-04T23:00:00+00:00"


@pytest.fixture
def folder(tmp_path):
    rows = {"client_id": ["c1", "c2"], "start": "2026-02-05", "outcome": "attended"}
    return cn.from_frames(pl.DataFrame(rows)).save(tmp_path / "cohort")


def test_forms_are_added_once_and_rules_see_them(tmp_path, folder):
    rows = "K1,2026-01-05,1 3,7,yes\nK2,2026-01-05,0,,\n"
    assert read(tmp_path, rows).append_to(folder) == 2
    assert read(tmp_path, rows + "K2,2026-01-20,6,,\n").append_to(folder) == 1
    told = cn.load(folder).checkins.select("client_id", "barrier").collect().rows()
    assert told == [("c1", "scheduling"), ("c1", "stuck"), ("c2", None), ("c2", "cost")]
    assert len(outreach.checkin_answers(folder)) == 3


def test_own_words_are_there_for_whom_the_client_was_told_of_and_show_nowhere(tmp_path, folder):
    head = HEAD.replace("go_on", "go_on,words")
    read(tmp_path, f"K1,2026-01-05,1,,,{WORDS}\n", head=head).append_to(folder)
    answers = outreach.checkin_answers(folder)
    assert [a.words for a in answers] == [WORDS]
    assert WORDS not in repr(answers)
    assert WORDS not in str(cn.load(folder).checkins.collect().to_dicts())


def test_a_code_that_leads_nowhere_adds_nothing(tmp_path, folder):
    sheet = read(tmp_path, "K1,2026-01-05,1,,\nK2,2026-01-05,1,,\n", {"K1": "c1", "K2": "c9"})
    with pytest.raises(DataError, match="does not know 1 of the clients") as refused:
        sheet.append_to(folder)
    assert "c9" not in str(refused.value)
    assert outreach.checkin_answers(folder) == ()


def test_codes_can_stand_in_a_file(tmp_path):
    codes = tmp_path / "codes.csv"
    codes.write_text("code,client_id\nK1,007\n")
    (answer,) = read(tmp_path, "K1,2026-01-05,1,,\n", codes).answers
    assert answer.client_id == "007"
    codes.write_text("code,client_id\nK1,c1\nK1,c2\n")
    with pytest.raises(DataError, match="a code stands there twice"):
        read(tmp_path, "K1,2026-01-05,1,,\n", codes)


def test_what_cannot_be_read_at_all_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no such"):
        outreach.read_checkin_forms(tmp_path / "none.csv", CODES)
    with pytest.raises(DataError, match="lacks the column go_on"):
        read(tmp_path, "", head="code,date,obstacles,progress\n")
    with pytest.raises(OptionError, match="needs a CheckInNotice"):
        outreach.checkin_form("112")
