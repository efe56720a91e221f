"""``carenotebook case``: list, write, check, play and print case studies."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from carenotebook.cli_acts import Does, add_acts
from carenotebook.cli_errors import check_html
from carenotebook.core.errors import CaseError, OptionError

_QUIT = ("q", "quit")
_HELP = "number: choose it   b: back   r: the record   w: why a rule says so   q: quit"


class _Quit(Exception):  # noqa: N818 - it ends a play
    """The player has had enough."""


def add_case(commands: Any, run: Does) -> None:
    """Add the command ``case``; `run` calls ``arguments.act`` and turns errors into exit codes."""
    act = add_acts(commands, "case", "case studies: list, play, print, check, write", run)

    listed = act("list", _list, "list the published case studies")
    listed.add_argument("--json", action="store_true", help="as JSON")
    new = act("new", _new, "write a small complete case to change into your own")
    new.add_argument("file", type=Path, metavar="FILE", help="a new file that ends in .yml")
    check = act("check", _check, "say what is wrong with case files, line by line")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE")
    _add_play(act)
    _add_handout(act)
    act("schema", _schema, "print the JSON Schema of case files, for an editor")


def _add_play(act: Callable[..., Any]) -> None:
    play = act("play", _play, "play a case in the terminal")
    play.add_argument("case", metavar="CASE", help="a published case, or a file")
    play.add_argument("--open", action="store_true", help="nothing is called right or wrong")
    play.add_argument(
        "--save", type=Path, metavar="FILE", help="your way through it: .json, .csv or .html"
    )


def _add_handout(act: Callable[..., Any]) -> None:
    handout = act("handout", _handout, "print a case, or the plan of a seminar, for paper")
    handout.add_argument("case", nargs="?", metavar="CASE", help="a published case, or a file")
    handout.add_argument("--facilitator", action="store_true", help="with notes, rubric and views")
    handout.add_argument("--seminar", action="store_true", help="the plan of 90 minutes")
    handout.add_argument("-o", "--output", type=Path, metavar="FILE", help="an HTML file")


def _list(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    found: list[dict[str, Any]] = [
        {
            "name": name,
            "title": case.title,
            "scenes": len(case.scenes),
            "endings": len(case.endings),
            "minutes": case.minutes,
            "mode": case.mode,
            "topics": list(case.topics),
        }
        for name, case in outreach.cases().items()
    ]
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for case in found:
        size = f"{case['scenes']} scenes, {case['endings']} endings, {case['minutes']} min"
        print(f"{case['name']:<22} {size:<32} {case['title']}")
        print(f"{'':<22} {', '.join(case['topics'])}")


def _new(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    path = outreach.new_case(arguments.file)
    print(f"Case: {path}. Change it, then: carenotebook case check {path}")


def _check(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    wrong = 0
    for file in arguments.files:
        problems = outreach.check_case(file)
        wrong += len(problems)
        for problem in problems:
            print(problem)
        if not problems:
            case = outreach.load_case(file)
            ways = sum(1 for _ in outreach.every_play(case))
            size = f"{len(case.scenes)} scenes, {len(case.endings)} endings, {ways} ways through"
            print(f"{file}: nothing wrong. {size}.")
    if wrong:
        raise CaseError(f"{wrong} to mend; each line above names the place.")


def _schema(_: argparse.Namespace) -> None:
    from carenotebook import outreach

    print(json.dumps(outreach.case_schema(), indent=2))


def _handout(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    if arguments.seminar == (arguments.case is not None):
        raise OptionError("case handout: name a case, or give --seminar.")
    if arguments.seminar:
        page = outreach.seminar()
    else:
        case = outreach.load_case(arguments.case)
        page = outreach.handout(case, "facilitator" if arguments.facilitator else "students")
    if arguments.output is None:
        print(page.text(), end="")
        return
    check_html(arguments.output, "a handout")
    arguments.output.write_text(page.html(), encoding="utf-8")
    print(f"Handout: {arguments.output}")


def _play(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    if arguments.save is not None and arguments.save.suffix not in {".json", ".csv", ".html"}:
        raise OptionError(f"--save {arguments.save}: a play is saved as .json, .csv or .html.")
    case = outreach.load_case(arguments.case)
    play = case.play("open" if arguments.open else None)
    _say(case.title.upper(), case.summary, "A made-up case.", _HELP)
    try:
        while not play.ended:
            play = _turn(play)
        _show(play)
        print(outreach.debrief(play).text(_width()))
    except (_Quit, EOFError):
        print("\nLeft. Nothing is kept" + (" but the way so far." if arguments.save else "."))
    if arguments.save is not None:
        print(f"Saved: {outreach.save_play(play, arguments.save)}")


def _turn(play: Any) -> Any:
    """One scene: shown, and asked about until the play moves."""
    _show(play)
    for n, choice in enumerate(play.choices, 1):
        _say_item(f"{n}. ", choice.text)
    while True:
        answer = _asked(f"\n{play.scene.ask} ").lower()
        if answer == "b":
            return play.back()
        if answer == "r":
            _record(play)
        elif answer == "w":
            _why(play)
        elif answer.isdecimal() and len(answer) < 3 and 1 <= int(answer) <= len(play.choices):
            return _chosen(play, play.choices[int(answer) - 1].name)
        else:
            print(f"A number from 1 to {len(play.choices)}. {_HELP}")


def _chosen(play: Any, choice: str) -> Any:
    while True:
        try:
            after = play.choose(choice, _asked("Why? (Enter: no answer) ", letters=True))
        except OptionError as error:
            print(error)
            continue
        break
    changed = after.changed()
    print()
    for whom, text in (
        ("The client", changed.client),
        ("You and the team", changed.therapist),
        ("Others who wait", changed.others),
    ):
        _say_item(f"{whom}: ", text)
    for text in changed.rules:
        _say_item("* ", text)
    return after


def _show(play: Any) -> None:
    scene = play.scene
    print(f"\n{'-' * min(_width(), 80)}")
    _say(f"{scene.title} ({scene.at:%d %B %Y, %H:%M})", *scene.text.split("\n\n"))
    for reading in play.readings():
        _say_item("* ", reading.sentence)
    if play.ended:
        _say(f"ENDING: {scene.ending}")
    else:
        print()


def _record(play: Any) -> None:
    for when, who, what in play.record():
        about = "" if who == "the client" else f"{who}: "
        _say_item(f"{when:<16}  ", about + what)


def _why(play: Any) -> None:
    readings = play.readings()
    if not readings:
        print("No rule is read in this scene.")
    for reading in readings:
        _say_item("* ", reading.sentence)
        for clause, truth, value in reading.clauses:
            _say_item("    ", f"{clause}: {truth}" + (f" (now: {value})" if value else ""))


def _asked(question: str, *, letters: bool = False) -> str:
    answer = input(question).strip()
    if answer.lower() in (_QUIT if not letters else ("quit",)):
        raise _Quit
    return answer


def _say(*paragraphs: str) -> None:
    print("\n\n".join(textwrap.fill(p, _width(), break_on_hyphens=False) for p in paragraphs))


def _say_item(bullet: str, text: str) -> None:
    indent = " " * min(len(bullet), 18)
    print(
        textwrap.fill(
            text,
            _width(),
            initial_indent=bullet,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
    )


def _width() -> int:
    return max(40, min(88, shutil.get_terminal_size().columns))
