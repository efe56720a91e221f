"""What `review` and `dossier` read alike: a cohort, rules, and what a design is held against."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import carenotebook as cn
from carenotebook.cli_errors import (
    DATA,
    MAPPING,
    RULE,
    Failure,
    Said,
    failing,
    usage,
    warnings_told,
)
from carenotebook.core.errors import MappingError

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule

TABLES = (
    "contacts",
    "episodes",
    "clients",
    "measures",
    "checkins",
    "actions",
    "pauses",
)
READERS = {".csv": "read_csv", ".parquet": "read_parquet", ".xlsx": "read_excel"}
SETTINGS = ("mapping", "timezone", "notice", "as_of", "observed_from", "episode_end")


SAID: Said = (
    (r"^by_group\([^)]*\): by='([^']*)'", r"--by \1"),
    (r"^by='client_id'", "--by client_id"),
    (
        r"Supply it with clients= to the reader \(--clients FILE on the command line\)",
        "Supply it with --clients FILE",
    ),
)
"""What a review and a dossier call something, and what their options call it."""


def add_cohort(command: argparse.ArgumentParser) -> None:
    """DATA, and the options that say how it is read."""
    command.add_argument(
        "data",
        metavar="DATA",
        type=Path,
        help="a folder that Cohort.save wrote, a file of appointments (.csv, .parquet, .xlsx), or "
        "FHIR: a file (.json, .ndjson, also .gz) or a folder of them; or a folder of OMOP CDM "
        "tables (.csv, .parquet)",
    )
    command.add_argument(
        "--missed",
        type=Path,
        metavar="FILE",
        help="with OMOP CDM tables: the appointments that were missed or cancelled, which OMOP "
        "does not hold; --mapping says how their columns are named",
    )
    files = command.add_argument_group("with a file of appointments")
    for table in TABLES:
        files.add_argument(f"--{table}", type=Path, metavar="FILE")
    files.add_argument("--mapping", type=Path, metavar="FILE", help="YAML: your columns and ours")
    files.add_argument("--timezone", help="of times without an offset (default UTC)")
    files.add_argument("--notice", help="a shorter notice is a late cancellation (default 24h)")
    files.add_argument("--as-of", help="nothing at or after this time is seen; also with a folder")
    files.add_argument("--observed-from", help="nothing before this time is seen")
    files.add_argument(
        "--episode-end", help="without --episodes: as_of, or a duration such as 120d"
    )


def add_criterion(command: argparse.ArgumentParser, *, required: bool) -> None:
    """--rule, and what is set beside it and held against it."""
    from carenotebook import criteria as c

    command.add_argument(
        "--rule",
        required=required,
        help="a *.rule.yml or *.protocol.yml file, or the name of a published rule: "
        + ", ".join(c.library()),
    )
    command.add_argument(
        "--by", nargs="+", default=[], metavar="COLUMN", help="compare groups: columns of --clients"
    )
    command.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="RULE",
        help="other rules to set beside it: files, names, or 'library' for all published ones",
    )
    command.add_argument(
        "--sweep",
        nargs="+",
        default=[],
        metavar="NAME=VALUES",
        help="for a rule with parameters: k=2..5 or window=60d,90d; the report is about the first "
        "value of each",
    )
    command.add_argument(
        "--profile",
        nargs="+",
        metavar="CODE",
        help="whose professional codes apply: APA, NASW, ACA, BACP (default all)",
    )
    command.add_argument(
        "--declared",
        type=Path,
        metavar="FILE",
        help="YAML: how the service does what a design cannot show, such as 'way_back: ring us'",
    )


def read_cohort(arguments: argparse.Namespace) -> Cohort:
    """The cohort that the arguments name."""
    from carenotebook.ingest.fhir.sources import ENDINGS, is_fhir
    from carenotebook.ingest.omopsource import is_cdm

    given = {n: v for n in (*TABLES, *SETTINGS) if (v := getattr(arguments, n)) is not None}
    data: Path = arguments.data
    if not data.exists():
        raise Failure(DATA, f"{data}: there is no such file or folder.")
    if is_cdm(data):
        return _omop(arguments, given)
    if arguments.missed is not None:
        usage(f"--missed: {data} is no folder of OMOP CDM tables (visit_occurrence.csv, ...).")
    if is_fhir(data):
        return _fhir(data, given)
    if data.is_dir():
        as_of = given.pop("as_of", None)
        if given:
            options = ", ".join(f"--{n.replace('_', '-')}" for n in given)
            usage(f"{options}: {data} is a saved cohort, which has its tables and settings.")
        with failing(DATA), warnings_told():
            return cn.load(data, as_of=as_of)
    if data.suffix.lower() not in READERS:
        known = ", ".join([*READERS, *ENDINGS])
        raise Failure(DATA, f"{data}: not a folder and not one of {known}.")
    return _flat(READERS[data.suffix.lower()], arguments, given)


def suggest_if_foreign(arguments: argparse.Namespace) -> None:
    """Stop with a suggested mapping if a file of appointments has columns that are not ours."""
    data: Path = arguments.data
    if arguments.mapping is None and data.is_file() and data.suffix.lower() in READERS:
        read_cohort(arguments)


def _flat(reader: str, arguments: argparse.Namespace, given: dict[str, Any]) -> Cohort:
    with failing(DATA):
        try:
            cohort: Cohort = getattr(cn, reader)(appointments=arguments.data, **given)
        except MappingError:
            if arguments.mapping is not None:
                raise
            _suggest_instead(arguments)
            raise
    return cohort


def _fhir(data: Path, given: dict[str, Any]) -> Cohort:
    tables = [f"--{n}" for n in TABLES if n in given]
    if tables:
        usage(f"{', '.join(tables)}: FHIR has its own; put their resources beside {data}.")
    with failing(DATA), warnings_told():
        return cn.read_fhir(data, **given)


def _omop(arguments: argparse.Namespace, given: dict[str, Any]) -> Cohort:
    supplied = [t for t in TABLES if t in given]
    if supplied:
        usage(f"--{supplied[0]}: {arguments.data} is a folder of OMOP CDM tables, read whole.")
    mapping = given.pop("mapping", None)
    if mapping is not None and arguments.missed is None:
        usage("--mapping: with OMOP CDM tables it says how the columns of --missed are named.")
    missed = arguments.missed
    if mapping is not None:
        missed = {"table": missed, "mapping": mapping}
    with failing(DATA), warnings_told():
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
    raise Failure(
        MAPPING,
        f"{arguments.data}: nothing was read, for not every column is one that carenotebook knows. "
        "Save the mapping suggested above, correct it, and add --mapping FILE.",
    )


def read_rule(name: str) -> Rule | Protocol:
    """A rule or protocol by its file, or a published rule by its name."""
    from carenotebook import criteria as c

    with failing(RULE):
        if Path(name).suffix in {".yml", ".yaml"}:
            return c.load(name)
        published = c.library()
    if name not in published:
        known = ", ".join(published)
        raise Failure(RULE, f"no published rule {name!r} (a file ends in .yml). Known: {known}.")
    return published[name]


def read_others(names: Sequence[str]) -> list[Rule | Protocol]:
    """Rules to set beside the first; 'library' stands for all published ones."""
    from carenotebook import criteria as c

    if "library" in names:
        return [*(read_rule(n) for n in names if n != "library"), *c.library().values()]
    return [read_rule(n) for n in names]


def read_grid(given: Sequence[str]) -> dict[str, list[int | float | str]] | None:
    """Values of parameters, from text such as k=2..5 or window=60d,90d."""
    grid: dict[str, list[int | float | str]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not equals or not values or name in grid:
            usage(f"--sweep {text}: write each parameter once, as k=2..5 or window=60d,90d.")
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


def read_mapping(path: Path | None, option: str) -> dict[str, Any] | None:
    """Names and texts from a YAML file."""
    import yaml

    if path is None:
        return None
    with failing(DATA):
        try:
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):
            read = None
    if not isinstance(read, dict) or not all(isinstance(k, str) for k in read):
        usage(f"{option} {path}: not a YAML file of names and texts, one a line, such as 'a: b'.")
    return read


def keep_inputs(arguments: argparse.Namespace, *more: Path | None) -> None:
    """Refuse to write over what a report is made of."""
    given = (getattr(arguments, n) for n in (*TABLES, "mapping", "missed", "declared"))
    inputs = [arguments.data, arguments.rule, *arguments.compare, *given, *more]
    output: Path | None = arguments.output
    if output is not None and output.resolve() in {Path(i).resolve() for i in inputs if i}:
        usage(f"-o {output}: that is one of the inputs; it would be overwritten.")
