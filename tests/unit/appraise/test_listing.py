"""Lists of clients: for a purpose, those whom the service owes most first, and logged."""

import json

import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.appraise.listing import NOTE
from carenotebook.core.errors import DataError, OptionError

RULE = c.Rule("two misses", c.missed() >= 2)


@pytest.fixture
def replayed():
    """Flagged and open: a (outreach once), b (nothing), c (much). d is closed, e not flagged."""
    missed = [(i, d) for i, first in zip("abcd", (20, 30, 10, 20), strict=True) for d in (5, first)]
    message = {"direction": "outbound", "purpose": "outreach", "delivered": True}
    cohort = build(
        appointments=[
            {"client_id": i, "start": d, "outcome": "no_show"} for i, d in [*missed, ("e", 5)]
        ],
        episodes=[
            {"client_id": i, "started_at": 0, "ended_at": 60 if i == "d" else None} for i in "abcde"
        ],
        contacts=[
            {"client_id": i, "at": at, **message}
            for i, at in (("a", 80), ("a", 85), ("c", 80), ("c", 85), ("b", 6))
        ],
        actions=[
            {"client_id": "c", "at": 90, "kind": "attendance_conversation"},
            {"client_id": "c", "at": 90, "kind": "risk_review"},
        ],
    )
    return cn.replay(RULE, cohort)


def test_those_with_least_tried_come_first(replayed, tmp_path):
    listed = cn.appraise.client_list(replayed, "outreach", log=tmp_path / "log")
    frame = listed.frame
    assert frame.select("client_id", "missing").rows() == [("b", 5), ("a", 4), ("c", 2)]
    assert frame["safeguards"][2] == "Alternatives offered; Second clinician"
    assert set(frame["note"]) == {NOTE}
    assert "Not validated for individual care; check local law" in NOTE


@pytest.mark.parametrize("purpose", ["discharge", "", "caseload", None])
def test_there_is_no_list_for_another_purpose(replayed, tmp_path, purpose):
    with pytest.raises(OptionError, match="outreach, research"):
        cn.appraise.client_list(replayed, purpose, log=tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_each_use_is_logged_without_a_client(replayed, tmp_path, monkeypatch):
    monkeypatch.setenv("CARENOTEBOOK_LOG", str(tmp_path / "kept" / "log.jsonl"))
    for purpose in ("outreach", "research"):
        listed = cn.appraise.client_list(replayed, purpose)
    lines = [json.loads(t) for t in listed.log.read_text(encoding="utf-8").splitlines()]
    assert [line["purpose"] for line in lines] == ["outreach", "research"]
    assert {line["rule"] for line in lines} == {RULE.hash}
    known = {"at", "purpose", "rule", "data", "as_of", "carenotebook"}
    assert all(set(line) == known for line in lines)
    assert listed.log.stat().st_mode & 0o077 == 0, "for its owner alone"


def test_without_a_log_there_is_no_list(replayed, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="no list"):
        cn.appraise.client_list(replayed, "outreach", log=tmp_path / "file" / "log")


def test_nothing_that_shows_itself_shows_a_client(replayed, tmp_path):
    listed = cn.appraise.client_list(replayed, "research", log=tmp_path / "log")
    for text in (repr(listed), listed._repr_html_(), str(listed)):
        assert "not validated" in text.lower()
        assert "Way back" not in text
        assert "2024-" not in text
        assert " 3 " not in text


def test_a_protocol_lists_those_in_its_review(tmp_path):
    cohort, _ = cn.synthetic_cohort(clients=80, seed=1)
    protocol = c.Protocol("two", [c.Stage("a", c.missed() >= 1), c.Stage("b", c.missed() >= 2)])
    found = cn.replay(protocol, cohort)
    listed = cn.appraise.client_list(found, "outreach", log=tmp_path / "log").frame
    assert listed.height == found.reviews.intervals.filter(ended_by="as_of").height
    assert listed["missing"].is_sorted(descending=True)
