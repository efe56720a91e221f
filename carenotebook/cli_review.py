"""``carenotebook review``: a report on a cohort and a criterion."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    RULE,
    check_html,
    failing,
    usage,
    warnings_told,
    write,
)

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule
    from carenotebook.report.review import Review


def add_review(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "review",
        help="a report on a cohort and a rule",
        description="Write a self-contained report: the data, attendance, and whom the rule "
        "would have put up for a clinician's review.",
        **CODES_BELOW,
    )
    add_cohort(command)
    add_criterion(command, required=True)
    command.add_argument("-o", "--output", type=Path, help="the report, an HTML file")
    command.add_argument("--json", action="store_true", help="print the report's figures as JSON")
    command.set_defaults(run=_review)


def _review(arguments: argparse.Namespace) -> None:
    keep_inputs(arguments)
    check_html(arguments.output, "a report")
    if arguments.output is None and not arguments.json:
        suggest_if_foreign(arguments)
        usage("nothing to do: give -o FILE for the report, --json for its figures, or both.")
    rule = read_rule(arguments.rule)
    more = {
        "compare": read_others(arguments.compare),
        "grid": read_grid(arguments.sweep),
        "profile": arguments.profile,
        "declared": read_mapping(arguments.declared, "--declared"),
    }
    found = reviewed(read_cohort(arguments), rule, arguments.by, **more)
    if arguments.output is not None:
        write(found.html(), arguments.output)
    if arguments.json:
        print(json.dumps(found.figures(), indent=2, ensure_ascii=False))
    else:
        print(found.summary())
        print(f"Report: {arguments.output}")


def reviewed(cohort: Cohort, rule: Rule | Protocol, by: Sequence[str], **more: Any) -> Review:
    """A review, with its mistakes as exit codes and its warnings as lines."""
    from carenotebook.report.review import review

    with failing(RULE, SAID), warnings_told():
        return review(cohort, rule, by=by, progress=True, **more)
