"""The command ``carenotebook``: a report on made-up or real data, and JupyterLab."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from typing import Any

import carenotebook as cn
from carenotebook.cli_case import add_case
from carenotebook.cli_dossier import add_dossier
from carenotebook.cli_errors import (
    CASE,
    CODES_BELOW,
    DATA,
    INTERRUPTED,
    LETTER,
    OUTPUT,
    UNEXPECTED,
    USAGE,
    Failure,
    check_html,
    failing,
    in_options,
    whole_number,
    write,
)
from carenotebook.cli_letter import add_letter
from carenotebook.cli_reflect import add_reflect
from carenotebook.cli_review import add_review, reviewed
from carenotebook.cli_services import add_services
from carenotebook.core.errors import (
    CareNotebookError,
    CaseError,
    LetterError,
    OptionError,
)
from carenotebook.core.oserrors import reason_of

TRACEBACK = "CARENOTEBOOK_TRACEBACK"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; by default those of the process.
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except Failure as failure:
        return _complain(str(failure), failure.code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - its text may hold a client's value
        return _complain(_unexpected(error), UNEXPECTED)
    return 0


def _complain(message: str, code: int) -> int:
    print(f"carenotebook: error: {' '.join(message.split())}", file=sys.stderr)
    return code


def _unexpected(error: Exception) -> str:
    if os.environ.get(TRACEBACK):
        traceback.print_exc()
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"unexpected {type(error).__name__} at {Path(where.filename).name}:{where.lineno}. Please "
        f"report it. With {TRACEBACK}=1 the traceback is shown; it may hold data of clients."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carenotebook",
        description="Describe attendance, and replay a criterion that ends in a clinician's "
        "review. It discharges nobody.",
        **CODES_BELOW,
    )
    parser.add_argument("--version", action="version", version=f"carenotebook {cn.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands)
    add_review(commands)
    add_dossier(commands)
    _add_suggest(commands)
    add_case(commands, _case)
    add_reflect(commands)
    add_letter(commands, _letter)
    add_services(commands, _services)
    lab = commands.add_parser("lab", help="open JupyterLab on the tour")
    lab.set_defaults(run=_lab)
    return parser


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="the main job on made-up data")
    demo.add_argument(
        "--clients", type=whole_number, default=4000, help="how many (default %(default)s)"
    )
    demo.add_argument("--seed", type=whole_number, default=1, help="default %(default)s")
    demo.add_argument("-o", "--output", type=Path, default=Path("demo.html"), help="the report")
    demo.set_defaults(run=_demo)


def _add_suggest(commands: Any) -> None:
    suggest = commands.add_parser(
        "suggest",
        help="a mapping for a file whose columns are not carenotebook's",
        description="Print a mapping to correct: what columns and words seem to mean, how sure "
        "that is, and what is left for you to decide.",
        **CODES_BELOW,
    )
    suggest.add_argument("data", metavar="DATA", type=Path, help="a .csv, .parquet or .xlsx file")
    suggest.add_argument("--table", help="the table that it is, where you know: contacts, ...")
    suggest.add_argument("-o", "--output", type=Path, metavar="FILE", help="a new YAML file")
    suggest.set_defaults(run=_suggest)


def _demo(arguments: argparse.Namespace) -> None:
    from carenotebook import criteria as c

    check_html(arguments.output, "a report")
    with failing(USAGE):
        cohort, _ = cn.synthetic_cohort(clients=arguments.clients, seed=arguments.seed)
    rule = c.Rule(
        "three misses and silence",
        (c.missed(within="90d") >= 3)
        & (c.days_since_heard() >= 30)
        & (c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d") >= 2),
        source="an example of carenotebook's",
        safeguards=(
            "Risk looked at: by a clinician first, who treats what is missing as unknown.",
            "Conversation about attendance: someone asks the client what stands in the way.",
            "Alternatives offered: another time, way of meeting or therapist, before all else.",
        ),
    )
    review = reviewed(cohort, rule, ["language"])
    write(review.html(), arguments.output)
    print("Made-up clients; nothing here is evidence about real ones.")
    print(review.summary())
    print(f"Report: {arguments.output}")


def _suggest(arguments: argparse.Namespace) -> None:
    with failing(DATA):
        suggestion = cn.suggest_mapping(arguments.data, table=arguments.table)
    if arguments.output is None:
        print(suggestion, end="")
        return
    with failing(OUTPUT):
        suggestion.save(arguments.output)
    print(f"Suggestion: {arguments.output}. Correct it; review takes it as --mapping.")


def _case(arguments: argparse.Namespace) -> None:
    _act(arguments, CaseError, CASE)


def _letter(arguments: argparse.Namespace) -> None:
    _act(arguments, LetterError, LETTER)


def _services(arguments: argparse.Namespace) -> None:
    _act(arguments, CareNotebookError, DATA)


def _act(arguments: argparse.Namespace, refused: type[CareNotebookError], code: int) -> None:
    try:
        arguments.act(arguments)
    except OptionError as error:
        raise Failure(USAGE, in_options(str(error), arguments.said)) from None
    except refused as error:
        raise Failure(code, in_options(str(error), arguments.said)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = error.filename or "a file"
        raise Failure(OUTPUT, f"{where}: it cannot be written ({reason_of(error)}).") from None


def _lab(_: argparse.Namespace) -> None:
    if util.find_spec("jupyterlab") is None:
        raise Failure(
            USAGE,
            "JupyterLab is not installed. Run make lab, or pip install -e '.[lab]' in a clone.",
        )
    command = [sys.executable, "-m", "jupyterlab"]
    tour = Path("notebooks") / "00_tour.ipynb"
    if tour.is_file():
        command.append(str(tour))
    done = subprocess.run(command, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise Failure(UNEXPECTED, f"JupyterLab stopped with {done.returncode}; it says why above.")
