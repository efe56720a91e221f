"""The builder through its messages, as the browser meets it."""

import json
import re
import time

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import OptionError
from carenotebook.widgets import CriteriaBuilder

RULE = c.Rule("three misses", (c.missed(within="90d") >= 3) & (c.days_since_heard() >= 30))


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=1500, seed=1)[0]


class Browser:
    """What a view would receive, in order."""

    def __init__(self, widget):
        self.widget = widget
        self.heard = []
        widget.send = self.heard.append

    def ask(self, **command):
        """Send a command, wait until everything has been answered, return what came."""
        before = len(self.heard)
        self.widget._receive(self.widget, {"id": "v-1", **command}, [])
        for _ in range(600):
            if any(m["kind"] in ("settled", "failed") for m in self.heard[before:]):
                break
            time.sleep(0.05)
        return self.heard[before:]

    def last(self, kind):
        return [m for m in self.heard if m["kind"] == kind][-1]


@pytest.fixture
def browser(cohort):
    return Browser(CriteriaBuilder(cohort, RULE))


def clause(browser, label):
    return next(r for r in browser.last("document")["clauses"] if r["label"].startswith(label))


def test_a_view_that_opens_is_told_everything(browser):
    kinds = [m["kind"] for m in browser.ask(kind="ready")]
    assert kinds[:3] == ["menu", "document", "headline"]
    assert "bars" in kinds
    assert kinds[-1] == "settled"
    assert browser.last("document")["answers"] == "v-1"
    assert re.match(r"About [\d,]+ of 1,500 clients \(", browser.last("headline")["sentence"])


def test_toggling_changes_the_value_and_undo_takes_it_back(browser):
    browser.ask(kind="ready")
    browser.ask(kind="toggle", clause=clause(browser, "Missed")["id"], on=False)
    assert browser.widget.value == c.Rule("three misses", c.days_since_heard() >= 30)
    browser.ask(kind="undo")
    assert browser.widget.value == RULE
    browser.ask(kind="redo")
    assert len(browser.widget.value.clauses) == 1


def test_setting_the_value_tells_every_view(browser):
    browser.ask(kind="ready")
    browser.widget.value = c.library()["ruh"]
    assert browser.last("document")["name"] == c.library()["ruh"].name
    assert browser.last("document")["can_undo"]


def test_a_value_that_does_not_fit_is_answered_with_the_reason_and_changes_nothing(browser):
    browser.ask(kind="ready")
    bad = clause(browser, "Missed")["id"]
    heard = browser.ask(kind="change", clause=bad, field="within", value="30")
    assert heard[-1]["kind"] == "failed"
    assert heard[-1]["answers"] == "v-1"
    assert "30 what?" in heard[-1]["message"]
    assert browser.widget.value == RULE


def test_what_is_no_command_is_answered_and_does_not_stop_the_widget(browser):
    heard = browser.ask(kind="import os", code="os.remove('x')")
    assert [m["kind"] for m in heard] == ["failed"]
    assert browser.ask(kind="ready")[-1]["kind"] == "settled"


def test_each_tab_and_each_entry_of_the_menu_is_answered(browser):
    browser.ask(kind="ready")
    menu = browser.last("menu")
    assert {c["section"] for c in menu["choices"]} == {
        "Attendance",
        "Silence",
        "Outreach",
        "Outcome",
        "Obstacles",
        "Safeguards",
        "Client",
    }
    root = browser.last("document")["root"]
    for choice in menu["choices"]:
        assert choice["needs"] == ""
        assert browser.ask(kind="add", choice=choice["value"], group=root)[-1]["kind"] == "settled"
        browser.ask(kind="undo")
    assert "bars" in [m["kind"] for m in browser.ask(kind="look", tab="when", by="")]
    for grouping in menu["groupings"]:
        heard = browser.ask(kind="look", tab="groups", by=grouping["value"])
        assert "intervals" in [m["kind"] for m in heard]


def test_a_term_without_data_says_what_to_pass(cohort):
    bare = cn.from_frames(
        appointments=cohort.appointments.collect(), episode_end="as_of", as_of=cohort.as_of
    )
    browser = Browser(CriteriaBuilder(bare))
    browser.ask(kind="ready")
    needs = {c["label"]: c["needs"] for c in browser.last("menu")["choices"]}
    assert needs["Missed appointments"] == ""
    assert "contacts=" in needs["Not heard from"]
    assert browser.last("headline")["sentence"].startswith("No clauses yet")


def test_no_message_and_no_saved_form_holds_a_client(browser, cohort):
    browser.ask(kind="ready")
    for tab in ("when", "groups", "clauses"):
        browser.ask(kind="look", tab=tab, by="")
    data, _ = browser.widget._repr_mimebundle_()
    everything = json.dumps([browser.heard, data, browser.widget.get_state(), repr(browser.widget)])
    ids = cohort.appointments.select(pl.col("client_id").unique()).collect()["client_id"]
    assert [i for i in ids if i in everything] == []


def test_the_saved_form_has_the_sentence_a_picture_and_a_table(browser):
    data, _ = browser.widget._repr_mimebundle_()
    assert "would be put up for" in data["text/html"]
    assert '<img alt="What each clause leaves.' in data["text/html"]
    assert "<table>" in data["text/html"]


def test_names_from_elsewhere_are_text_in_the_saved_form(cohort):
    name = "<script>alert(1)</script>"
    rule = c.Rule(name, c.all_of(c.missed() >= 1, c.attribute("language") != name))
    data, _ = CriteriaBuilder(cohort, rule)._repr_mimebundle_()
    assert "<script" not in data["text/html"]
    assert "&lt;script&gt;" in data["text/html"]


def test_a_rule_that_cannot_be_replayed_says_what_is_missing(cohort):
    bare = cn.from_frames(
        appointments=cohort.appointments.collect(), episode_end="as_of", as_of=cohort.as_of
    )
    browser = Browser(CriteriaBuilder(bare, RULE))
    heard = browser.ask(kind="ready")
    assert "contacts=" in next(m["message"] for m in heard if m["kind"] == "failed")
    assert "cannot be replayed" in browser.widget.fallback()


def test_the_synced_state_holds_no_figure(browser):
    browser.ask(kind="ready")
    names = set(browser.widget.get_state())
    plain = {"_dom_classes", "layout", "tabbable", "tooltip", "_esm", "_css", "_anywidget_id"}
    assert {n for n in names - plain if not n.startswith(("_model", "_view"))} == {"_mark"}


def test_a_group_of_37_rows_from_9_clients_is_hidden_in_every_view(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="as_of")
    browser = Browser(CriteriaBuilder(cohort, c.Rule("any miss", c.missed() >= 1)))
    browser.ask(kind="ready")
    browser.ask(kind="look", tab="groups", by="language")
    rows = browser.last("intervals")["rows"]
    assert "Cornish" not in [r["label"] for r in rows]
    assert rows[-1]["said"] == "Hidden"
    assert rows[-1]["estimate"] is None
    only = c.Rule("Cornish", c.attribute("language") == "Cornish")
    browser.widget.value = only
    browser.ask(kind="look", tab="clauses", by="")
    assert browser.last("headline")["sentence"].startswith("None, or fewer than 11")
    assert not re.search(
        r"\b(9|37)\b", json.dumps([browser.last("bars"), browser.widget.fallback()])
    )


def test_two_rules_that_differ_by_few_clients_tell_the_same_numbers(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="as_of")
    browser = Browser(CriteriaBuilder(cohort, c.Rule("r", c.attribute("language") == "English")))
    told = []
    for languages in (["English"], ["English", "Cornish"], ["English", "Welsh"]):
        browser.widget.value = c.Rule("r", c.attribute("language").is_in(languages))
        for tab in ("clauses", "when", "groups"):
            browser.ask(kind="look", tab=tab, by="language")
        counts = [[b["count"] for b in browser.last("bars")["bars"]]]
        shares = [r["said"] for r in browser.last("intervals")["rows"]]
        told.append((browser.last("headline")["sentence"], counts, shares))
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_only_a_rule_and_a_cohort_are_accepted(cohort):
    with pytest.raises(OptionError, match="Cohort"):
        CriteriaBuilder("cohort")
    with pytest.raises(OptionError, match="Rule"):
        CriteriaBuilder(cohort, "rule")


def test_a_rule_that_lacks_safeguards_says_so_on_screen_and_in_what_is_kept(browser):
    browser.ask(kind="ready")
    shown = browser.last("document")
    assert shown["unfit"].startswith("Not fit for use: ")
    assert any(line.startswith("Way back: ") for line in shown["lacking"])
    assert "Not fit for use" in browser.widget.fallback()
    browser.widget.value = None
    assert browser.last("document")["unfit"] == ""
