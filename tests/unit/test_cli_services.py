"""``carenotebook services`` as its users run it."""

import json

import pytest

from carenotebook.cli import main


def test_services_are_matched_and_a_list_is_printed(tmp_path, capsys):
    match = ["services", "match", "--language", "Spanish", "--cost", "30"]
    assert main(match) == 0
    assert "1.         Casa Abierta" in capsys.readouterr().out
    assert main([*match, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {r["status"] for r in rows} == {"crisis", "ranked", "ask", "left_out"}
    assert main([*match, "-o", str(tmp_path / "list.html")]) == 0
    assert "<h1>Places you can turn to</h1>" in (tmp_path / "list.html").read_text("utf-8")
    assert main([*match, "-o", str(tmp_path / "no" / "list.txt")]) == 5


def test_rows_that_cannot_be_used_are_told(tmp_path, capsys):
    path = tmp_path / "s.csv"
    path.write_text("name,languages,phone\nTalk,English,1\nOther,,2\n", "utf-8")
    assert main(["services", "check", str(path)]) == 3
    out = capsys.readouterr()
    assert f"{path}, row 2: languages is blank." in out.out
    assert "rows set aside: 1." in out.out
    assert "Other" not in out.out + out.err
    for form in ([], ["--json"]):
        assert main(["services", "match", str(path), *form]) == 0
        said = capsys.readouterr().err
        assert f"set aside: 1. `carenotebook services check {path}` tells why." in said
        assert "Other" not in said
    path.write_text("name,languages,phone\nTalk,English,1\n", "utf-8")
    assert main(["services", "check", str(path)]) == 0


def places(text):
    """The places of the ranked services, as they are printed."""
    return [
        line.split(".")[0] for line in text.splitlines() if line[:1].isdigit() and "." in line[:3]
    ]


def test_top_says_how_many_are_printed_and_a_crisis_is_always_shown(capsys):
    assert main(["services", "match", "--top", "3"]) == 0
    out = capsys.readouterr().out
    assert places(out) == ["1", "2", "3"]
    assert "and 8 more; --top MANY prints more." in out
    assert out.count("any time ") == 2
    assert main(["services", "match"]) == 0
    assert places(capsys.readouterr().out) == ["1", "2", "3", "4", "5"]
    assert main(["services", "match", "--top", "0"]) == 0
    out = capsys.readouterr().out
    assert places(out) == []
    assert out.count("any time ") == 2


def test_mistakes_are_told_in_options(tmp_path, capsys):
    path = tmp_path / "s.csv"
    path.write_text("Service,Spoken\nTalk,English\n", "utf-8")
    for arguments, said in (
        (["match", "--cost", "-1"], "--cost is 0 or more"),
        (["match", "--top", "-1"], "--top is how many"),
        (["check", str(path)], "Rename the columns in the header of the file."),
    ):
        assert main(["services", *arguments]) in (2, 3)
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "none.csv"], 3),
        (["match", "none.csv"], 3),
        (["match", "--cost", "-1"], 2),
        (["match", "--top", "-1"], 2),
        (["match", "-o", "list.pdf"], 2),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(arguments, code, capsys):
    assert main(["services", *arguments]) == code
    said = capsys.readouterr().err
    assert said.startswith("carenotebook: error: ")
    assert said.count("\n") == 1
