"""Damaged inputs and what must become of each: an exact error, or exact rows set aside.

`python tests/unit/ingest/damaged.py` reads every one and prints the table of outcomes.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import carenotebook as cn
from carenotebook.core.errors import CareNotebookError

MARK = "Zq7marker"
"""Stands in every client's values; it must be in nothing that is shown."""

HEAD = "client_id,start,outcome\n"
ONE = f"{MARK}1,2026-01-05 10:00,attended\n"
TWO = f"{MARK}2,2026-01-06 10:00,no_show\n"
THREE = f"{MARK}3,2026-01-07 10:00,attended\n"
GOOD = HEAD + ONE + TWO + THREE

Reject = tuple[int, str | None, str]


@dataclass(frozen=True)
class Case:
    """One damaged input.

    Attributes
    ----------
    name : str
    files : dict of table to content
        None is a folder of that name; a table that is named but absent is a missing file.
    accepted : dict of table to rows
    rejected : dict of table to (row, column, reason)
    error : str or None
        The message, in which ``{}`` stands for the path of the last file.
    options : dict
        Of the reader.
    values : dict of column to values
        What the accepted appointments hold.
    """

    name: str
    files: dict[str, str | bytes | None]
    accepted: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, list[Reject]] = field(default_factory=dict)
    error: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)


def _appointments(
    name: str,
    content: str | bytes | None,
    accepted: int = 0,
    rejected: list[Reject] | None = None,
    **more: Any,
) -> Case:
    counts = {} if "error" in more else {"appointments": accepted}
    found = {"appointments": rejected} if rejected else {}
    return Case(name, {"appointments": content}, counts, found, **more)


def _beside(name: str, table: str, content: str, accepted: int, rejected: list[Reject]) -> Case:
    files: dict[str, str | bytes | None] = {"appointments": GOOD, table: content}
    return Case(name, files, {"appointments": 3, table: accepted}, {table: rejected})


LONDON = {"timezone": "Europe/London"}
WIDE = "client_id,start,outcome,site,duration_min,cancelled_at,appointment_id\n"
NOT_UTF8 = "{} is not UTF-8 text. Save it as 'CSV UTF-8' and read it again."
NUL = "row holds NUL characters: the file is damaged there"
UNCLEAR = (
    "{} cannot be read as CSV: its lines cannot be told apart. Save it again as CSV with ordinary "
    "line ends and matched quotes."
)

NO_HEADER = (
    "The table 'appointments' needs client_id, start, outcome: map a column to it with mapping= "
    "(suggest_mapping proposes one). Its first row looks like data, not like names of columns: "
    "add a header row."
)
NOTHING = "as_of cannot be told: no row says that anything has happened yet. Pass as_of=."
NOTHING_LEFT = (
    "as_of cannot be told: 2 rows were rejected and none that is left says that anything happened. "
    "Most often: start: is a date that does not exist (table 'appointments', 2 rows). Pass as_of= "
    "to look at cohort.rejected."
)


def _quote(row: int) -> str:
    return (
        f"{{}} cannot be read as CSV near data row {row}: a quote there is never closed, or stands "
        "inside a field."
    )


CASES = [
    _appointments(
        "cut inside a row", GOOD[:-18], 2, [(3, None, "row has 2 fields, the header has 3")]
    ),
    _appointments(
        "cut inside the last field",
        GOOD[:-4],
        2,
        [(3, "outcome", "'atten' is not in the vocabulary")],
    ),
    _appointments("cut inside quotes", HEAD + ONE + f'"{MARK}2,2026-01-06', error=_quote(2)),
    _appointments("no line end after the last row", GOOD[:-1], 3),
    _appointments("UTF-16", GOOD.encode("utf-16"), error=NOT_UTF8),
    _appointments("UTF-16 without a mark", GOOD.encode("utf-16-le"), error=NOT_UTF8),
    _appointments(
        "Latin-1", (GOOD + f"{MARK}Zoë,2026-01-08,attended\n").encode("latin-1"), error=NOT_UTF8
    ),
    _appointments("byte order mark", "\ufeff" + GOOD, 3),
    _appointments("CRLF", GOOD.replace("\n", "\r\n"), 3),
    _appointments(
        "line ends of old Macs",
        GOOD.replace("\n", "\r"),
        error=UNCLEAR,
    ),
    _appointments(
        "a lone carriage return in a row", GOOD + f"{MARK}4,2026-01-08\r,attended\n", error=UNCLEAR
    ),
    _appointments(
        "line breaks and quotes inside quotes",
        HEAD.replace("outcome", "outcome,site")
        + f'{MARK}1,2026-01-05,attended,"north\n""{MARK}"" wing"\n',
        1,
        values={"site": [f'north\n"{MARK}" wing']},
    ),
    _appointments(
        "a quote inside a field",
        HEAD.replace("outcome", "outcome,site") + f'{MARK}1,2026-01-05,attended,5" nail\n',
        1,
        values={"site": ['5" nail']},
    ),
    _appointments(
        "text behind a closing quote", HEAD + f'"{MARK}1"x,2026-01-05,attended\n', error=_quote(1)
    ),
    _appointments(
        "ragged rows",
        GOOD + f"{MARK}4,2026-01-08\n{MARK}5,2026-01-09,attended,{MARK}\n",
        3,
        [
            (4, None, "row has 2 fields, the header has 3"),
            (5, None, "row has 4 fields, the header has 3"),
        ],
    ),
    _appointments(
        "blank lines",
        HEAD + ONE + "\n,,\n" + TWO,
        2,
        [(2, None, "row is blank"), (3, None, "row is blank")],
    ),
    _appointments("empty file", b"", error="{} is empty: it needs a header row."),
    _appointments(
        "header only",
        HEAD,
        error=NOTHING,
    ),
    _appointments("header only, as_of given", HEAD, 0, options={"as_of": "2026-02-01"}),
    _appointments(
        "no header",
        GOOD.removeprefix(HEAD),
        error=NO_HEADER,
    ),
    _appointments(
        "a column twice",
        GOOD.replace("outcome\n", "start\n"),
        error="{} has 1 column name(s) more than once: rename them.",
    ),
    _appointments(
        "NUL characters in a row", GOOD + f"{MARK}4,2026-01-\0\0\0\0\n", 3, [(4, None, NUL)]
    ),
    _appointments(
        "a field of a million characters",
        HEAD.replace("outcome", "outcome,site")
        + f"{MARK}1,2026-01-05,attended,{MARK * 111_112}\n"
        + f"{MARK}2,2026-01-06,{MARK * 111_112},x\n",
        1,
        [(2, "outcome", "a long text is not in the vocabulary")],
    ),
    _appointments(
        "a quoted field of a million characters",
        HEAD + f'{MARK}1,2026-01-05,attended\n"{MARK * 111_112}",2026-01-05,attended\n',
        2,
    ),
    _appointments(
        "31 February",
        GOOD + f"{MARK}4,2026-02-31,attended\n",
        3,
        [(4, "start", "is a date that does not exist")],
    ),
    _appointments(
        "a time that is none",
        GOOD + f"{MARK}4,{MARK},attended\n",
        3,
        [(4, "start", "is not a date or time")],
    ),
    _appointments(
        "a year of a placeholder",
        GOOD + f"{MARK}4,0001-01-01,attended\n{MARK}5,9999-12-31,attended\n",
        3,
        [
            (4, "start", "is outside the years 1900 to 2199"),
            (5, "start", "is outside the years 1900 to 2199"),
        ],
    ),
    _appointments(
        "an hour that the clocks showed twice",
        GOOD + f"{MARK}4,2026-10-25 01:30,attended\n",
        3,
        [(4, "start", "is a local time that happened twice (the clocks went back)")],
        options=LONDON,
    ),
    _appointments(
        "an hour that the clocks left out",
        GOOD + f"{MARK}4,2026-03-29 01:30,attended\n",
        3,
        [(4, "start", "is a local time that did not exist (the clocks went forward)")],
        options=LONDON,
    ),
    _appointments(
        "mixed time zones",
        f"{HEAD}{MARK}1,2026-07-05T10:00Z,attended\n{MARK}2,2026-07-05 10:00,attended\n"
        f"{MARK}3,2026-07-05T10:00+05:30,attended\n",
        3,
        options=LONDON,
        values={
            "start": [
                "2026-07-05T10:00:00+00:00",
                "2026-07-05T09:00:00+00:00",
                "2026-07-05T04:30:00+00:00",
            ]
        },
    ),
    _appointments(
        "a cancellation after the start",
        WIDE + f"{MARK}1,2026-01-05 10:00,early_cancel,,,2026-01-05 11:00,\n",
        1,
        values={"outcome": ["no_show"]},
    ),
    _appointments(
        "a negative duration",
        WIDE + f"{MARK}1,2026-01-05,attended,,50,,\n{MARK}2,2026-01-05,attended,,-50,,\n",
        1,
        [(2, "duration_min", "is below the lowest possible value")],
    ),
    _appointments(
        "a number that is none",
        WIDE + f"{MARK}1,2026-01-05,attended,,50,,\n{MARK}2,2026-01-05,attended,,{MARK},,\n",
        1,
        [(2, "duration_min", "is not a number")],
    ),
    _appointments(
        "unknown codes",
        GOOD + f"{MARK}4,2026-01-08,{MARK}\n",
        3,
        [(4, "outcome", f"'{MARK}' is not in the vocabulary")],
    ),
    _appointments("no client", GOOD + ",2026-01-08,attended\n", 3, [(4, "client_id", "is blank")]),
    _appointments(
        "duplicate ids",
        f"{WIDE}{MARK}1,2026-01-05,attended,,,,a\n{MARK}2,2026-01-06,attended,,,,b\n"
        f"{MARK}3,2026-01-07,attended,,,,a\n",
        1,
        [(1, "appointment_id", "is repeated"), (3, "appointment_id", "is repeated")],
    ),
    _appointments(
        "every row damaged",
        HEAD + f"{MARK}1,2026-02-31,attended\n{MARK}2,2026-02-31,{MARK}\n",
        error=NOTHING_LEFT,
    ),
    _beside(
        "duplicate clients",
        "clients",
        f"client_id,age\n{MARK}1,30\n{MARK}1,31\n{MARK}2,40\n",
        1,
        [(1, "client_id", "is repeated"), (2, "client_id", "is repeated")],
    ),
    _beside(
        "overlapping episodes",
        "episodes",
        f"client_id,started_at,ended_at\n{MARK}1,2026-01-01,2026-03-01\n{MARK}1,2026-02-01,\n{MARK}2,2026-01-01,2026-02-01\n{MARK}2,2026-02-01,\n",
        2,
        [
            (1, "started_at", "overlaps another episode of the client"),
            (2, "started_at", "overlaps another episode of the client"),
        ],
    ),
    _beside(
        "an episode that ends before it starts",
        "episodes",
        f"client_id,started_at,ended_at\n{MARK}1,2026-02-01,2026-01-01\n{MARK}2,2026-01-01,\n",
        1,
        [(1, "ended_at", "ends before it starts")],
    ),
    _beside(
        "two scores at one instant",
        "measures",
        f"client_id,at,instrument,score\n{MARK}1,2026-01-05,PHQ-9,9\n{MARK}1,2026-01-05,PHQ-9,19\n{MARK}1,2026-01-05,GAD-7,9\n",
        1,
        [
            (1, "client_id, at, instrument", "is repeated"),
            (2, "client_id, at, instrument", "is repeated"),
        ],
    ),
    _beside(
        "a score outside the range",
        "measures",
        f"client_id,at,instrument,score\n{MARK}1,2026-01-05,PHQ-9,28\n{MARK}2,2026-01-05,PHQ-9,27\n",
        1,
        [(1, "score", "is outside the instrument's range")],
    ),
    _appointments("a folder", None, error="appointments: {}: this is a folder; name one file."),
    Case(
        "a missing file",
        {"appointments": GOOD, "contacts": "missing"},
        error="contacts: {}: there is no such file.",
    ),
]


def write(case: Case, folder: Path) -> dict[str, Path]:
    """Put the case's files into the folder."""
    paths = {}
    for table, content in case.files.items():
        paths[table] = folder / f"{table}.csv"
        if content is None:
            paths[table].mkdir()
        elif content != "missing":
            paths[table].write_bytes(content if isinstance(content, bytes) else content.encode())
    return paths


def outcome(case: Case, paths: dict[str, Path]) -> str:
    """What becomes of the files, in words for the table."""
    try:
        cohort = cn.read_csv(**paths, **case.options)  # type: ignore[arg-type]
    except CareNotebookError as error:
        said = str(error).replace(str(paths[list(paths)[-1]]), "FILE").replace(MARK, "...")
        return f"refused: {said}"
    told = [f"{n} of {cohort.rows_in[t]} {t} accepted" for t, n in case.accepted.items()]
    for table, row, column, reason in cohort.rejected.drop("raw").rows():
        said = reason.replace(MARK, "...")
        told.append(f"{table} row {row}: {f'{column} ' if column else ''}{said}")
    for column, values in case.values.items():
        kept = ", ".join(str(v).replace(MARK, "...").replace("\n", "<br>") for v in values)
        told.append(f"{column} is {kept}")
    return "; ".join(told)


def main() -> None:
    """Print the table."""
    print("| input | outcome |\n|---|---|")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {case.name} | {outcome(case, write(case, Path(folder)))} |")


if __name__ == "__main__":
    sys.exit(main())
