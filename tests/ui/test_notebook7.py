"""What there is of the extension and the builder in Notebook 7."""

import json

from notebooks_for_tests import SETUP, notebook
from playwright.sync_api import expect


def test_the_builder_works_and_commands_open_copies(page, notebook7):
    (notebook7.folder / "seven.ipynb").write_text(json.dumps(notebook([SETUP, "builder"])))
    page.goto(f"{notebook7.address}/notebooks/seven.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        "?.status === 'idle'",
        timeout=60_000,
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text("put up for", timeout=60_000)
    assert page.evaluate("() => window.jupyterapp.commands.hasCommand('carenotebook:open-tour')")
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('carenotebook:open-tour', {cwd: ''}); }"
    )
    page.wait_for_timeout(0)
    for _ in range(100):
        if (notebook7.folder / "Care research tour.ipynb").is_file():
            break
        page.wait_for_timeout(100)
    copied = json.loads((notebook7.folder / "Care research tour.ipynb").read_text())
    assert copied["cells"][0]["cell_type"] == "markdown"
