"""The command ``carenotebook``: a report on made-up or real data, and JupyterLab."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import carenotebook as cn
from carenotebook.cli_case import add_case
from carenotebook.core.errors import (
    CareNotebookError,
    CareNotebookWarning,
    CaseError,
    MappingError,
    OptionError,
)

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule
    from carenotebook.report.review import Review

UNEXPECTED, USAGE, DATA, RULE, OUTPUT, MAPPING, CASE = 1, 2, 3, 4, 5, 6, 7
INTERRUPTED = 130

EXIT_CODES = """\
exit codes:
  0  done
  1  unexpected: a fault of carenotebook
  2  usage: an option is missing or has a value that it cannot take
  3  the data could not be read
  4  the rule was refused: malformed, or it needs data that the cohort does not have
  5  the output could not be written
  6  the columns are not carenotebook's and no mapping was given: one is suggested
  7  a case study, or a saved play of one, was refused
  130  interrupted
"""
TABLES = (
    "contacts",
    "episodes",
    "clients",
    "measures",
    "checkins",
    "actions",
    "pauses",
)
SETTINGS = ("mapping", "timezone", "notice", "as_of", "observed_from", "episode_end")
TRACEBACK = "CARENOTEBOOK_TRACEBACK"


class _Failure(Exception):  # noqa: N818 - it carries an exit code
    """A user's mistake, on its way to one line and an exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    except _Failure as failure:
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


@contextmanager
def _failing(code: int) -> Iterator[None]:
    """Turn a mistake within the block into an exit code; a wrong option is always a usage error."""
    try:
        yield
    except OptionError as error:
        raise _Failure(USAGE, str(error)) from None
    except CareNotebookError as error:
        raise _Failure(code, str(error)) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _Failure(code, f"{error.filename or 'a file'}: {reason}.") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carenotebook",
        description="Describe attendance, and replay a criterion that ends in a clinician's "
        "review. It discharges nobody.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"carenotebook {cn.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_review(commands)
    _add_suggest(commands)
    add_case(commands, _case)
    lab = commands.add_parser("lab", help="open JupyterLab on the tour")
    lab.set_defaults(run=_lab)
    return parser


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="the main job on made-up data")
    demo.add_argument("--clients", type=int, default=4000, help="how many (default %(default)s)")
    demo.add_argument("--seed", type=int, default=1, help="default %(default)s")
    demo.add_argument("-o", "--output", type=Path, default=Path("demo.html"), help="the report")
    demo.set_defaults(run=_demo)


def _add_review(commands: Any) -> None:
    from carenotebook import criteria as c

    review = commands.add_parser(
        "review",
        help="a report on a cohort and a rule",
        description="Write a self-contained report: the data, attendance, and whom the rule "
        "would have put up for a clinician's review.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    review.add_argument(
        "data",
        metavar="DATA",
        type=Path,
        help="a folder that Cohort.save wrote, a file of appointments (.csv, .parquet, .xlsx), or "
        "FHIR: a file (.json, .ndjson, also .gz) or a folder of them; or a folder of OMOP CDM "
        "tables (.csv, .parquet)",
    )
    review.add_argument(
        "--rule",
        required=True,
        help="a *.rule.yml or *.protocol.yml file, or the name of a published rule: "
        + ", ".join(c.library()),
    )
    review.add_argument("-o", "--output", type=Path, help="the report, an HTML file")
    review.add_argument("--json", action="store_true", help="print the report's figures as JSON")
    review.add_argument(
        "--by", nargs="+", default=[], metavar="COLUMN", help="compare groups: columns of --clients"
    )
    review.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="RULE",
        help="other rules to set beside it: files, names, or 'library' for all published ones",
    )
    review.add_argument(
        "--sweep",
        nargs="+",
        default=[],
        metavar="NAME=VALUES",
        help="for a rule with parameters: k=2..5 or window=60d,90d; the report is about the first "
        "value of each",
    )
    files = review.add_argument_group("with a file of appointments")
    for table in TABLES:
        files.add_argument(f"--{table}", type=Path, metavar="FILE")
    review.add_argument(
        "--missed",
        type=Path,
        metavar="FILE",
        help="with OMOP CDM tables: the appointments that were missed or cancelled, which OMOP "
        "does not hold; --mapping says how their columns are named",
    )
    files.add_argument("--mapping", type=Path, metavar="FILE", help="YAML: your columns and ours")
    files.add_argument("--timezone", help="of times without an offset (default UTC)")
    files.add_argument("--notice", help="a shorter notice is a late cancellation (default 24h)")
    files.add_argument("--as-of", help="nothing at or after this time is seen")
    files.add_argument("--observed-from", help="nothing before this time is seen")
    files.add_argument(
        "--episode-end", help="without --episodes: as_of, or a duration such as 120d"
    )
    review.set_defaults(run=_review)


def _add_suggest(commands: Any) -> None:
    suggest = commands.add_parser(
        "suggest",
        help="a mapping for a file whose columns are not carenotebook's",
        description="Print a mapping to correct: what columns and words seem to mean, how sure "
        "that is, and what is left for you to decide.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    suggest.add_argument("data", metavar="DATA", type=Path, help="a .csv, .parquet or .xlsx file")
    suggest.add_argument("--table", help="the table that it is, where you know: contacts, ...")
    suggest.add_argument("-o", "--output", type=Path, metavar="FILE", help="a new YAML file")
    suggest.set_defaults(run=_suggest)


def _demo(arguments: argparse.Namespace) -> None:
    from carenotebook import criteria as c

    with _failing(USAGE):
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
    review = _reviewed(cohort, rule, ["language"])
    _write(review, arguments.output)
    print("Made-up clients; nothing here is evidence about real ones.")
    print(review.summary())
    print(f"Report: {arguments.output}")


def _review(arguments: argparse.Namespace) -> None:
    if arguments.output is None and not arguments.json:
        _usage("nothing to do: give -o FILE for the report, --json for its figures, or both.")
    _keep_inputs(arguments)
    rule = _rule(arguments.rule)
    others = _others(arguments.compare)
    grid = _grid(arguments.sweep)
    cohort = _cohort(arguments)
    review = _reviewed(cohort, rule, arguments.by, compare=others, grid=grid)
    if arguments.output is not None:
        _write(review, arguments.output)
    if arguments.json:
        print(json.dumps(review.figures(), indent=2, ensure_ascii=False))
    else:
        print(review.summary())
        print(f"Report: {arguments.output}")


def _reviewed(cohort: Cohort, rule: Rule | Protocol, by: Sequence[str], **more: Any) -> Review:
    from carenotebook.report.review import review

    with _failing(RULE), _warnings_told():
        return review(cohort, rule, by=by, progress=True, **more)


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Print our warnings of the block, each once, as lines like those of errors."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CareNotebookWarning)
        yield
    for text in dict.fromkeys(str(w.message) for w in caught):
        print(f"carenotebook: warning: {text}", file=sys.stderr)


def _rule(name: str) -> Rule | Protocol:
    from carenotebook import criteria as c

    with _failing(RULE):
        if Path(name).suffix in {".yml", ".yaml"}:
            return c.load(name)
        published = c.library()
    if name not in published:
        known = ", ".join(published)
        raise _Failure(RULE, f"no published rule {name!r} (a file ends in .yml). Known: {known}.")
    return published[name]


def _others(names: Sequence[str]) -> list[Rule | Protocol]:
    from carenotebook import criteria as c

    if "library" in names:
        return [*(_rule(n) for n in names if n != "library"), *c.library().values()]
    return [_rule(n) for n in names]


def _grid(given: Sequence[str]) -> dict[str, list[int | float | str]] | None:
    """Values of parameters, from text such as k=2..5 or window=60d,90d."""
    grid: dict[str, list[int | float | str]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not equals or not values or name in grid:
            _usage(f"--sweep {text}: write each parameter once, as k=2..5 or window=60d,90d.")
        low, dots, high = values.partition("..")
        if dots and low.isdecimal() and high.isdecimal():
            grid[name] = list(range(int(low), int(high) + 1))
        else:
            grid[name] = [_number(v) for v in values.split(",")]
    return grid or None


def _number(text: str) -> int | float | str:
    """A number where the text is one."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _cohort(arguments: argparse.Namespace) -> Cohort:
    from carenotebook.ingest.fhir.sources import ENDINGS, is_fhir
    from carenotebook.ingest.omopsource import is_cdm

    given = {n: v for n in (*TABLES, *SETTINGS) if (v := getattr(arguments, n)) is not None}
    data: Path = arguments.data
    if not data.exists():
        raise _Failure(DATA, f"{data}: no such file or folder.")
    if is_cdm(data):
        return _omop(arguments, given)
    if arguments.missed is not None:
        _usage(f"--missed: {data} is no folder of OMOP CDM tables (visit_occurrence.csv, ...).")
    if is_fhir(data):
        return _fhir(data, given)
    if data.is_dir():
        if given:
            options = ", ".join(f"--{n.replace('_', '-')}" for n in given)
            _usage(f"{options}: {data} is a saved cohort, which has its tables and settings.")
        with _failing(DATA):
            return cn.load(data)
    readers = {".csv": "read_csv", ".parquet": "read_parquet", ".xlsx": "read_excel"}
    if data.suffix.lower() not in readers:
        known = ", ".join([*readers, *ENDINGS])
        raise _Failure(DATA, f"{data}: not a folder and not one of {known}.")
    with _failing(DATA):
        read = getattr(cn, readers[data.suffix.lower()])
        try:
            cohort: Cohort = read(appointments=data, **given)
        except MappingError:
            if arguments.mapping is not None:
                raise
            _suggest_instead(arguments)
            raise
    return cohort


def _fhir(data: Path, given: dict[str, Any]) -> Cohort:
    tables = [f"--{n}" for n in TABLES if n in given]
    if tables:
        _usage(f"{', '.join(tables)}: FHIR has its own; put their resources beside {data}.")
    with _failing(DATA), _warnings_told():
        return cn.read_fhir(data, **given)


def _omop(arguments: argparse.Namespace, given: dict[str, Any]) -> Cohort:
    supplied = [t for t in TABLES if t in given]
    if supplied:
        _usage(f"--{supplied[0]}: {arguments.data} is a folder of OMOP CDM tables, read whole.")
    mapping = given.pop("mapping", None)
    if mapping is not None and arguments.missed is None:
        _usage("--mapping: with OMOP CDM tables it says how the columns of --missed are named.")
    missed = arguments.missed
    if mapping is not None:
        missed = {"table": missed, "mapping": mapping}
    with _failing(DATA), _warnings_told():
        return cn.read_omop(arguments.data, missed, **given)


def _suggest_instead(arguments: argparse.Namespace) -> None:
    """Print a mapping for the files whose columns are not ours and stop, if any is recognised."""
    from carenotebook.ingest.suggest import suggest_for

    files = {n: path for n in TABLES if (path := getattr(arguments, n)) is not None}
    suggestion = suggest_for({"appointments": arguments.data, **files})
    if not any(t.choices for t in suggestion.tables):
        return
    if arguments.json:
        print(json.dumps({"suggested_mapping": suggestion.yaml}, indent=2, ensure_ascii=False))
    else:
        print(suggestion, end="")
    raise _Failure(
        MAPPING,
        f"{arguments.data}: nothing was read, for not every column is one that carenotebook knows. "
        "Save the mapping suggested above, correct it, and add --mapping FILE.",
    )


def _suggest(arguments: argparse.Namespace) -> None:
    with _failing(DATA):
        suggestion = cn.suggest_mapping(arguments.data, table=arguments.table)
    if arguments.output is None:
        print(suggestion, end="")
        return
    with _failing(OUTPUT):
        suggestion.save(arguments.output)
    print(f"Suggestion: {arguments.output}. Correct it; review takes it as --mapping.")


def _write(review: Review, output: Path) -> None:
    html = review.html()
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        unfinished.write_text(html, encoding="utf-8")
        unfinished.replace(output)
    except OSError as error:
        raise _Failure(OUTPUT, f"{output}: {error.strerror or type(error).__name__}.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _case(arguments: argparse.Namespace) -> None:
    try:
        arguments.act(arguments)
    except CaseError as error:
        raise _Failure(CASE, str(error)) from None
    except OptionError as error:
        raise _Failure(USAGE, str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _Failure(OUTPUT, f"{error.filename or 'a file'}: {reason}.") from None


def _lab(_: argparse.Namespace) -> None:
    if util.find_spec("jupyterlab") is None:
        raise _Failure(
            USAGE,
            "JupyterLab is not installed. Run make lab, or pip install -e '.[lab]' in a clone.",
        )
    command = [sys.executable, "-m", "jupyterlab"]
    tour = Path("notebooks") / "00_tour.ipynb"
    if tour.is_file():
        command.append(str(tour))
    done = subprocess.run(command, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise _Failure(UNEXPECTED, f"JupyterLab stopped with {done.returncode}; it says why above.")


def _keep_inputs(arguments: argparse.Namespace) -> None:
    """Refuse to write the report over what it is made of."""
    given = (getattr(arguments, n) for n in (*TABLES, "mapping", "missed"))
    inputs = [
        arguments.data,
        arguments.rule,
        *arguments.compare,
        *(g for g in given if g is not None),
    ]
    output: Path | None = arguments.output
    if output is not None and output.resolve() in {Path(i).resolve() for i in inputs}:
        _usage(f"-o {output}: that is one of the inputs; it would be overwritten.")


def _usage(message: str) -> NoReturn:
    raise _Failure(USAGE, message)
