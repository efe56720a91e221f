"""The builder for everyone: axe-core finds nothing, at any width, in both themes, by keyboard."""

import pytest
from notebooks_for_tests import SETUP
from playwright.sync_api import expect
from screens_for_tests import THEMES, ZOOMED, misplaced, notebook_alone, show_theme, violations

from carenotebook import criteria as c
from carenotebook.jupyter.templates import TEMPLATES

BUILDER = ".cn-criteria-builder"


def opened(page):
    widget = page.locator(BUILDER)
    expect(widget.locator(".cn-sentence")).to_contain_text("clients", timeout=60_000)
    return widget


@pytest.mark.parametrize("name", THEMES)
def test_axe_finds_nothing_in_any_state(page, open_notebook, name):
    opened_notebook = open_notebook(f"axe {name}", SETUP, "builder")
    widget = opened(page)
    show_theme(page, name)
    found = {"opened": violations(page, BUILDER)}
    for tab in ("When", "Groups", "Clauses"):
        widget.get_by_role("tab", name=tab).click()
        widget.locator(".cn[data-busy]").wait_for(state="detached")
        found[tab] = violations(page, BUILDER)
        widget.get_by_role("button", name="Table", exact=True).click()
        found[f"{tab} as a table"] = violations(page, BUILDER)
        widget.get_by_role("button", name="Table", exact=True).click()
    widget.get_by_role("checkbox", name="Missed appointments").click()
    widget.get_by_role("button", name="Code").click()
    widget.locator("summary", has_text="Not fit for use").click()
    widget.get_by_role("button", name="+ Clause").click()
    found["a clause off, code, menu"] = violations(page, BUILDER)
    page.keyboard.press("Escape")
    widget.get_by_role("button", name="More about this clause").first.click()
    found["more"] = violations(page, BUILDER)
    page.keyboard.press("Escape")
    widget.get_by_label("Threshold, Missed appointments").fill("many")
    expect(widget.get_by_text("A number is needed here.")).to_be_visible()
    found["refused"] = violations(page, BUILDER)
    opened_notebook.run("builder.value = None")
    expect(widget.locator(".cn-sentence")).to_contain_text("No clauses yet")
    found["empty"] = violations(page, BUILDER)
    opened_notebook.run("builder.value = rule")
    expect(widget.locator(".cn-sentence")).to_contain_text("put up for")
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(widget.get_by_text("Disconnected.")).to_be_visible(timeout=30_000)
    found["disconnected"] = violations(page, BUILDER)
    assert {state: v for state, v in found.items() if v} == {}


@pytest.mark.parametrize("name", THEMES)
def test_axe_finds_nothing_in_the_launcher_section_and_the_rule_viewer(page, lab, name):
    page.goto(f"{lab.address}/lab?reset")
    section = page.locator(".jp-Launcher-section", has_text="Care research")
    expect(section.locator(".jp-LauncherCard")).to_have_count(len(TEMPLATES), timeout=60_000)
    show_theme(page, name)
    section.evaluate("e => { e.id = 'care-research'; }")
    found = {"launcher": violations(page, "#care-research")}
    c.library()["ruh"].save(lab.folder / "axe.rule.yml")
    (lab.folder / "no.rule.yml").write_text("carenotebook_rule: 1\nname: no\nwhen: {al: []}\n")
    for file, content in {"axe.rule.yml": "code", "no.rule.yml": "[role=alert]"}.items():
        page.goto(f"{lab.address}/lab/tree/{file}?reset")
        expect(page.locator(f".cn-rule {content}")).to_be_visible(timeout=60_000)
        show_theme(page, name)
        found[file] = violations(page, ".cn-rule")
    assert {state: v for state, v in found.items() if v} == {}


@pytest.mark.parametrize("page", ZOOMED.values(), ids=ZOOMED, indirect=True)
def test_a_small_screen_cuts_nothing_and_does_not_scroll_sideways(page, open_notebook):
    open_notebook("small screen", SETUP, "builder")
    notebook_alone(page)
    widget = opened(page)
    found = {}
    for tab in ("When", "Groups", "Clauses"):
        widget.get_by_role("tab", name=tab).click()
        expect(widget.get_by_text("Working it out")).to_have_count(0)
        found[tab] = misplaced(page)
        widget.get_by_role("button", name="Table", exact=True).click()
        found[f"{tab} as a table"] = misplaced(page)
        widget.get_by_role("button", name="Table", exact=True).click()
    widget.get_by_role("button", name="Code").click()
    widget.get_by_role("button", name="+ Clause").click()
    found["code, menu"] = misplaced(page)
    page.keyboard.press("Escape")
    widget.get_by_role("button", name="More about this clause").first.click()
    found["more"] = misplaced(page)
    page.keyboard.press("Escape")
    widget.get_by_role("checkbox", name="Missed appointments").focus()
    page.keyboard.press("Delete")
    expect(widget.get_by_role("button", name="Undo the removal")).to_be_visible()
    found["removed"] = misplaced(page)
    assert {state: v for state, v in found.items() if v} == {}


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_widget(page, open_notebook, width):
    open_notebook(f"narrow {width}", SETUP, "builder")
    widget = opened(page)
    page.evaluate("w => { document.querySelector('.cn').style.width = `${w}px`; }", width)
    for tab in ("Clauses", "When", "Groups"):
        widget.get_by_role("tab", name=tab).click()
        wide = page.evaluate("""() => {
            const cn = document.querySelector('.cn');
            const right = cn.getBoundingClientRect().right;
            return [...cn.querySelectorAll('.cn-content *:not(.cn-table *)')]
                .filter(e => e.getClientRects().length && !e.closest('.cn-sr, .cn-table'))
                .filter(e => e.getBoundingClientRect().right > right + 1)
                .map(e => e.outerHTML.slice(0, 100));
        }""")
        assert wide == []


def test_the_whole_task_is_done_by_keyboard_alone(page, open_notebook):
    notebook = open_notebook("keyboard", SETUP, "builder")
    widget = opened(page)
    widget.get_by_label("Name of the rule").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.querySelector('.cn').contains(document.activeElement)")
    first = widget.get_by_role("checkbox", name="Missed appointments")
    first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(widget.get_by_label("Threshold, Missed appointments")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(widget.locator(".cn-words")).to_contain_text("4 or more")
    expect(widget.get_by_label("Threshold, Missed appointments")).to_be_focused()
    first.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(widget.locator(".cn-words p").nth(1)).to_contain_text("last heard from")
    expect(first).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("rate")
    page.keyboard.press("Enter")
    expect(widget.get_by_role("checkbox", name="Attendance rate")).to_be_visible()
    expect(widget.get_by_role("button", name="+ Clause")).to_be_focused()
    first.focus()
    page.keyboard.press("Delete")
    expect(widget.get_by_role("checkbox", name="Missed appointments")).to_have_count(0)
    assert page.evaluate("() => document.querySelector('.cn').contains(document.activeElement)")
    page.keyboard.press("Control+z")
    expect(first).to_be_visible()
    page.keyboard.press("x")
    expect(page.locator(".jp-mod-dirty")).not_to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=10_000)
    assert notebook.run("print(len(builder.value.clauses))").strip() == "4"
