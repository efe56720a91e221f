"""The criteria builder as a person uses it, in JupyterLab."""

from notebooks_for_tests import SETUP
from playwright.sync_api import expect


def builder(page):
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text("clients", timeout=60_000)
    return widget


def test_a_clause_goes_off_by_keyboard_and_python_sees_it(page, open_notebook):
    notebook = open_notebook("toggle", SETUP, "builder")
    widget = builder(page)
    before = widget.locator(".cn-sentence").inner_text()
    first = widget.get_by_role("checkbox", name="Missed appointments")
    first.focus()
    page.keyboard.press("Space")
    expect(widget.locator(".cn-sentence")).not_to_have_text(before)
    expect(first).to_be_focused()
    assert notebook.run("print(len(builder.value.clauses))").strip() == "2"


def test_a_rule_set_in_python_is_shown(page, open_notebook):
    notebook = open_notebook("set", SETUP, "builder")
    widget = builder(page)
    notebook.run("builder.value = c.library()['ruh']")
    expect(widget.get_by_label("Name of the rule")).to_have_value(
        "Ruh: long silence, or three in a row"
    )
    expect(widget.locator(".cn-clause")).to_have_count(4)
