"""Seconds from input to paint in the criteria builder, in a real JupyterLab in Chromium.

A changed rule counts from the key press until its sentence and its chart are painted.
Usage: python interactions.py [--size 1000000] [--times 100] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from cohorts import saved_cohort
from jupyter_for_tests import CHROMIUM, FLAGS, served
from notebooks_for_tests import notebook
from playwright.sync_api import sync_playwright

LOAD = """
import carenotebook as cn
from carenotebook import criteria as c
cohort = cn.load({folder!r})
rule = c.Rule("three misses and silence",
    (c.missed(within="90d") >= 3) & (c.days_since_heard() >= 30)
    & (c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d") >= 2))
"""
SHOW = "cn.widgets.CriteriaBuilder(cohort, rule)"

# Waits for what `seen` looks at to change, and then for the frame in which it is painted.
PAINTED = """([key, field]) => new Promise(done => {
    const root = document.querySelector('.cn-criteria-builder');
    const input = root.querySelector(`[aria-label="${field}"]`);
    const before = root.dataset.shown;
    const begin = performance.now();
    let sentence = 0;
    const frame = run => requestAnimationFrame(() => setTimeout(run));
    const chart = new MutationObserver(() => {
        if (root.dataset.shown === before) return;
        chart.disconnect();
        frame(() => done([sentence, performance.now() - begin]));
    });
    const told = new MutationObserver(() => {
        told.disconnect();
        frame(() => { sentence = performance.now() - begin; });
    });
    told.observe(root, {attributes: true, attributeFilter: ['data-shown']});
    chart.observe(root.querySelector('[role=tabpanel]'), {childList: true, subtree: true});
    input.focus();
    input.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
})"""
FIRST = """() => new Promise(done => {
    const begin = performance.now();
    const look = () => document.querySelector('.cn-criteria-builder .cn-bars li')
        ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)))
        : requestAnimationFrame(look);
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.length - 1;
    window.jupyterapp.commands.execute('notebook:run-cell');
    look();
})"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    chosen = parser.parse_args()
    if CHROMIUM is None:
        raise SystemExit("There is no Chromium here: apt-get install chromium")
    cohort = saved_cohort(chosen.size, chosen.folder).resolve()
    with tempfile.TemporaryDirectory() as home, served("jupyterlab", Path(home)) as lab:
        cells = [LOAD.format(folder=str(cohort)), SHOW]
        (lab.folder / "x.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
        first, found = measure(lab.address, chosen.times)
    print(f"{chosen.size:,} appointments, {chosen.times} changed rules in Chromium, milliseconds")
    print(f"first picture after the cell runs  {first:>6.0f}")
    for i, what in enumerate(("sentence painted", "sentence and chart painted")):
        times = sorted(pair[i] for pair in found)
        worst = times[int(0.95 * len(times))]
        print(f"{what:<33}  median {statistics.median(times):>4.0f}  95th percentile {worst:>4.0f}")
    print(f"bundle, gzipped                    {_bundle():>6.1f} kB")


def measure(address: str, times: int) -> tuple[float, list[list[float]]]:
    """Milliseconds to the first picture, and of each changed rule."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/lab/tree/x.ipynb?reset")
        ready = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        page.wait_for_function(f"{ready}?.status === 'idle'", timeout=60_000)
        page.evaluate(
            "async () => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;"
            " await window.jupyterapp.commands.execute('notebook:run-cell'); }"
        )
        first: Any = page.evaluate(FIRST)
        found = []
        fields = ["Missed appointments", "Time since the client was last heard from"]
        for i in range(times):
            field = f"Threshold, {fields[i % 2]}"
            found.append(page.evaluate(PAINTED, ["ArrowUp", field]))
            page.wait_for_function("() => !document.querySelector('.cn').dataset.busy")
            page.wait_for_timeout(100)
        browser.close()
        return float(first), found


def _bundle() -> float:
    static = resources.files("carenotebook") / "static"
    files = [f for f in static.iterdir() if f.name.startswith("criteria_builder.")]
    return sum(len(gzip.compress(f.read_bytes())) for f in files) / 1000


if __name__ == "__main__":
    main()
