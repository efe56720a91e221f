"""``carenotebook reflect``: pages to think with, for a terminal or to print."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from carenotebook.cli_errors import CODES_BELOW, Said, check_html, in_options, usage, write
from carenotebook.core.errors import OptionError

_SAID: Said = (
    (r"^reflection\(\): occasion=", "OCCASION "),
    (r"^reflection\(\): reader=", "--for "),
)


def add_reflect(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "reflect",
        help="pages for the therapist, the team and the client to think with",
        description="Print a page of prompts, or write it as HTML to print on paper. Without an "
        "occasion: list the pages.",
        **CODES_BELOW,
    )
    command.add_argument(
        "occasion", nargs="?", metavar="OCCASION", help="before_rule, missed_run or ending"
    )
    command.add_argument(
        "--for",
        dest="reader",
        default="therapist",
        metavar="READER",
        help="therapist, team or client (default %(default)s)",
    )
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="an HTML file")
    command.set_defaults(run=_reflect)


def _reflect(arguments: argparse.Namespace) -> None:
    from carenotebook import outreach

    if arguments.occasion is None:
        if arguments.output is not None:
            usage("-o FILE needs an occasion: before_rule, missed_run or ending.")
        for row in outreach.reflections().iter_rows(named=True):
            print(f"{row['occasion']:<12} --for {row['reader']:<10} {row['title']}")
        return
    try:
        page = outreach.reflection(arguments.occasion, arguments.reader)
    except OptionError as error:
        usage(in_options(str(error), _SAID))
    if arguments.output is None:
        print(page.text(), end="")
        return
    check_html(arguments.output, "a page")
    write(page.html(), arguments.output)
    print(f"Page: {arguments.output}")
