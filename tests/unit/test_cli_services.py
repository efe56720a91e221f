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
    assert main(["services", "match", str(path)]) == 0
    path.write_text("name,languages,phone\nTalk,English,1\n", "utf-8")
    assert main(["services", "check", str(path)]) == 0


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
