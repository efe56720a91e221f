"""The focus is never lost: whatever goes away, it moves to what follows."""

import pytest
from notebooks_for_tests import SETUP
from playwright.sync_api import expect


@pytest.fixture
def notebook(open_notebook):
    """A notebook with the builder."""
    return open_notebook("focus", SETUP, "builder")


@pytest.fixture
def widget(page, notebook):
    """The builder in that notebook."""
    del notebook
    builder = page.locator(".cn-criteria-builder")
    expect(builder.locator(".cn-sentence")).to_contain_text("clients", timeout=60_000)
    return builder


def clause(widget, name):
    return widget.get_by_role("checkbox", name=name)


def button(widget, name):
    return widget.get_by_role("button", name=name, exact=True)


def test_a_removal_goes_to_the_next_clause_and_at_last_to_adding_one(page, widget):
    clause(widget, "last heard from").focus()
    page.keyboard.press("Delete")
    expect(clause(widget, "last heard from")).to_have_count(0)
    expect(clause(widget, "outreach")).to_be_focused()
    page.keyboard.press("Delete")
    expect(clause(widget, "Missed appointments")).to_be_focused()
    page.keyboard.press("Delete")
    expect(widget.locator(".cn-clause")).to_have_count(0)
    expect(button(widget, "+ Clause")).to_be_focused()


def test_a_removal_from_the_menu_goes_to_the_next_and_its_undo_to_what_came_back(page, widget):
    more = widget.get_by_role("button", name="More about this clause").first
    more.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(clause(widget, "Missed appointments")).to_have_count(0)
    expect(clause(widget, "last heard from")).to_be_focused()
    button(widget, "Undo the removal").focus()
    page.keyboard.press("Enter")
    expect(clause(widget, "Missed appointments")).to_be_focused()
    expect(button(widget, "Undo the removal")).to_be_hidden()


def test_undo_and_redo_go_to_each_other_when_there_is_no_more(page, widget):
    clause(widget, "Missed appointments").focus()
    page.keyboard.press("Space")
    expect(button(widget, "Undo")).to_be_enabled()
    button(widget, "Undo").focus()
    page.keyboard.press("Enter")
    expect(clause(widget, "Missed appointments")).to_be_checked()
    expect(button(widget, "Redo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(clause(widget, "Missed appointments")).not_to_be_checked()
    expect(button(widget, "Undo")).to_be_focused()


def test_undo_by_key_leaves_the_focus_in_the_list(page, widget):
    clause(widget, "outreach").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(widget.locator(".cn-clause").nth(1)).to_contain_text("outreach")
    page.keyboard.press("Control+z")
    expect(widget.locator(".cn-clause").nth(2)).to_contain_text("outreach")
    expect(clause(widget, "outreach")).to_be_focused()


def test_menus_give_the_focus_back_to_what_opened_them(page, widget):
    clause(widget, "Missed appointments").focus()
    page.keyboard.press("/")
    expect(widget.get_by_label("Search clauses")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("/")
    expect(widget.get_by_label("Search clauses")).to_be_hidden()
    expect(button(widget, "+ Clause")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(button(widget, "+ Clause")).to_be_focused()
    more = widget.get_by_role("button", name="More about this clause").first
    more.click()
    expect(widget.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    more.click()
    more.click()
    expect(widget.get_by_role("menu")).to_have_count(0)
    expect(more).to_be_focused()


def test_adding_leaves_the_focus_where_more_can_be_added(page, widget):
    button(widget, "+ Clause").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("no-shows")
    page.keyboard.press("Enter")
    expect(clause(widget, "No-shows")).to_be_visible()
    expect(button(widget, "+ Clause")).to_be_focused()
    button(widget, "+ Group").focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".cn-clause")).to_have_count(5)
    expect(button(widget, "+ Group")).to_be_focused()


def test_how_many_must_match_is_chosen_without_losing_the_focus(page, widget):
    how = widget.locator(".cn-matching select")
    how.focus()
    page.keyboard.press("End")
    expect(widget.locator(".cn-matching input")).to_be_visible()
    expect(widget.locator(".cn-matching select")).to_be_focused()


def test_a_lost_kernel_leaves_the_focus_on_copying_the_rule(page, widget):
    clause(widget, "Missed appointments").focus()
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(widget.get_by_text("Disconnected.")).to_be_visible(timeout=30_000)
    expect(button(widget, "Copy rule")).to_be_focused()


def test_a_message_that_is_dismissed_leaves_the_focus_in_the_widget(page, notebook, widget):
    notebook.run("builder.send({'kind': 'document', 'revision': 99})")
    button(widget, "Dismiss").focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".cn-alert")).to_be_hidden()
    expect(widget.get_by_label("Name of the rule")).to_be_focused()
