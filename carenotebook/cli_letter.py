"""``carenotebook letter``: list, write, check, approve and draft letters. It sends none."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from carenotebook.cli_acts import Does, add_acts
from carenotebook.cli_errors import Said, in_options, number
from carenotebook.core.errors import LetterError, OptionError
from carenotebook.core.oserrors import why_unreadable

_SAID: Said = (
    (r"\bGive facts\[", "Give in --facts facts["),
    (r"facts\['(\w+)'\]", r"\1"),
    (r"\btarget= is", "--target is"),
    (r"\bby= says", "--by says"),
    (r"\bletter= is", "--like is"),
    (r"approve_letter\(\) records", "`carenotebook letter approve FILE --by ROLE` records"),
)


def add_letter(commands: Any, run: Does) -> None:
    """Add the command ``letter``; `run` calls ``arguments.act`` and gives errors an exit code."""
    act = add_acts(
        commands, "letter", "letters to clients: draft, check, approve, write", run, _SAID
    )

    listed = act("list", _list, "list the letters that come with carenotebook")
    listed.add_argument("--json", action="store_true", help="as JSON")
    new = act("new", _new, "write a letter to change into your own")
    new.add_argument("file", type=Path, metavar="FILE", help="a new file that ends in .md")
    new.add_argument(
        "--like",
        default="attendance_invitation",
        metavar="LETTER",
        help="one of those that `letter list` names (default %(default)s)",
    )
    check = act("check", _check, "say what is wrong with letters' files, line by line")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE")
    approve = act("approve", _approve, "record in a letter's file who approved its wording")
    approve.add_argument("file", type=Path, metavar="FILE")
    approve.add_argument("--by", required=True, metavar="ROLE", help="a role or a name")
    _add_draft(act)


def _add_draft(act: Callable[..., Any]) -> None:
    draft = act("draft", _draft, "draft a letter for one person, and say what is still open")
    draft.add_argument("letter", metavar="LETTER", help="a letter of the list, or a file (.md)")
    draft.add_argument(
        "--facts", type=Path, metavar="FILE", help="a YAML or JSON file: what to put in, by name"
    )
    draft.add_argument(
        "--on", metavar="DAY", help="the letter's day, as 2026-03-17 (default: today)"
    )
    draft.add_argument(
        "--target",
        type=number,
        metavar="YEARS",
        help="the highest reading age, from 5 to 25 (default: that of the letter)",
    )
    draft.add_argument("-o", "--output", type=Path, metavar="FILE", help="a .html or .txt file")


def _list(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    found: list[dict[str, Any]] = [
        {
            "name": name,
            "title": letter.title,
            "audience": letter.kind.audience,
            "version": letter.version,
            "approved": letter.approved,
            "must_hold": [c.label for c in letter.kind.asks],
            "facts": {k: f.what for k, f in letter.facts.items()},
        }
        for name, letter in outreach.letters().items()
    ]
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for letter in found:
        print(f"{letter['name']:<22} for the {letter['audience']:<10} {letter['title']}")


def _new(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    path = outreach.new_letter(arguments.file, arguments.like)
    print(f"Letter: {path}. Change it, then: carenotebook letter check {path}")


def _check(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    wrong = 0
    for file in arguments.files:
        problems = outreach.check_letter(file)
        wrong += len(problems)
        for problem in problems:
            print(problem)
        if not problems:
            letter = outreach.load_letter(file)
            age = str(letter.draft(letter.example(), on=_EXAMPLE_DAY).reading_age).capitalize()
            approved = letter.approval.by if letter.approved and letter.approval else "nobody yet"
            print(f"{file}: nothing wrong. {age}, with made-up facts. Approved by: {approved}.")
    if wrong:
        raise LetterError(f"{wrong} to mend; each line above names the place.")


_EXAMPLE_DAY = date(2026, 3, 17)
"""Between the made-up dates."""


def _approve(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    if arguments.file.suffix.lower() != ".md":
        raise OptionError("letter approve: name a file of your own (letter new writes one).")
    letter = outreach.approve_letter(arguments.file, arguments.by)
    letter.save(arguments.file)
    print(f"Approved: {arguments.file}, version {letter.version}, {letter.sha256[:12]}.")


def _draft(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    output: Path | None = arguments.output
    if output is not None and output.suffix.lower() not in {".html", ".htm", ".txt"}:
        raise OptionError(f"-o {output}: a letter is written as .html or .txt.")
    letter = outreach.draft_letter(
        arguments.letter,
        _facts(arguments.facts),
        on=_day(arguments.on),
        target=arguments.target,
    )
    if output is None:
        print(letter.text, end="")
    else:
        output.write_text(
            letter.text if output.suffix.lower() == ".txt" else letter.html, encoding="utf-8"
        )
        print(f"Letter: {output}")
    for finding in letter.check():
        print(in_options(str(finding), _SAID), file=sys.stderr)
    if letter.places and arguments.facts is None:
        print(
            "--facts FILE takes what is open, a line each, as first_name: Robin.", file=sys.stderr
        )
    print(f"{letter.status} {str(letter.reading_age).capitalize()}.", file=sys.stderr)
    print(_wording(letter.record), file=sys.stderr)
    if letter.template.kind.audience != "clinician":
        print(letter.envelope, file=sys.stderr)


def _wording(record: dict[str, Any]) -> str:
    """Which wording it is, to keep with the notes."""
    by = record["approved_by"]
    approved = f"approved by {by} on {record['approved_on']}" if by else "not approved"
    name = f"{record['letter']}, version {record['version']}, {record['sha256'][:12]}"
    return f"Wording: {name}, {approved}."


_WRITE_FACTS = (
    " Write one with each fact on a line of its own, as first_name: Robin; "
    "`carenotebook letter list --json` names a letter's facts."
)


def _facts(path: Path | None) -> dict[str, Any]:
    """The facts in a file; what is wrong with it is told without what it holds."""
    from carenotebook.outreach.case_text import Problem, read_plain

    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LetterError(f"--facts {path}: {why_unreadable(error, hint=_WRITE_FACTS)}") from None
    if not text.strip():
        return {}
    found = read_plain(text, str(path), as_text=True)
    if isinstance(found, Problem):
        raise LetterError(str(found))
    if not isinstance(found.data, dict):
        raise LetterError(f"{path}: write each fact on a line of its own, as first_name: Robin.")
    return found.data


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OptionError("--on: write the day as 2026-03-17.") from None
