"""What there is of the extension and the builder in Notebook 7."""

import json

from notebooks_for_tests import SETUP
from playwright.sync_api import expect


def test_the_builder_works_without_launcher_and_palette(page, open_notebook7):
    wrong = []
    page.on("pageerror", lambda error: wrong.append(error.stack))
    notebook = open_notebook7("seven", SETUP, "builder")
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text("put up for", timeout=60_000)
    before = widget.locator(".cn-sentence").inner_text()
    widget.get_by_role("checkbox", name="Missed appointments").focus()
    page.keyboard.press("Space")
    expect(widget.locator(".cn-sentence")).not_to_have_text(before)
    assert notebook.run("print(len(builder.value.clauses))").strip() == "2"
    notebook.run("builder.value = c.Rule('four', c.missed(within='90d') >= 4)")
    expect(widget.get_by_label("Threshold, Missed appointments")).to_have_value("4")
    assert [stack for stack in wrong if "carenotebook" in stack] == []


def test_the_command_opens_a_copy(page, notebook7, open_notebook7):
    open_notebook7("commands", "1")
    assert page.evaluate("() => window.jupyterapp.commands.hasCommand('carenotebook:open-tour')")
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('carenotebook:open-tour', {cwd: ''}); }"
    )
    copy = notebook7.folder / "Care research tour.ipynb"
    for _ in range(100):
        if copy.is_file():
            break
        page.wait_for_timeout(100)
    assert json.loads(copy.read_text())["cells"][0]["cell_type"] == "markdown"
