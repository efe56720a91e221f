"""Screens, themes, and what only a look at them would find: clipped text, a broken rule of WCAG."""

from pathlib import Path

from playwright.sync_api import expect

AXE = Path(__file__).parents[1] / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
ZOOMED = {
    "200 %": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "320 px": {"viewport": {"width": 320, "height": 640}},
}
"""A screen of 1280 pixels at 200 %, and the narrowest that WCAG asks for."""

_MISPLACED = """() => {
    const cn = document.querySelector('.cn');
    const box = cn.getBoundingClientRect();
    const output = cn.closest('.jp-OutputArea-output') ?? cn;
    const panel = cn.closest('.jp-NotebookPanel').getBoundingClientRect();
    const found = [];
    if (box.width < 100) found.push(`the widget is ${box.width} px wide`);
    if (box.right > panel.right + 1) found.push('the widget is wider than the notebook');
    if (output.scrollWidth > output.clientWidth + 1) found.push('the output scrolls sideways');
    for (const e of cn.querySelectorAll('*')) {
        if (!e.getClientRects().length) continue;
        if (e.closest('.cn-sr, .cn-status, .cn-table *, option')) continue;
        const r = e.getBoundingClientRect();
        const told = e.outerHTML.slice(0, 120);
        if (r.right > box.right + 1 || r.left < box.left - 1) found.push(`sticks out: ${told}`);
        const cut = e.matches('button, .cn-input, .cn-bar-label')
            || ['hidden', 'clip'].includes(getComputedStyle(e).overflowX);
        if (cut && !e.matches('.cn-rule-name, .cn-text') && e.clientWidth
            && e.scrollWidth > e.clientWidth + 1) found.push(`cut: ${told}`);
        if (e.matches('.cn-bar-label') && e.scrollHeight > e.clientHeight + 1)
            found.push(`cut: ${told}`);
    }
    return found;
}"""


def violations(page, where):
    """What axe-core finds in an element: rule, element, reason."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=str(AXE))
    found = page.evaluate(
        "([where, rules]) => axe.run(where, {runOnly: {type: 'tag', values: rules}})",
        [where, RULES],
    )
    return [
        (v["id"], n["html"][:120], n["failureSummary"])
        for v in found["violations"]
        for n in v["nodes"]
    ]


def show_theme(page, name):
    """Change JupyterLab's theme, and wait for it."""
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        THEMES[name],
    )
    light = "false" if name == "dark" else "true"
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", light)


def notebook_alone(page):
    """Close the file browser, as a person on a small screen does."""
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")


def misplaced(page):
    """What of the widget is cut, sticks out of it, or makes the notebook scroll sideways."""
    return page.evaluate(_MISPLACED)
