"""A command of several acts, such as ``carenotebook letter draft``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from carenotebook.cli_errors import CODES_BELOW, Said

Does = Callable[[argparse.Namespace], None]


def add_acts(
    commands: Any, name: str, text: str, run: Does, said: Said = ()
) -> Callable[[str, Does, str], Any]:
    """Add a command, and give what adds one of its acts: a name, what it does, its help.

    `run` calls ``arguments.act`` and gives errors an exit code, in the words of `said`.
    """
    acts = commands.add_parser(name, help=text, **CODES_BELOW).add_subparsers(
        required=True, metavar="ACT"
    )

    def act(name: str, does: Does, text: str) -> Any:
        parser = acts.add_parser(
            name, description=f"{text[:1].upper()}{text[1:]}.", help=text, **CODES_BELOW
        )
        parser.set_defaults(run=run, act=does, said=said)
        return parser

    return act
