"""``carenotebook letter`` as its users run it."""

import json

import pytest
import yaml

from carenotebook import outreach
from carenotebook.cli import main


def test_a_letter_is_made_checked_approved_and_drafted(tmp_path, capsys):
    path, facts = tmp_path / "mine.md", tmp_path / "facts.yml"
    assert main(["letter", "new", str(path), "--like", "review_notice"]) == 0
    assert main(["letter", "new", str(path)]) == 2
    assert main(["letter", "check", str(path)]) == 0
    out = capsys.readouterr().out
    assert "nothing wrong. Reading age " in out
    assert "Approved by: nobody yet" in out
    assert main(["letter", "approve", str(path), "--by", "Clinical lead"]) == 0
    assert main(["letter", "check", str(path)]) == 0
    assert "Approved by: Clinical lead" in capsys.readouterr().out
    facts.write_text(yaml.safe_dump(outreach.letters()["review_notice"].example()), "utf-8")
    draft = ["letter", "draft", str(path), "--facts", str(facts), "--on", "2026-03-17"]
    assert main(draft) == 0
    out = capsys.readouterr()
    assert "Dear Robin," in out.out
    assert "Ready for a person to read through. Nothing was sent." in out.err
    assert "approved by Clinical lead on " in out.err
    assert main([*draft, "-o", str(tmp_path / "letter.html")]) == 0
    assert "Dear Robin," in (tmp_path / "letter.html").read_text("utf-8")
    assert main([*draft, "-o", str(tmp_path / "no" / "letter.html")]) == 5


def test_a_telephone_number_keeps_its_first_digit(tmp_path, capsys):
    facts = tmp_path / "facts.yml"
    facts.write_text("quiet_number: 0770012345\nfirst_name: null\n", "utf-8")
    assert main(["letter", "draft", "quiet_note", "--facts", str(facts)]) == 0
    out = capsys.readouterr()
    assert "ring me on 0770012345." in " ".join(out.out.split())
    facts.write_text("quiet_number: +447700123456\n", "utf-8")
    assert main(["letter", "draft", "quiet_note", "--facts", str(facts)]) == 0
    assert "+447700123456" in capsys.readouterr().out


def test_what_is_open_is_told_beside_the_letter(capsys):
    assert main(["letter", "draft", "quiet_note"]) == 0
    out = capsys.readouterr()
    assert out.out.startswith("*** Draft.")
    assert "safe_channel is still to be written" in out.err
    assert "`carenotebook letter approve FILE --by ROLE` records who did" in out.err
    assert "--facts FILE takes what is open" in out.err
    assert "facts[" not in out.err


def test_a_facts_file_that_is_missing_is_a_mistake_in_what_was_given(tmp_path, capsys):
    path = tmp_path / "none.yml"
    assert main(["letter", "draft", "quiet_note", "--facts", str(path)]) == 9
    said = capsys.readouterr().err
    assert f"--facts {path}: there is no such file. Write one" in said
    assert main(["letter", "draft", "quiet_note", "--facts", str(tmp_path)]) == 9
    assert "this is a folder; name one file." in capsys.readouterr().err


def test_mistakes_are_told_in_options(capsys):
    for arguments, said in (
        (["ending_notice"], "Give in --facts decided_by, "),
        (["nope"], "There is no letter 'nope'"),
        (["quiet_note", "--target", "2"], "--target is a reading age in years, from 5 to 25."),
    ):
        assert main(["letter", "draft", *arguments]) in (2, 9)
        assert said in capsys.readouterr().err


def test_the_list_says_what_each_letter_must_hold(capsys):
    assert main(["letter", "list", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert "how to contest it" in listed["ending_notice"]["must_hold"]
    assert main(["letter", "list"]) == 0


@pytest.mark.parametrize(
    ("arguments", "facts", "code"),
    [
        (["ending_notice"], "", 9),
        (["ending_notice"], "first_name: [", 9),
        (["ending_notice"], "- Zebulon", 9),
        (["welcome_back"], "first_nam: Zebulon", 9),
        (["welcome_back"], "first_name: {a: b}", 9),
        (["no_such_letter"], "first_name: Zebulon", 2),
        (["no_such.md"], "first_name: Zebulon", 9),
        (["welcome_back", "--on", "tomorrow"], "first_name: Zebulon", 2),
        (["welcome_back", "--target", "2"], "first_name: Zebulon", 2),
        (["welcome_back", "-o", "letter.pdf"], "first_name: Zebulon", 2),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(arguments, facts, code, tmp_path, capsys):
    path = tmp_path / "facts.yml"
    path.write_text(facts, "utf-8")
    assert main(["letter", "draft", *arguments, "--facts", str(path)]) == code
    said = capsys.readouterr().err
    assert said.startswith("carenotebook: error: ")
    assert said.count("\n") == 1
    assert "Zebulon" not in said


def test_a_malformed_letter_is_told_line_by_line(tmp_path, capsys):
    path = tmp_path / "mine.md"
    outreach.new_letter(path, "review_notice")
    path.write_text(path.read_text("utf-8").replace("{{ writer }}", "{{ writr }}"), "utf-8")
    assert main(["letter", "check", str(path)]) == 9
    assert "Did you mean 'writer'?" in capsys.readouterr().out
    assert main(["letter", "check", str(tmp_path / "none.md")]) == 9
    assert f"{tmp_path / 'none.md'}: there is no such file." in capsys.readouterr().out
