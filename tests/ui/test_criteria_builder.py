"""The criteria builder as a person uses it, in JupyterLab."""

import re

import pytest
from notebooks_for_tests import ODD, ODD_GROUPS, SETUP, SMALL_GROUP
from playwright.sync_api import expect
from screens_for_tests import ZOOMED, misplaced, notebook_alone

SCREENS = {"whole": {"viewport": {"width": 1280, "height": 900}}, **ZOOMED}


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


def test_two_views_of_one_builder_show_the_same_rule(page, open_notebook):
    open_notebook("views", SETUP, "builder", "builder")
    views = page.locator(".cn-criteria-builder")
    expect(views).to_have_count(2, timeout=60_000)
    for i in range(2):
        expect(views.nth(i).locator(".cn-sentence")).to_contain_text("clients", timeout=30_000)
    before = views.nth(0).locator(".cn-sentence").inner_text()
    views.nth(0).get_by_role("checkbox", name="Missed appointments").click()
    expect(views.nth(1).get_by_role("checkbox", name="Missed appointments")).not_to_be_checked()
    expect(views.nth(0).locator(".cn-sentence")).not_to_have_text(before)
    sentence = views.nth(0).locator(".cn-sentence").inner_text()
    expect(views.nth(1).locator(".cn-sentence")).to_have_text(sentence)


def test_a_restarted_kernel_leaves_the_rule_as_text(page, open_notebook):
    open_notebook("restart", SETUP, "builder")
    widget = builder(page)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(widget.get_by_text("Disconnected.")).to_be_visible(timeout=30_000)
    expect(widget.locator(".cn-code")).to_contain_text("c.missed(within='90d') >= 3")


def test_messages_that_make_no_sense_do_no_harm(page, open_notebook):
    notebook = open_notebook("messages", SETUP, "builder")
    widget = builder(page)
    before = widget.locator(".cn-sentence").inner_text()
    notebook.run(
        "for sent in ({}, {'kind': 'headline'}, {'kind': 'document', 'revision': 99},\n"
        "             {'kind': 'headline', 'revision': -5, 'sentence': 'late'},\n"
        "             {'kind': 'x' * 1_000_000, 'revision': 100}):\n"
        "    builder.send(sent)"
    )
    expect(widget.locator(".cn-alert")).to_contain_text("could not be shown")
    assert widget.locator(".cn-sentence").inner_text() == before


def test_names_with_markup_or_of_any_length_are_text(page, open_notebook):
    name = f"{ODD['markup']} {ODD['right to left']} {ODD['emoji']} {ODD['long']}"
    notebook = open_notebook("names", SETUP, "builder")
    widget = builder(page)
    notebook.run(f"builder.value = c.Rule({name!r}, c.attribute('language') == {name!r})")
    expect(widget.get_by_label("Name of the rule")).to_have_value(name)
    expect(widget.locator(".cn-sentence")).to_contain_text("None, or fewer than 11")
    widget.get_by_role("button", name="Code").click()
    assert page.evaluate("() => window.broken") is None
    assert [m for m in misplaced(page) if "cn-bar-label" not in m] == []


def test_groups_with_odd_values_are_text_and_hold_the_layout(page, open_notebook):
    notebook = open_notebook("odd groups", ODD_GROUPS, "builder")
    widget = builder(page)
    widget.get_by_role("tab", name="Groups").click()
    panel = widget.locator(".cn-panel")
    for shape in ("li", "tr"):
        for value in ODD.values():
            row = panel.locator(shape).filter(has=page.get_by_text(value, exact=True))
            expect(row).to_have_count(1)
            expect(row).to_contain_text("episodes")
        assert [m for m in misplaced(page) if "yyyy" not in m] == []
        widget.get_by_role("button", name="Table", exact=True).click()
    heights = panel.locator("li").evaluate_all("all => all.map(e => e.offsetHeight)")
    assert max(heights) < 150
    notebook.run(f"builder.value = c.Rule('odd', c.attribute('language') == {ODD['markup']!r})")
    expect(page.locator(".cn-fallback")).to_contain_text(ODD["markup"], timeout=10_000)
    assert page.locator(".cn img, .cn-fallback [src=x]").count() == 0
    assert page.evaluate("() => window.broken") is None


@pytest.mark.parametrize("page", SCREENS.values(), ids=SCREENS, indirect=True)
def test_a_small_group_is_hidden_in_every_tab(page, open_notebook):
    """37 appointments of 9 clients: whoever counts rows shows them, whoever counts clients not."""
    notebook = open_notebook("small group", SMALL_GROUP, "builder")
    notebook_alone(page)
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text("clients", timeout=60_000)
    for tab in ("When", "Groups", "Clauses"):
        widget.get_by_role("tab", name=tab).click()
        expect(widget.get_by_text("Working it out")).to_have_count(0)
        for _ in range(2):
            text = widget.locator(".cn-panel").inner_text()
            assert "Cornish" not in text
            assert not re.search(r"(?<![\d.,])(9|37)(?![\d.,])", text)
            widget.get_by_role("button", name="Table", exact=True).click()
    assert "Cornish" not in notebook.save()
