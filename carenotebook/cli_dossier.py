"""``carenotebook dossier``: what a committee needs to decide on, made and verified."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from carenotebook.cli_data import (
    SAID,
    add_cohort,
    add_criterion,
    keep_inputs,
    read_cohort,
    read_grid,
    read_mapping,
    read_others,
    read_rule,
    suggest_if_foreign,
)
from carenotebook.cli_errors import (
    CODES_BELOW,
    DATA,
    DIFFERS,
    RULE,
    Failure,
    check_html,
    failing,
    usage,
    warnings_told,
    write,
)
from carenotebook.core.errors import DataError


def add_dossier(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "dossier",
        help="what a committee needs to decide on a criterion",
        description="Write a dossier for an ethics committee, or verify one: make it again from "
        "its own manifest and the data, and say what differs.",
        **CODES_BELOW,
    )
    add_cohort(command)
    add_criterion(command, required=False)
    command.add_argument(
        "--written",
        type=Path,
        metavar="FILE",
        help="YAML: what people have to say, by place: question, not_in_the_data, alternatives, "
        "open_questions, after_an_ending, stopping, dissent",
    )
    command.add_argument(
        "--stopping",
        nargs="+",
        default=[],
        metavar="FIGURE=MOST",
        help="figures at which the criterion is withdrawn, such as would_have_come_back=0.3",
    )
    command.add_argument(
        "--verify",
        type=Path,
        metavar="FILE",
        help="a dossier to make again and compare, instead of --rule",
    )
    command.add_argument("-o", "--output", type=Path, help="the dossier, an HTML file")
    command.add_argument("--json", action="store_true", help="print its figures as JSON")
    command.set_defaults(run=_dossier)


def _dossier(arguments: argparse.Namespace) -> None:
    if (arguments.rule is None) == (arguments.verify is None):
        usage("give either --rule RULE, to make a dossier, or --verify FILE, to compare one.")
    keep_inputs(arguments, arguments.written, arguments.verify)
    check_html(arguments.output, "a dossier")
    if arguments.verify is not None:
        _verify(arguments)
        return
    if arguments.output is None and not arguments.json:
        suggest_if_foreign(arguments)
        usage("nothing to do: give -o FILE for the dossier, --json for its figures, or both.")
    _show(_made(arguments), arguments)


def _made(arguments: argparse.Namespace) -> Any:
    from carenotebook.report.dossiers import dossier

    rule = read_rule(arguments.rule)
    more = {
        "written": read_mapping(arguments.written, "--written"),
        "stopping": _limits(arguments.stopping),
        "compare": read_others(arguments.compare) or None,
        "grid": read_grid(arguments.sweep),
        "profile": arguments.profile,
        "declared": read_mapping(arguments.declared, "--declared"),
    }
    cohort = read_cohort(arguments)
    with failing(RULE, SAID), warnings_told():
        return dossier(rule, cohort, arguments.by, progress=True, **more)


def _verify(arguments: argparse.Namespace) -> None:
    from carenotebook.report.verifying import verify_dossier

    given = ("by", "compare", "sweep", "profile", "declared", "written", "stopping")
    beside = [f"--{n}" for n in given if getattr(arguments, n)]
    if beside:
        usage(f"{', '.join(beside)}: with --verify, what was asked for stands in the manifest.")
    cohort = read_cohort(arguments)
    with failing(RULE), warnings_told():
        try:
            found = verify_dossier(arguments.verify, cohort, progress=True)
        except DataError as error:
            raise Failure(DATA, str(error)) from None
    if arguments.output is not None:
        write(found.dossier.html(), arguments.output)
    if arguments.json:
        told = {"same": found.same, "differences": list(found.differences)}
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print(found.summary())
    if not found.same:
        raise Failure(DIFFERS, f"{arguments.verify} differs from what its manifest and data make.")


def _limits(given: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in given:
        name, _, most = text.partition("=")
        try:
            limit = float(most)
        except ValueError:
            usage(f"--stopping {text}: write a figure and the most that is accepted, as name=0.3.")
        if name in found:
            usage(f"--stopping {text}: {name} is named twice.")
        found[name] = limit
    return found


def _show(made: Any, arguments: argparse.Namespace) -> None:
    if arguments.output is not None:
        write(made.html(), arguments.output)
    if arguments.json:
        print(json.dumps(made.figures(), indent=2, ensure_ascii=False))
    else:
        print(made.summary())
        print(f"Dossier: {arguments.output}")
