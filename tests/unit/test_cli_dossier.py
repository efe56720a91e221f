"""The commands `dossier` and `reflect` as their users run them."""

import json
import subprocess
import sys

import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.cli import main


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "carenotebook", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_group_tables):
    home = tmp_path_factory.mktemp("dossier")
    cn.from_frames(**small_group_tables, episode_end="60d").save(home / "saved")
    c.Rule("two misses", c.missed(within="90d") >= 2).save(home / "two.rule.yml")
    (home / "written.yml").write_text("question: Whom do we ring first?\ndissent: [Not me.]\n")
    (home / "declared.yml").write_text("way_back: Ring us.\n")
    (home / "page.html").write_text("<p>no dossier</p>")
    return home


@pytest.fixture(scope="module")
def made(folder):
    options = ["--by", "language", "--written", "written.yml", "--declared", "declared.yml"]
    options += ["--profile", "BACP", "--stopping", "would_have_come_back=0.3"]
    options += ["--compare", "turning_point", "-o", "d.html"]
    return run("dossier", "saved", "--rule", "two.rule.yml", *options, cwd=folder)


def test_a_dossier_is_written_and_summed_up(made, folder):
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    assert "Not fit for use" in made.stdout
    assert made.stdout.rstrip().endswith("Dossier: d.html")
    page = (folder / "d.html").read_text(encoding="utf-8")
    assert "Whom do we ring first?" in page
    assert "Turning Point" in page


@pytest.mark.usefixtures("made")
def test_another_process_makes_it_again_to_the_byte(folder):
    done = run("dossier", "saved", "--verify", "d.html", "-o", "again.html", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "The same to the byte" in done.stdout
    assert (folder / "again.html").read_bytes() == (folder / "d.html").read_bytes()


@pytest.mark.usefixtures("made")
def test_a_changed_dossier_is_told_and_has_an_exit_code(folder):
    page = (folder / "d.html").read_text(encoding="utf-8")
    (folder / "changed.html").write_text(page.replace("Not me.", "Fine.", 1), encoding="utf-8")
    done = run("dossier", "saved", "--verify", "changed.html", "--json", cwd=folder)
    assert done.returncode == 8
    told = json.loads(done.stdout)
    assert not told["same"]
    assert "The section 'Dissent' says something else." in told["differences"]
    (line,) = done.stderr.splitlines()
    assert "changed.html differs" in line


MISTAKES = {
    "neither": (2, [], "either --rule"),
    "both": (2, ["--rule", "two.rule.yml", "--verify", "page.html"], "either --rule"),
    "no output": (2, ["--rule", "two.rule.yml"], "-o FILE"),
    "options beside a manifest": (2, ["--verify", "page.html", "--by", "language"], "--by"),
    "no dossier": (3, ["--verify", "page.html"], "no manifest"),
    "no such dossier": (3, ["--verify", "absent.html"], "absent.html"),
    "a limit of nothing": (2, ["--rule", "two.rule.yml", "--json", "--stopping", "x"], "name=0.3"),
    "a limit twice": (
        2,
        ["--rule", "two.rule.yml", "--json", "--stopping", "no_risk_review=0", "no_risk_review=1"],
        "twice",
    ),
    "an unknown limit": (
        2,
        ["--rule", "two.rule.yml", "--json", "--stopping", "x=1"],
        "'x'",
    ),
    "over its own input": (
        2,
        ["--rule", "two.rule.yml", "--written", "written.yml", "-o", "written.yml"],
        "overwritten",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_an_exit_code(mistake, folder, monkeypatch, capsys):
    code, arguments, says = MISTAKES[mistake]
    monkeypatch.chdir(folder)
    assert main(["dossier", "saved", *arguments]) == code
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith("carenotebook: error: ")
    assert says in line
    assert told.out == ""


def test_pages_for_reflection_are_listed_printed_and_written(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["reflect"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 9
    assert main(["reflect", "ending", "--for", "client"]) == 0
    assert capsys.readouterr().out.startswith("AFTER AN ENDING")
    assert main(["reflect", "ending", "-o", "ending.html"]) == 0
    assert "<h1>After an ending</h1>" in (folder / "ending.html").read_text(encoding="utf-8")
    for wrong in (["monday"], ["ending", "--for", "payer"], ["ending", "-o", "a.pdf"], ["-o", "a"]):
        assert main(["reflect", *wrong]) == 2
