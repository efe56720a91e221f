"""A real JupyterLab and a real Chromium, for what only a person at a screen would see."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from jupyter_for_tests import CHROMIUM, FLAGS, served
from notebooks_for_tests import notebook
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def chromium():
    """A browser; skips where this machine has none."""
    if CHROMIUM is None:
        missing = "no Chromium on this machine: apt-get install chromium"
        if os.environ.get("CARENOTEBOOK_UI") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab of its own, on an empty folder, with its own settings."""
    with served("jupyterlab", tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory):
    """A Notebook 7 of its own."""
    with served("notebook", tmp_path_factory.mktemp("notebook7")) as running:
        yield running


@pytest.fixture
def page(chromium, request):
    """A fresh page; the test fails if it asked anything of another machine.

    Another screen is an indirect parameter: what Playwright's `new_context` takes.
    """
    screen = getattr(request, "param", {"viewport": {"width": 1280, "height": 900}})
    context = chromium.new_context(**screen)
    opened = context.new_page()
    outside = []

    def note(request):
        if request.url.startswith("http") and not request.url.startswith("http://127.0.0.1:"):
            outside.append(request.url)

    opened.on("request", note)
    yield opened
    context.close()
    assert outside == []


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open in a page, with every cell run."""

    page: object
    path: Path

    def run(self, code):
        """Run code in a new last cell and return what it prints."""
        self.page.evaluate("""() => {
            const app = window.jupyterapp;
            const notebook = app.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.length - 1;
            return app.commands.execute('notebook:insert-cell-below');
        }""")
        self.page.evaluate(
            """code => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCell.model.sharedModel.setSource(code);
                return window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            code,
        )
        return self.page.evaluate("""() => {
            const cell = window.jupyterapp.shell.currentWidget.content.activeCell;
            return cell.model.outputs.toJSON().map(o => o.text ?? '').join('');
        }""")

    def save(self):
        """Save as a person would, and read the file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return self.path.read_text(encoding="utf-8")


def _opened(page, server, place, name, cells):
    path = server.folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook(cells)), encoding="utf-8")
    page.goto(f"{server.address}/{place}/{path.name}?reset")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        "?.status === 'idle'",
        timeout=60_000,
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    return Notebook(page, path)


@pytest.fixture
def open_notebook(page, lab):
    """Opens a notebook of these cells in JupyterLab and runs them."""
    return lambda name, *cells: _opened(page, lab, "lab/tree", name, cells)


@pytest.fixture
def open_notebook7(page, notebook7):
    """Opens a notebook of these cells in Notebook 7 and runs them."""
    return lambda name, *cells: _opened(page, notebook7, "notebooks", name, cells)


@pytest.fixture
def notebook_of(page):
    """The notebook that is open in the page, saved at a path."""
    return lambda path: Notebook(page, path)
