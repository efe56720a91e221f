"""A check-in as a client meets it: by keyboard, on any screen, in both themes; nothing is kept."""

import json
import subprocess
import sys

import pytest
from notebooks_for_tests import CHECK_IN, notebook, widget_state
from playwright.sync_api import expect
from screens_for_tests import THEMES, ZOOMED, misplaced, notebook_alone, show_theme, violations

WIDGET = ".cn-check-in"
WORDS = "my mother hears every call"
READ = """
for _, a in read_journal(folder).answers:
    print(a.barriers, a.progress, a.wants_to_continue, a.words)
"""


def opened(page):
    widget = page.locator(WIDGET)
    expect(widget.get_by_role("button", name="Send my answers")).to_be_visible(timeout=60_000)
    return widget


def setup(name):
    return CHECK_IN.replace("FOLDER", f"cohort {name}")


@pytest.mark.parametrize("name", THEMES)
def test_axe_finds_nothing_in_any_state(page, open_notebook, name):
    open_notebook(f"check-in axe {name}", setup(name), "check_in")
    widget = opened(page)
    show_theme(page, name)
    found = {"opened": violations(page, WIDGET)}
    widget.get_by_role("checkbox", name="I felt stuck").check()
    widget.get_by_role("radio", name="7", exact=True).check()
    found["ticked"] = violations(page, WIDGET)
    widget.get_by_role("button", name="Not now").click()
    found["declined"] = violations(page, WIDGET)
    widget.get_by_role("button", name="Back to the questions").click()
    widget.get_by_role("button", name="Send my answers").click()
    expect(widget.get_by_text("Thank you. Your answers are saved.")).to_be_visible()
    found["saved"] = violations(page, WIDGET)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(widget.get_by_text("Disconnected.")).to_be_visible(timeout=30_000)
    found["disconnected"] = violations(page, WIDGET)
    assert {state: v for state, v in found.items() if v} == {}


@pytest.mark.parametrize("page", ZOOMED.values(), ids=ZOOMED, indirect=True)
def test_a_small_screen_cuts_nothing_and_does_not_scroll_sideways(page, open_notebook):
    open_notebook("check-in small", setup("small"), "check_in")
    notebook_alone(page)
    widget = opened(page)
    found = {"opened": misplaced(page)}
    widget.get_by_role("button", name="Not now").click()
    found["declined"] = misplaced(page)
    assert {state: v for state, v in found.items() if v} == {}


def test_the_whole_is_answered_by_keyboard_alone(page, open_notebook):
    opened_notebook = open_notebook("check-in keyboard", setup("keyboard"), "check_in")
    widget = opened(page)
    widget.get_by_role("checkbox", name="The day or time did not suit me").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    widget.get_by_role("checkbox", name="Nothing got in the way").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(widget.get_by_role("radio", name="2", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(widget.get_by_role("radio", name="I am not sure")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type(WORDS)
    page.keyboard.press("Tab")
    expect(widget.get_by_role("button", name="Send my answers")).to_be_focused()
    page.keyboard.press("Enter")
    expect(widget.get_by_role("heading", name="Thank you.")).to_be_focused()
    expect(widget.get_by_text("Ring 112 now")).to_be_visible()
    answers = opened_notebook.run(READ).strip()
    assert answers == f"('scheduling', 'stuck') 2 None {WORDS}"


def test_who_would_rather_not_leaves_no_trace(page, open_notebook):
    opened_notebook = open_notebook("check-in declined", setup("declined"), "check_in")
    widget = opened(page)
    widget.get_by_role("checkbox", name="It all felt too much").check()
    widget.get_by_role("button", name="Not now").click()
    expect(widget.get_by_role("heading", name="That is fine. Nothing was kept.")).to_be_focused()
    assert opened_notebook.run(f"{READ}\nprint(check_in.value)").strip() == "None"
    widget.get_by_role("button", name="Back to the questions").click()
    expect(widget.get_by_role("checkbox", name="It all felt too much")).not_to_be_checked()


def test_what_jupyterlab_saves_of_an_answered_check_in_holds_no_answer(page, open_notebook):
    opened_notebook = open_notebook("check-in saved", setup("saved"), "check_in")
    widget = opened(page)
    widget.get_by_role("checkbox", name="I felt stuck").check()
    widget.get_by_label("Is there anything else").fill(WORDS)
    widget.get_by_role("button", name="Send my answers").click()
    expect(widget.get_by_text("Thank you. Your answers are saved.")).to_be_visible()
    opened_notebook.run("check_in.value")
    saved = opened_notebook.save()
    outputs = json.dumps([c["outputs"] for c in json.loads(saved)["cells"]])
    assert "CheckInAnswer(answered)" in outputs
    (state,) = widget_state(saved)
    state = {k: v for k, v in state.items() if k not in {"_esm", "_css"}}
    for kept in (outputs, json.dumps(state)):
        assert WORDS not in kept
        assert "stuck" not in kept

    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.reload()
    fallback = page.locator(".cn-fallback")
    expect(fallback).to_contain_text("Ring 112 now", timeout=60_000)
    expect(fallback).to_contain_text("A notebook keeps no answer.")


@pytest.mark.parametrize("form", ["notebook", "html"])
def test_a_notebook_run_without_a_screen_says_whom_to_ring(form, tmp_path):
    answer = {"obstacles": ["stuck"], "nothing": False, "progress": 3, "go_on": "no"}
    sends = f"check_in._receive(check_in, {answer | {'kind': 'answer', 'id': 'v'}}, [])"
    cells = [setup("run"), sends.replace("'id': 'v'", f"'id': 'v', 'words': {WORDS!r}"), "check_in"]
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook(cells)))
    command = ["nbconvert", "--to", form, "--execute", "--no-input", "--output", "y", "x.ipynb"]
    subprocess.run(
        [sys.executable, "-m", "jupyter", *command],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    path = tmp_path / ("y.html" if form == "html" else "y.ipynb")
    saved = path.read_text(encoding="utf-8")
    if form == "notebook":
        saved = json.dumps([c["outputs"] for c in json.loads(saved)["cells"]])
    assert "Ring 112 now" in saved
    assert WORDS not in saved
