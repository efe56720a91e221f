"""The extension in JupyterLab: cards that open copies, and rules in words."""

import json

from playwright.sync_api import expect

from carenotebook import criteria as c
from carenotebook.jupyter.templates import TEMPLATES


def open_lab(page, lab, path=""):
    page.goto(f"{lab.address}/lab{path}?reset")
    page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)


def card(page, label):
    section = page.locator(".jp-Launcher-section", has_text="Care research")
    return section.locator(".jp-LauncherCard", has_text=label)


def test_a_card_opens_a_copy_and_never_writes_over_the_last(page, lab):
    open_lab(page, lab)
    card(page, "Own data").click()
    expect(page.locator(".jp-Notebook h1")).to_contain_text("Your own data", timeout=30_000)
    first = lab.folder / "Your own data.ipynb"
    first.write_text(json.dumps({**json.loads(first.read_text()), "metadata": {"mine": True}}))
    assert (lab.folder / "data" / "messy_mapping.yml").is_file()

    open_lab(page, lab)
    card(page, "Own data").click()
    expect(page.locator(".jp-Notebook h1")).to_contain_text("Your own data", timeout=30_000)
    assert (lab.folder / "Your own data 1.ipynb").is_file()
    assert json.loads(first.read_text())["metadata"] == {"mine": True}


def test_every_notebook_has_a_card_and_a_command(page, lab):
    open_lab(page, lab)
    section = page.locator(".jp-Launcher-section", has_text="Care research")
    expect(section.locator(".jp-LauncherCard")).to_have_count(len(TEMPLATES), timeout=30_000)
    commands = page.evaluate("() => window.jupyterapp.commands.listCommands()")
    assert {f"carenotebook:open-{name}" for name in TEMPLATES} <= set(commands)

    card(page, "Policy").click()
    expect(page.locator(".jp-Notebook h1")).to_contain_text("Did the policy work", timeout=30_000)


def test_a_rule_file_opens_in_words_with_its_hash(page, lab):
    rule = c.library()["ruh"]
    rule.save(lab.folder / "ruh.rule.yml")
    open_lab(page, lab, "/tree/ruh.rule.yml")
    view = page.locator(".cn-rule")
    expect(view).to_contain_text(rule.hash, timeout=30_000)
    expect(view.locator("ol li")).to_have_count(len(rule.clauses))


def test_a_file_that_is_no_rule_says_where_it_went_wrong(page, lab):
    (lab.folder / "odd.rule.yml").write_text("carenotebook_rule: 1\nname: odd\nwhen: {al: []}\n")
    open_lab(page, lab, "/tree/odd.rule.yml")
    expect(page.locator(".cn-rule [role=alert]")).to_contain_text("when", timeout=30_000)
