"""What is kept of a notebook with a widget: it says something, and holds no client."""

import json
import subprocess
import sys

import pytest
from notebooks_for_tests import SETUP, clients_in, notebook, widget_state
from playwright.sync_api import expect

SENTENCE = "would be put up for"
WAYS = {
    "nbconvert to a notebook": [
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--inplace",
        "x.ipynb",
    ],
    "nbconvert to html": ["nbconvert", "--to", "html", "--execute", "x.ipynb"],
    "execute": ["execute", "--inplace", "x.ipynb"],
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_notebook_run_without_a_screen_keeps_the_fallback_and_no_client(way, tmp_path):
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook([SETUP, "builder"])))
    command = [sys.executable, "-m", "jupyter", *way]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    saved = (tmp_path / ("x.html" if "html" in way else "x.ipynb")).read_text(encoding="utf-8")
    assert SENTENCE in saved
    assert "What each clause leaves" in saved
    assert clients_in(saved) == []
    if "html" not in way:
        (state,) = widget_state(saved)
        assert SENTENCE not in json.dumps(state)


def test_what_jupyterlab_saves_is_up_to_date_and_can_be_read_without_a_kernel(page, open_notebook):
    opened = open_notebook("saved", SETUP, "builder")
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text(SENTENCE, timeout=60_000)
    expect(page.locator(".cn-fallback")).to_be_hidden()
    before = widget.locator(".cn-sentence").inner_text()
    widget.get_by_role("checkbox", name="Missed appointments").click()
    expect(widget.locator(".cn-sentence")).not_to_have_text(before)
    changed = widget.locator(".cn-sentence").inner_text()
    expect(page.locator(".cn-fallback")).to_contain_text(changed, timeout=10_000)
    saved = opened.save()
    assert changed in saved
    assert clients_in(saved) == []
    (state,) = widget_state(saved)
    assert SENTENCE not in json.dumps(state)

    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    fallback = page.locator(".cn-fallback")
    expect(fallback).to_contain_text(changed, timeout=30_000)
    expect(fallback.locator("img")).to_be_visible()
    expect(fallback.locator("table")).to_be_visible()
    expect(page.locator(".jp-OutputArea-child:visible")).to_have_count(1)
