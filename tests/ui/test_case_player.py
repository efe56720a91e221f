"""The case player as a person uses it, in JupyterLab: by mouse, by keyboard, at any width."""

import json
import subprocess
import sys

import pytest
from notebooks_for_tests import CASE, decoded, notebook, widget_state
from playwright.sync_api import expect
from screens_for_tests import THEMES, ZOOMED, misplaced, notebook_alone, show_theme, violations

from carenotebook import outreach

PLAYER = ".cn-case-player"
REASON = "Sesame: I would have wanted to know."
BEGINNING = "Monday morning. The system has made its list"
LABELS = {"json": "To load again", "csv": "As a table", "html": "To print"}


def opened(page, title="A name on the list"):
    widget = page.locator(PLAYER)
    expect(widget.locator(".cn-scene-title")).to_have_text(title, timeout=60_000)
    return widget


def choose(widget, label, reason=""):
    before = widget.locator(".cn-scene-title").inner_text()
    widget.get_by_role("radio", name=label).check()
    widget.get_by_label("Why? One or two").fill(reason)
    widget.get_by_role("button", name="Choose", exact=True).click()
    expect(widget.locator(".cn-scene-title")).not_to_have_text(before)
    expect(widget.locator(".cn-scene-title")).to_be_focused()


def behind(widget, name):
    return widget.locator("summary", has_text=name)


def inside(widget, name):
    return widget.locator("details", has=widget.page.locator("summary", has_text=name))


def to_an_end(widget):
    choose(widget, "Open the record", REASON)
    choose(widget, "Correct the record of 22 January")
    choose(widget, "Say sorry for the first hour")
    expect(widget.get_by_text("Ending: Care goes on, by another road")).to_be_visible()


def test_a_case_is_played_to_its_end_and_talked_over(page, open_notebook):
    notebook = open_notebook("case", CASE, "player")
    widget = opened(page)
    expect(behind(widget, "Debrief")).to_have_count(0)
    to_an_end(widget)
    expect(widget.get_by_role("button", name="Choose", exact=True)).to_be_hidden()
    behind(widget, "Debrief").click()
    expect(inside(widget, "Debrief").get_by_text(f"Because: {REASON}")).to_be_visible()
    expect(inside(widget, "Debrief").get_by_text("easy to defend").first).to_be_visible()
    assert notebook.run("print(player.value.path)").strip() == (
        "('flag', 'two_records', 'the_call', 'first_phone')"
    )
    widget.get_by_role("button", name="Go back", exact=True).click()
    expect(widget.locator(".cn-scene-title")).to_have_text("What the client says")
    behind(widget, "Your way so far").click()
    widget.get_by_role("button", name="Go back to here, A name on the list").click()
    expect(widget.get_by_label("Why? One or two")).to_have_value(REASON)
    choose(widget, "Ring the client")
    behind(widget, "Compare with your earlier way").click()
    expect(widget.get_by_text("The two ways part at: A name on the list.")).to_be_visible()


def test_a_way_is_saved_as_a_file_and_another_is_brought(page, open_notebook, tmp_path):
    open_notebook("files", CASE, "player")
    widget = opened(page)
    choose(widget, "Open the record", REASON)
    behind(widget, "Hand in, or compare").click()
    for ending, label in LABELS.items():
        with page.expect_download() as download:
            widget.get_by_role("button", name=label).click()
        assert download.value.suggested_filename == f"camera_off-way.{ending}"
        assert REASON in download.value.path().read_text(encoding="utf-8")
    other = outreach.load_case("camera_off").play().choose("sign", "The rule says so.")
    path = outreach.save_play(other, tmp_path / "theirs.json")
    widget.get_by_label("Another\u2019s way").set_input_files(path)
    expect(widget.get_by_text("Because: The rule says so.")).to_be_visible()
    expect(behind(widget, "Compare with another")).to_be_focused()
    path.write_text("{}", encoding="utf-8")
    widget.get_by_label("Another\u2019s way").set_input_files(path)
    expect(widget.locator(".cn-alert")).to_contain_text("no saved play")


def test_the_whole_case_is_played_by_keyboard_alone(page, open_notebook):
    notebook = open_notebook("case keys", CASE, "player")
    widget = opened(page)
    widget.get_by_role("button", name="Choose", exact=True).focus()
    page.keyboard.press("Enter")
    expect(widget.get_by_text("Choose one of these first.")).to_be_visible()
    expect(widget.get_by_role("radio").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(widget.get_by_role("radio").first).to_be_checked()
    for key in "dd":
        page.keyboard.press(key)
    expect(widget.get_by_role("radio").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(REASON)
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+Enter")
    title = widget.locator(".cn-scene-title")
    expect(title).to_have_text("Two records of one hour")
    expect(title).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(title).to_have_text("What the client says")
    expect(title).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(widget.get_by_role("button", name="Go back", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(title).to_have_text("Two records of one hour")
    expect(title).to_be_focused()
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=10_000)
    assert notebook.run("print(player.value.steps[0].justification)").strip() == REASON


def test_a_reason_is_written_anew_and_the_focus_stays(page, open_notebook):
    notebook = open_notebook("case reason", CASE, "player")
    widget = opened(page)
    choose(widget, "Ring the client", "quick")
    behind(widget, "Your way so far").click()
    widget.get_by_role("button", name="Change the reason").click()
    text = widget.get_by_label("Why? A name on the list")
    expect(text).to_be_focused()
    text.fill(REASON)
    widget.get_by_role("button", name="Keep it").click()
    expect(widget.get_by_text(f"Because: {REASON}")).to_be_visible()
    expect(widget.get_by_role("button", name="Change the reason")).to_be_focused()
    expect(widget.get_by_role("status")).to_contain_text("Your reason is kept.")
    assert notebook.run("print(player.value.steps[0].justification)").strip() == REASON


@pytest.mark.parametrize("name", THEMES)
def test_axe_finds_nothing_in_any_state(page, open_notebook, name):
    group = "group = [p for p in cn.outreach.every_play(player.value.case) for _ in range(6)]"
    made = "player = cn.widgets.CasePlayer('camera_off', instructor=True, group=group)"
    notebook = open_notebook(f"case axe {name}", CASE, group, made, "player")
    widget = opened(page)
    show_theme(page, name)
    found = {"opened": violations(page, PLAYER)}
    widget.get_by_role("button", name="Choose", exact=True).click()
    behind(widget, "For the facilitator").click()
    expect(widget.get_by_text("Rubric")).to_be_visible()
    found["facilitator"] = violations(page, PLAYER)
    to_an_end(widget)
    for what in ("Debrief", "What the group chose", "Your way so far", "Hand in, or compare"):
        behind(widget, what).click()
    expect(widget.get_by_text("Shares are of those")).to_be_visible()
    widget.get_by_role("button", name="Change the reason").first.click()
    found["the end, all open"] = violations(page, PLAYER)
    notebook.run("player.other = player.value")
    behind(widget, "Compare with another").click()
    expect(widget.get_by_text("The two ways are the same")).to_be_visible()
    found["compare"] = violations(page, PLAYER)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(widget.get_by_text("Disconnected.")).to_be_visible(timeout=30_000)
    expect(inside(widget, "Your way so far").get_by_text(f"Because: {REASON}")).to_be_visible()
    expect(widget.get_by_role("button", name="Copy my way")).to_be_enabled()
    found["disconnected"] = violations(page, PLAYER)
    assert {state: v for state, v in found.items() if v} == {}


@pytest.mark.parametrize("page", ZOOMED.values(), ids=ZOOMED, indirect=True)
def test_a_small_screen_cuts_nothing_and_does_not_scroll_sideways(page, open_notebook):
    made = "player = cn.widgets.CasePlayer('camera_off', instructor=True)"
    open_notebook("case small", CASE, made, "player")
    notebook_alone(page)
    widget = opened(page)
    behind(widget, "For the facilitator").click()
    expect(widget.get_by_text("Rubric")).to_be_visible()
    found = {"opened": misplaced(page)}
    to_an_end(widget)
    for what in ("Debrief", "Your way so far", "Hand in, or compare"):
        behind(widget, what).click()
    widget.get_by_role("button", name="Change the reason").first.click()
    found["the end, all open"] = misplaced(page)
    assert {state: v for state, v in found.items() if v} == {}


def test_what_jupyterlab_saves_holds_the_beginning_and_no_answer(page, open_notebook):
    notebook = open_notebook("case saved", CASE, "player")
    widget = opened(page)
    to_an_end(widget)
    behind(widget, "Debrief").click()
    expect(widget.get_by_text("easy to defend").first).to_be_visible()
    saved = notebook.save()
    assert BEGINNING in saved
    told = decoded(saved)
    assert "Sesame" not in told
    assert "another road" not in told
    assert "two_records" not in told
    (state,) = widget_state(saved)
    assert "Monday morning" not in json.dumps(state)
    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    fallback = page.locator(".cn-fallback")
    expect(fallback).to_contain_text(BEGINNING, timeout=30_000)
    expect(fallback).to_contain_text("Run this cell to play it")


def test_a_notebook_run_without_a_screen_keeps_the_beginning_and_no_answer(tmp_path):
    """The answer is put together when it runs: the cell's own text does not hold it."""
    played = f"player.value = player.value.choose('sign', {REASON[:3]!r} + {REASON[3:]!r})"
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(notebook([CASE, "player", played])))
    for more in (["--to", "notebook", "--execute", "--inplace"], ["--to", "html"]):
        command = [sys.executable, "-m", "jupyter", "nbconvert", *more, path.name]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    for kept in (path, path.with_suffix(".html")):
        saved = kept.read_text(encoding="utf-8")
        assert BEGINNING in saved
        assert REASON not in decoded(saved)
    assert widget_state(path.read_text(encoding="utf-8")) != []
