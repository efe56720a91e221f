"""What a person does in one go: from the launcher to a notebook that is opened again."""

import json

from notebooks_for_tests import clients_in, widget_state
from playwright.sync_api import expect

SENTENCE = "would be put up for"


def tab_to(page, target, most=10):
    """Press Tab until the focus is there, as without a mouse."""
    for _ in range(most):
        if target.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by {most} times Tab")


def open_tour(page, lab):
    """Click the card in the launcher of a folder; the copy opens there."""
    (lab.folder / "clinic").mkdir()
    page.goto(f"{lab.address}/lab/tree/clinic?reset")
    section = page.locator(".jp-Launcher-section", has_text="Care research")
    section.locator(".jp-LauncherCard", has_text="Tour").click()
    expect(page.locator(".jp-Notebook h1")).to_contain_text("Tour", timeout=60_000)
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"
        "?.status === 'idle'",
        timeout=60_000,
    )
    return lab.folder / "clinic" / "Care research tour.ipynb"


def test_the_tour_from_the_card_to_the_notebook_opened_again(page, lab, notebook_of):
    notebook = notebook_of(open_tour(page, lab))
    assert notebook.path.is_file()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text(SENTENCE, timeout=60_000)
    before = widget.locator(".cn-sentence").inner_text()

    missed = widget.get_by_role("checkbox", name="Missed appointments")
    widget.get_by_label("Name of the rule").focus()
    tab_to(page, missed)
    page.keyboard.press("Space")
    expect(missed).not_to_be_checked()
    expect(widget.locator(".cn-sentence")).not_to_have_text(before)
    changed = "print(len(builder.value.clauses), 'missed' in str(builder.value.explain()))"
    assert notebook.run(changed).strip() == "2 False"

    notebook.run("builder.value = c.Rule('four misses', c.missed(within='90d') >= 4)")
    expect(widget.get_by_label("Name of the rule")).to_have_value("four misses")
    expect(widget.locator(".cn-clause")).to_have_count(1)
    expect(widget.get_by_label("Threshold, Missed appointments")).to_have_value("4")
    expect(widget.locator(".cn-words")).to_contain_text("4 or more")
    expect(page.locator(".cn-fallback")).to_contain_text("4 or more", timeout=10_000)
    sentence = widget.locator(".cn-sentence").inner_text()

    saved = notebook.save()
    assert sentence in saved
    assert clients_in(saved) == []
    assert [SENTENCE in json.dumps(state) for state in widget_state(saved)] == [False]
    reopened(page, sentence)


def reopened(page, sentence):
    """Close the notebook, its kernel too, and open it from the file: what was saved is there."""
    page.evaluate("""async () => {
        const app = window.jupyterapp;
        const path = app.shell.currentWidget.context.path;
        await app.shell.currentWidget.sessionContext.shutdown();
        await app.commands.execute('application:close');
        await app.commands.execute('docmanager:open', {path});
    }""")
    fallback = page.locator(".cn-fallback")
    expect(fallback).to_contain_text(sentence, timeout=60_000)
    expect(fallback.locator("img")).to_be_visible()
    expect(fallback.get_by_role("table")).to_be_visible()
