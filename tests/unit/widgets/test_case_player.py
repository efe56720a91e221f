"""The case player through its messages, as the browser meets it."""

import csv
import io
import json

import pytest

import carenotebook as cn
from carenotebook import outreach
from carenotebook.core.errors import CaseError, OptionError
from carenotebook.widgets import CasePlayer

REASON = "I would have wanted to know this."


class Browser:
    """What a view would receive, in order."""

    def __init__(self, player):
        self.player = player
        self.heard = []
        player.send = self.heard.append

    def ask(self, kind, **command):
        before = len(self.heard)
        self.player._receive(self.player, {"kind": kind, "id": "v-1", **command}, [])
        return self.heard[before:]

    def choose(self, choice, reason=""):
        scene = self.player.value.scene.name
        return self.ask("choose", scene=scene, choice=choice, reason=reason)

    def last(self, kind):
        return [m for m in self.heard if m["kind"] == kind][-1]

    @property
    def pages(self):
        return [p["value"] for p in self.last("scene")["pages"]]


@pytest.fixture
def browser():
    return Browser(CasePlayer("camera_off"))


@pytest.fixture
def at_the_end(browser):
    browser.choose("sign", REASON)
    while not browser.player.value.ended:
        browser.choose(browser.player.value.choices[0].name)
    return browser


def said(message):
    return json.dumps(message)


def test_a_view_that_opens_is_told_the_scene_and_nothing_of_what_may_come(browser):
    scene, settled = browser.ask("ready")
    case = outreach.load_case("camera_off")
    assert (scene["kind"], settled["kind"]) == ("scene", "settled")
    assert scene["answers"] == "v-1"
    assert [c["value"] for c in scene["choices"]] == ["open_record", "call_now", "sign"]
    assert scene["meant"] == () or scene["meant"] == []
    told = said(scene)
    for choice in case.start.choices.values():
        assert not any(text in told for text in choice.then.values())
    assert "easy to defend" not in told
    assert case.facilitator["during"] not in told
    assert not any(s.ending and s.ending in told for s in case.endings)


def test_a_choice_is_told_with_what_it_meant_and_python_has_it(browser):
    scene = browser.choose("open_record", REASON)[0]
    case = outreach.load_case("camera_off")
    assert scene["title"] == "Two records of one hour"
    then = case.start.choices["open_record"].then
    assert [p["paragraphs"][0] for p in scene["meant"][:3]] == list(then.values())
    assert scene["way"][0]["reason"] == REASON
    assert browser.player.value.steps[0].justification == REASON


def test_a_correction_is_told_with_what_it_changes_and_why(browser):
    browser.choose("open_record")
    scene = browser.choose("correct_one")[0]
    (rule,) = scene["rules"]
    assert rule["changed"]
    assert list(rule["clauses"]) == ["No: no-shows in the last 90 days: 2 or more (now 1)"]
    (shut,) = scene["closed"]
    assert shut["value"] == "warn"
    assert shut["why"].endswith("does not hold now")
    opened = {c["value"]: c["why"] for c in scene["choices"]}
    assert opened["name_it"] == "you chose: Open the record before anything else"
    assert opened["phone_instead"] == ""
    assert browser.choose("warn")[0]["kind"] == "failed"


def test_a_choice_of_a_scene_that_is_no_longer_shown_is_refused(browser):
    browser.choose("open_record")
    (failed,) = browser.ask("choose", scene="flag", choice="sign", reason="")
    assert failed["kind"] == "failed"
    assert failed["answers"] == "v-1"
    assert len(browser.player.value.steps) == 1


def test_going_back_takes_the_reason_along_and_nothing_of_what_came_after(browser):
    browser.choose("open_record", REASON)
    browser.choose("correct_one", "Because of the log.")
    scene = browser.ask("back", steps=0)[0]
    assert (scene["scene"], scene["reason"], list(scene["way"])) == ("flag", REASON, [])
    assert browser.ask("back", steps=0)[0]["kind"] == "failed"
    assert browser.ask("back", steps=-1)[0]["kind"] == "failed"


def test_a_reason_can_be_written_anew(browser):
    browser.choose("open_record", "quick")
    browser.choose("correct_one")
    scene = browser.ask("justify", step=1, reason=REASON)[0]
    assert [w["reason"] for w in scene["way"]] == [REASON, ""]
    assert browser.ask("justify", step=3, reason="")[0]["kind"] == "failed"
    assert browser.ask("justify", step=1, reason="x" * 4001)[0]["kind"] == "failed"
    assert browser.player.value.steps[0].justification == REASON


def test_what_would_tell_how_it_ends_waits_for_the_end(browser, at_the_end):
    fresh = Browser(CasePlayer("camera_off", group=[browser.player.value] * 12))
    fresh.ask("ready")
    assert fresh.pages == []
    for page in ("debrief", "group", "facilitator", "other", "", "__class__"):
        assert fresh.ask("turn", page=page)[0]["kind"] == "failed"
    assert "debrief" in at_the_end.pages
    page = at_the_end.ask("turn", page="debrief")[0]
    assert REASON in said(page)
    assert "hard to defend" in said(page)


def test_a_student_is_never_told_what_is_for_the_facilitator(at_the_end):
    case = outreach.load_case("camera_off")
    assert at_the_end.ask("turn", page="facilitator")[0]["kind"] == "failed"
    told = said(at_the_end.heard)
    assert not any(text in told for text in case.facilitator.values())
    assert not any(row["strong"] in told for row in case.rubric)


def test_a_facilitator_sees_where_each_choice_leads_and_the_notes():
    browser = Browser(CasePlayer("camera_off", instructor=True))
    browser.ask("ready")
    assert browser.pages == ["debrief", "facilitator"]
    page = said(browser.ask("turn", page="facilitator")[0])
    case = outreach.load_case("camera_off")
    assert json.dumps(case.facilitator["during"])[1:-1] in page
    assert "hard to defend" in page
    assert "Leads to: Two records of one hour." in page


def test_an_open_play_calls_nothing_right_or_wrong():
    browser = Browser(CasePlayer("camera_off", mode="open"))
    assert "No answer is called right" in browser.ask("ready")[0]["about"]
    while not browser.player.value.ended:
        browser.choose(browser.player.value.choices[0].name)
    assert "to defend" not in said(browser.ask("turn", page="debrief")[0])
    with pytest.raises(OptionError):
        CasePlayer("enough", mode="guided")


def test_an_earlier_way_and_anothers_can_be_laid_beside_ones_own(at_the_end):
    at_the_end.ask("back", steps=0)
    assert "earlier" in at_the_end.pages
    at_the_end.choose("open_record", "This time I look.")
    page = said(at_the_end.ask("turn", page="earlier")[0])
    assert REASON in page
    assert "This time I look." in page
    other = at_the_end.player.value.back().choose("call_now", "Ask first.")
    text = json.dumps(outreach.play_to_dict(other))
    assert "other" in at_the_end.ask("bring", text=text)[0]["pages"][-1]["value"]
    assert "Ask first." in said(at_the_end.ask("turn", page="other")[0])
    assert at_the_end.player.other.steps == other.steps


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 90_000, '{"carenotebook_play": 1}', "7"])
def test_a_file_that_is_no_way_through_this_case_is_refused_in_words(browser, text):
    (failed,) = browser.ask("bring", text=text)
    assert failed["kind"] == "failed"
    assert "play" in failed["message"]
    assert browser.player.other is None


def test_a_way_leaves_as_a_file_of_each_kind(at_the_end):
    files = {k: at_the_end.ask("export", format=k)[0] for k in ("json", "csv", "html")}
    case = at_the_end.player.value.case
    again = outreach.play_from_dict(json.loads(files["json"]["text"]), case)
    assert again.steps == at_the_end.player.value.steps
    rows = list(csv.DictReader(io.StringIO(files["csv"]["text"])))
    assert rows[0]["justification"] == REASON
    assert files["html"]["text"].startswith("<!doctype html>")
    assert REASON in files["html"]["text"]
    assert {f["name"] for f in files.values()} == {f"camera_off-way.{k}" for k in files}
    assert at_the_end.ask("export", format="exe")[0]["kind"] == "failed"


def test_what_python_sets_is_shown(browser):
    play = browser.player.value.choose("call_now", "Ask first.")
    browser.player.value = play
    assert browser.last("scene")["title"] == play.scene.title
    assert browser.last("scene")["answers"] == ""
    with pytest.raises(CaseError, match="another case"):
        browser.player.value = outreach.load_case("enough").play()
    with pytest.raises(OptionError):
        browser.player.value = "camera_off"
    assert browser.player.value is play


def test_one_more_hand_in_is_not_told_apart():
    case = outreach.load_case("camera_off")
    ways = [case.play().choose(c) for c in ("open_record", "call_now")]
    player = CasePlayer(case, instructor=True, group=[ways[0]] * 20 + [ways[1]] * 20)
    browser = Browser(player)
    first = browser.ask("turn", page="group")[0]["parts"]
    assert "20" in said(first)
    player.group = [*player.group, ways[1], ways[1]]
    assert browser.ask("turn", page="group")[0]["parts"] == first
    player.group = [*player.group, *[ways[1]] * 10]
    assert browser.ask("turn", page="group")[0]["parts"] != first


def test_a_small_group_is_hidden_and_one_word_says_so():
    case = outreach.load_case("camera_off")
    ways = [case.play().choose(c) for c in ("open_record", "call_now")]
    browser = Browser(CasePlayer(case, instructor=True, group=[ways[0]] * 5 + [ways[1]] * 4))
    page = said(browser.ask("turn", page="group")[0]["parts"])
    assert "Hidden" in page
    assert "<11" not in page
    agreed = CasePlayer(
        case, instructor=True, group=[ways[0]] * 5 + [ways[1]] * 4,
        privacy=cn.Privacy(min_cell=3, round_to=1),
    )  # fmt: skip
    assert "5 of 9" in said(Browser(agreed).ask("turn", page="group")[0]["parts"])


def test_what_a_notebook_keeps_is_the_beginning_and_no_answer(at_the_end):
    player = at_the_end.player
    html = player.fallback()
    assert "The camera that never opened" in html
    assert "Monday morning" in html
    assert REASON not in html
    assert all(s.ending not in html for s in player.value.case.endings)
    assert set(player.get_state()) >= {"_mark"}
    assert REASON not in json.dumps({k: str(v) for k, v in player.get_state().items()})
    assert "sign" not in repr(player)


def test_what_is_no_case_is_refused_with_what_is_needed():
    with pytest.raises(OptionError, match="by its name, its file or as a CaseStudy"):
        CasePlayer(3)
