"""``carenotebook services``: check a directory of services, and find where somebody could go."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carenotebook.cli_acts import Does, add_acts
from carenotebook.cli_errors import Said, number, whole_number
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.options import MODALITIES

if TYPE_CHECKING:
    from carenotebook.outreach.referral_match import ServiceMatches
    from carenotebook.outreach.referral_score import Match, Status

_SAID: Said = (
    (r"needs\['licence_area'\]", "--licence-area"),
    (r"needs\['(\w+)'\]", r"--\1"),
    (r"\btop= is", "--top is"),
    (r"Where a column has another name, .*", "Rename the columns in the header of the file."),
)


def add_services(commands: Any, run: Does) -> None:
    """Add ``services``; `run` calls ``arguments.act`` and gives errors an exit code."""
    act = add_acts(commands, "services", "a directory of services: check, match", run, _SAID)

    check = act("check", _check, "say which rows of a directory cannot be used, and why")
    check.add_argument("file", type=Path, metavar="FILE", help="a CSV file")
    match = act("match", _match, "list the services that fit, with the reasons")
    match.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="a CSV file (default: a made-up one)"
    )
    _add_needs(match)
    match.add_argument("--json", action="store_true", help="each part of each score, as JSON")
    match.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="for the client: .html, .txt"
    )


def _add_needs(match: Any) -> None:
    match.add_argument("--language", help="one that the service must speak")
    match.add_argument(
        "--licence-area",
        metavar="AREA",
        help="where the client sits when online, as the column licence_areas names it",
    )
    match.add_argument(
        "--cost", type=number, metavar="MOST", help="the most that a session may cost"
    )
    match.add_argument(
        "--expertise",
        nargs="+",
        metavar="WORD",
        help="what it should know about, in words of the column expertise",
    )
    match.add_argument(
        "--like",
        nargs="+",
        metavar="WORD",
        help="the present therapist's expertise, in words of the column expertise",
    )
    match.add_argument("--modality", nargs="+", choices=MODALITIES, help="any of these")
    match.add_argument("--area", help="where it should be")
    match.add_argument(
        "--top",
        type=whole_number,
        default=5,
        metavar="MANY",
        help="how many of each kind to print; those for a crisis are all printed "
        "(default %(default)s)",
    )


def _check(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    directory = outreach.read_directory(arguments.file)
    for row, column, reason in directory.rejected.select("row", "column", "reason").iter_rows():
        print(f"{arguments.file}, row {row}: {f'{column} ' if column else ''}{reason}.")
    print(f"{directory.title}; rows set aside: {directory.rejected.height}.")
    if directory.ignored:
        print(f"Columns that a directory does not have: {len(directory.ignored)}, left out.")
    if directory.rejected.height:
        raise DataError(f"{directory.rejected.height} to mend; each line above names the row.")


def _match(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    output: Path | None = arguments.output
    if output is not None and output.suffix.lower() not in {".html", ".htm", ".txt"}:
        raise OptionError(f"-o {output}: a list is written as .html or .txt.")
    directory = (
        outreach.example_directory()
        if arguments.file is None
        else outreach.read_directory(arguments.file)
    )
    names = ("language", "licence_area", "cost", "expertise", "like", "modality", "area")
    found = outreach.match_services(directory, {n: getattr(arguments, n) for n in names})
    page = found.page(arguments.top)
    if output is not None:
        text = page.text() if output.suffix.lower() == ".txt" else page.html()
        output.write_text(text, encoding="utf-8")
        print(f"List: {output}")
    elif arguments.json:
        print(json.dumps(found.tidy().to_dicts(), indent=2, ensure_ascii=False))
    else:
        print(found)
        _print_matches(found, arguments.top)
    if directory.rejected.height:
        print(
            f"Rows of {arguments.file} set aside: {directory.rejected.height}. `carenotebook "
            f"services check {arguments.file}` tells why.",
            file=sys.stderr,
        )


def _print_matches(found: ServiceMatches, top: int) -> None:
    """Those for a crisis, and the first of each other kind; what is not shown is counted."""
    for match in found.of("crisis"):
        print(f"{'any time':<10} {_line(match)}")
    places: dict[Status, str] = {"ranked": "", "ask": "ask first", "left_out": "left out"}
    for status, place in places.items():
        matches = found.of(status)
        for match in matches[:top]:
            print(f"{place or f'{match.rank}.':<10} {_line(match)}")
        if matches[top:]:
            print(f"{place:<10} and {len(matches[top:])} more; --top MANY prints more.")


def _line(match: Match) -> str:
    return f"{match.name}: {match.why}{'; not checked lately' if match.stale else ''}"
