"""``carenotebook case`` as its users run it."""

import json
import subprocess
import sys

import pytest

from carenotebook.cli import main


def run(*arguments, given="", cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "carenotebook", "case", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=given,
        cwd=cwd,
        check=False,
    )


def test_a_case_is_played_by_numbers_and_saved(tmp_path):
    keys = "r\nw\nx\n99\n1\nto see\nb\n2\n\n1\n\n"
    done = run("play", "camera_off", "--save", "way.json", given=keys, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ENDING: Care goes on, by another road" in done.stdout
    assert "DEBRIEF" in done.stdout
    assert done.stderr == ""
    way = json.loads((tmp_path / "way.json").read_text("utf-8"))
    assert [s["choice"] for s in way["steps"]] == ["call_now", "phone_instead"]


@pytest.mark.parametrize("keys", ["q\n", "1\nquit\n", "", "1\n"])
def test_a_play_can_be_left_at_any_time(keys, monkeypatch, capsys):
    answers = iter(keys.splitlines())

    def asked(_):
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", asked)
    assert main(["case", "play", "camera_off"]) == 0
    assert "Left." in capsys.readouterr().out


def test_a_new_case_is_checked_and_mended(tmp_path, capsys):
    path = tmp_path / "mine.case.yml"
    assert main(["case", "new", str(path)]) == 0
    assert main(["case", "check", str(path)]) == 0
    assert "4 scenes, 2 endings, 3 ways through" in capsys.readouterr().out
    assert main(["case", "new", str(path)]) == 2
    path.write_text(path.read_text("utf-8").replace("to: called", "to: nowhere"), encoding="utf-8")
    assert main(["case", "check", str(path)]) == 7
    out = capsys.readouterr()
    assert "mine.case.yml, line " in out.out
    assert main(["case", "play", str(path)]) == 7
    assert main(["case", "play", "no_such_case"]) == 2
    assert main(["case", "play", "camera_off", "--save", "way.txt"]) == 2


def test_handouts_and_the_list_are_printed(tmp_path, capsys):
    assert main(["case", "handout", "enough", "-o", str(tmp_path / "enough.html")]) == 0
    assert "<h1>Enough</h1>" in (tmp_path / "enough.html").read_text("utf-8")
    assert main(["case", "handout", "--seminar"]) == 0
    assert "SEMINAR OF 90 MINUTES" in capsys.readouterr().out
    assert main(["case", "handout"]) == 2
    assert main(["case", "handout", "enough", "-o", str(tmp_path / "no" / "x.html")]) == 5
    capsys.readouterr()
    assert main(["case", "list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) >= 12
    assert main(["case", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"


def test_what_is_no_case_is_told(tmp_path, capsys):
    path = tmp_path / "appointments.csv"
    path.write_text("client_id,status\nc1,attended\n", "utf-8")
    assert main(["case", "check", str(path)]) == 7
    assert "line 1: this is no case file" in capsys.readouterr().out
    assert main(["case", "check", str(tmp_path / "none.yml")]) == 7
    assert f"{tmp_path / 'none.yml'}: there is no such file." in capsys.readouterr().out
    assert main(["case", "play", "nope"]) == 2
    assert "There is no case 'nope'" in capsys.readouterr().err
    assert main(["case", "play", "way.json"]) == 2
    assert "outreach.load_play(path)" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["case", "letter", "services", "reflect", "letter draft"])
def test_help_lists_the_exit_codes(command, capsys):
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    assert "9  a letter, or what was to be put into it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "error: OCCASION 'nope' is not one of: before_rule, "),
        (["ending", "--for", "boss"], "error: --for 'boss' is not one of: therapist, "),
    ],
)
def test_a_page_that_there_is_not_is_told_in_options(arguments, said, capsys):
    assert main(["reflect", *arguments]) == 2
    assert said in capsys.readouterr().err
