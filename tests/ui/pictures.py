"""Pictures of everything visible, in both themes and three widths: `make pictures`."""

from pathlib import Path

import pytest
from notebooks_for_tests import CASE, CHECK_IN, SETUP
from playwright.sync_api import expect
from screens_for_tests import THEMES, show_theme

from carenotebook import criteria as c

FOLDER = Path(__file__).parents[2] / "reports" / "pictures"


@pytest.mark.parametrize("theme", THEMES)
def test_pictures_of_the_builder(page, open_notebook, theme):
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 1700, "height": 1400})
    open_notebook(f"pictures {theme}", SETUP, "builder")
    widget = page.locator(".cn-criteria-builder")
    expect(widget.locator(".cn-sentence")).to_contain_text("clients", timeout=60_000)
    show_theme(page, theme)
    for width in (320, 768, 1280):
        page.evaluate("w => { document.querySelector('.cn').style.width = `${w}px`; }", width)
        for tab in ("Clauses", "When", "Groups"):
            widget.get_by_role("tab", name=tab).click()
            expect(widget.get_by_text("Working it out")).to_have_count(0)
            widget.screenshot(path=FOLDER / f"builder-{tab.lower()}-{theme}-{width}.png")
        widget.get_by_role("button", name="Table", exact=True).click()
        widget.get_by_role("button", name="Code").click()
        widget.get_by_role("button", name="+ Clause").click()
        widget.screenshot(path=FOLDER / f"builder-all-open-{theme}-{width}.png")
        page.keyboard.press("Escape")
        widget.get_by_role("button", name="Code").click()
        widget.get_by_role("button", name="Table", exact=True).click()


@pytest.mark.parametrize("theme", THEMES)
def test_pictures_of_a_check_in(page, open_notebook, theme):
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 1700, "height": 1400})
    open_notebook(f"check-in pictures {theme}", CHECK_IN, "check_in")
    widget = page.locator(".cn-check-in")
    expect(widget.get_by_role("button", name="Send my answers")).to_be_visible(timeout=60_000)
    show_theme(page, theme)
    for width in (320, 768, 1280):
        page.evaluate("w => { document.querySelector('.cn').style.width = `${w}px`; }", width)
        widget.screenshot(path=FOLDER / f"check-in-{theme}-{width}.png")


@pytest.mark.parametrize("theme", THEMES)
def test_pictures_of_the_case_player(page, open_notebook, theme):
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 1700, "height": 2400})
    open_notebook(f"case pictures {theme}", CASE, "player")
    widget = page.locator(".cn-case-player")
    title = widget.locator(".cn-scene-title")
    expect(title).to_have_text("A name on the list", timeout=60_000)
    show_theme(page, theme)
    for choice, after in (
        ("Open the record", "Two records of one hour"),
        ("Correct the record of 22 January", "What the client says"),
    ):
        widget.get_by_role("radio", name=choice).check()
        widget.get_by_role("button", name="Choose", exact=True).click()
        expect(title).to_have_text(after)
    widget.locator("summary", has_text="Your way so far").click()
    for width in (320, 768, 1280):
        page.evaluate("w => { document.querySelector('.cn').style.width = `${w}px`; }", width)
        widget.screenshot(path=FOLDER / f"case-{theme}-{width}.png")


@pytest.mark.parametrize("theme", THEMES)
def test_pictures_of_the_extension(page, lab, theme):
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.goto(f"{lab.address}/lab?reset")
    card = page.locator(".jp-LauncherCard", has_text="Own data")
    expect(card).to_be_visible(timeout=60_000)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    show_theme(page, theme)
    page.screenshot(path=FOLDER / f"launcher-{theme}.png")
    c.library()["ruh"].save(lab.folder / "ruh.rule.yml")
    page.goto(f"{lab.address}/lab/tree/ruh.rule.yml?reset")
    expect(page.locator(".cn-rule code")).to_be_visible(timeout=60_000)
    show_theme(page, theme)
    page.screenshot(path=FOLDER / f"rule-{theme}.png")
