"""A check-in through its messages: what is kept, what is not, and what is told by accident."""

import json

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning, DataError, OptionError
from carenotebook.core.journal import JOURNAL, read_journal
from carenotebook.outreach import CheckInNotice
from carenotebook.widgets import CheckIn

WORDS = "my mother hears every call"
TOLD = {
    "in_danger": "Ring 112 now.",
    "seen_by": "Your therapist sees your answers.",
    "used_for": "You look at them together when you next meet.",
}


@pytest.fixture
def folder(tmp_path):
    rows = {"client_id": ["client-1", "client-2"], "start": "2026-01-05", "outcome": "attended"}
    return cn.from_frames(pl.DataFrame(rows)).save(tmp_path / "cohort")


def made(folder, **options):
    widget = CheckIn(folder, "client-1", CheckInNotice(**TOLD, **options))
    widget.heard = []
    widget.send = widget.heard.append
    return widget


def sent(widget, **given):
    answer = {"obstacles": [], "nothing": False, "progress": None, "go_on": "unsaid", "words": ""}
    widget._receive(widget, {"kind": "answer", "id": "v-1", **answer, **given}, [])
    return widget.heard[-2:]


def kept(folder):
    return [a for _, a in read_journal(folder).answers]


def test_a_view_that_opens_is_told_the_questions_and_whom_to_ring(folder):
    widget = made(folder)
    widget._receive(widget, {"kind": "ready", "id": "v-1"}, [])
    survey, settled = widget.heard
    assert survey["state"] == "open"
    assert survey["in_danger"].startswith("Ring 112 now. Nobody reads")
    assert survey["about"] == (TOLD["seen_by"], TOLD["used_for"])
    assert "not saved" in survey["words_kept"]
    assert settled["kind"] == "settled"


def test_an_answer_is_kept_at_once_and_a_cohort_that_is_loaded_has_it(folder):
    widget = made(folder)
    given = {"obstacles": ["cost", "stuck"], "progress": 3, "go_on": "no", "words": WORDS}
    survey, _ = sent(widget, **given)
    assert survey["state"] == "saved"
    with pytest.warns(CareNotebookWarning):
        rows = cn.load(folder).checkins.collect()
    told = ["client_id", "barrier", "progress", "wants_to_continue"]
    assert sorted(rows.select(told).rows()) == [
        ("client-1", "cost", 3, False),
        ("client-1", "stuck", 3, False),
    ]
    assert widget.value.words == WORDS
    assert kept(folder)[0].words is None
    assert WORDS not in (folder / JOURNAL).read_text()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, ("not_given",)),
        ({"nothing": True}, ()),
        ({"nothing": True, "obstacles": ["forgot"]}, ("forgot",)),
    ],
)
def test_a_question_that_is_left_out_is_told_from_nothing_in_the_way(folder, given, named):
    widget = made(folder)
    sent(widget, **given)
    (answer,) = kept(folder)
    assert answer.barriers == named
    assert answer.progress is None
    assert answer.wants_to_continue is None


def test_own_words_are_kept_where_the_service_asks_and_the_client_is_told(folder):
    widget = made(folder, keep_words=True)
    survey, _ = sent(widget, words=f" {WORDS} ")
    assert "is kept" in survey["words_kept"]
    assert kept(folder)[0].words == WORDS


def test_what_is_sent_twice_is_kept_once(folder):
    widget = made(folder)
    sent(widget, obstacles=["cost"])
    survey, _ = sent(widget, obstacles=["cost"])
    assert survey["state"] == "saved"
    assert len(kept(folder)) == 1


def test_what_cannot_be_saved_is_told_and_can_be_sent_again(folder):
    widget = made(folder)
    aside = folder.rename(folder.with_name("aside"))
    failed = sent(widget, obstacles=["cost"])[-1]
    assert failed["kind"] == "failed"
    assert failed["answers"] == "v-1"
    assert failed["message"].startswith("Your answers are not saved yet. Try again.")
    assert widget.value is None
    aside.rename(folder)
    assert sent(widget, obstacles=["cost"])[0]["state"] == "saved"
    assert len(kept(folder)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"obstacles": ["not_given"]},
        {"obstacles": [WORDS]},
        {"obstacles": "cost"},
        {"progress": 11},
        {"go_on": WORDS},
        {"words": "w" * 2001},
    ],
)
def test_what_is_no_answer_is_refused_without_being_repeated(folder, wrong):
    widget = made(folder)
    failed = sent(widget, **wrong)[-1]
    assert failed["kind"] == "failed"
    assert WORDS not in failed["message"]
    assert kept(folder) == []


def test_a_try_out_saves_nothing_and_says_so():
    widget = made(None)
    survey, _ = sent(widget, obstacles=["cost"])
    assert survey["state"] == "tried"
    assert "not saved" in survey["about"][0]
    assert widget.value.barriers == ("cost",)


def test_nothing_that_a_notebook_saves_holds_an_answer(folder):
    widget = made(folder, keep_words=True)
    sent(widget, obstacles=["stuck"], progress=7, go_on="yes", words=WORDS)
    shown = [repr(widget), repr(widget.value), json.dumps(widget._kept())]
    state = {k: v for k, v in widget.get_state().items() if k not in {"_esm", "_css"}}
    shown.append(json.dumps(state, default=str))
    for text in shown:
        assert WORDS not in text
        assert "stuck" not in text
        assert "client-1" not in text
    assert "Ring 112 now." in widget.fallback()


def test_what_is_missing_is_named_before_a_client_sees_anything(folder, tmp_path):
    notice = CheckInNotice(**TOLD)
    with pytest.raises(OptionError, match="has no client of that id"):
        CheckIn(folder, "stranger", notice)
    with pytest.raises(DataError, match="there is no such folder"):
        CheckIn(tmp_path / "nowhere", "client-1", notice)
    with pytest.raises(OptionError, match="needs a CheckInNotice"):
        CheckIn(folder, "client-1", None)
    for name in TOLD:
        with pytest.raises(OptionError, match=f"{name}= is what the client reads"):
            CheckInNotice(**{**TOLD, name: " "})


def test_a_cohort_in_place_of_its_folder_is_refused_with_what_is_needed(folder):
    with pytest.raises(OptionError, match=r"folder is where a cohort was saved"):
        CheckIn(cn.load(folder), "client-1", CheckInNotice(**TOLD))
