"""Answers on paper, typed into a CSV file: read, judged row by row, and added to the journal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core.errors import DataError
from carenotebook.core.journal import (
    LONGEST_WORDS,
    NOT_SAID,
    CheckInAnswer,
    append_checkins,
    read_journal,
)
from carenotebook.core.loading import known_clients
from carenotebook.core.rejects import Rejects
from carenotebook.core.when import zone
from carenotebook.describe.alternatives import offered_obstacles
from carenotebook.ingest.csvfile import read_csv_file
from carenotebook.ingest.fields import Field, Reading, Source
from carenotebook.ingest.fileaccess import naming
from carenotebook.ingest.quarantine import ROW, RawTable, accept, rejects
from carenotebook.ingest.times import TimeForm

COLUMNS = ("code", "date", "obstacles", "progress", "go_on")
"""What the file needs; `words` may stand beside them."""

_GO_ON: dict[str | None, str | None] = {
    "yes": "true",
    "no": "false",
    **dict.fromkeys(("unsure", "not sure", "i am not sure"), None),
}
_BETWEEN = re.compile(r"[\s,;/+]+")
_TABLE, _ROW = "checkins", "_row"
UNKNOWN_CODE = "is not among the codes"
NOT_OFFERED = "holds what is neither a number of the form nor the name of an obstacle"
TOO_LONG = f"is longer than {LONGEST_WORDS:,} letters"
REPEATED = "is repeated for this date"


@dataclass(frozen=True, repr=False)
class CheckInSheet:
    """What `read_checkin_forms` returns. Its repr tells numbers alone.

    Attributes
    ----------
    answers : tuple of CheckInAnswer
        The forms that could be read.
    rejected : polars.DataFrame
        The others, like `carenotebook.Cohort.rejected`.
    rows_in : int
        Rows of the file: answers plus rejected.
    """

    answers: tuple[CheckInAnswer, ...]
    rejected: pl.DataFrame
    rows_in: int

    def append_to(self, folder: str | Path) -> int:
        """Add the answers to the journal of a saved cohort; to do it again adds nothing.

        Returns
        -------
        int
            How many were new. The form of a code and date is kept as it was first added.

        Raises
        ------
        DataError
            If the folder holds no saved cohort, cannot be written, or does not know all of the
            clients: nothing was added.
        """
        ids = {a.client_id for a in self.answers}
        unknown = len(ids - known_clients(folder, ids))
        if unknown:
            raise DataError(
                f"{folder}: the cohort does not know {unknown} of the clients whom the codes stand "
                "for. Mend the list of codes; nothing was added."
            )
        return append_checkins(folder, self.answers)

    def __repr__(self) -> str:
        return f"CheckInSheet({len(self.answers)} of {self.rows_in} forms could be read)"


def read_checkin_forms(
    path: str | Path,
    codes: Mapping[str, str] | str | Path,
    *,
    timezone: str = "UTC",
    date_format: str | None = None,
) -> CheckInSheet:
    r"""Answers of printed check-ins that were typed into a CSV file, one row a form.

    Parameters
    ----------
    path : path
        With the columns code, date, obstacles (the numbers of the ticked boxes, such as "1 3", or
        the names of obstacles; 0 for "nothing got in the way"; blank where nothing is ticked),
        progress (0 to 10 or blank), go_on (yes, no, unsure or blank) and, if own words are to be
        kept, words.
    codes : mapping of code to client_id, or path of a CSV file with these two columns
    timezone : str
        IANA name: a date counts from its midnight there.
    date_format : str, optional
        Such as "%d/%m/%Y"; by default dates are ISO 8601 (2026-01-31).

    Returns
    -------
    CheckInSheet
        Rows that cannot be used stand in its `rejected`, with number and reason. Two forms of one
        code and date are both set aside, because nothing says which is right.

    Raises
    ------
    DataError
        If a file is missing, is not CSV in UTF-8, or lacks a column.
    OptionError
        If there is no such time zone.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> text = "code,date,obstacles,progress,go_on\nK7-22,2026-01-31,1 3,4,yes\nK9,2026-02-01,,,\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "forms.csv"
    ...     _ = path.write_text(text)
    ...     sheet = read_checkin_forms(path, {"K7-22": "c17"})
    >>> sheet
    CheckInSheet(1 of 2 forms could be read)
    >>> sheet.rejected.select("row", "column", "reason").rows()
    [(2, 'code', 'is not among the codes')]
    """
    zone(timezone)
    known = dict(codes) if isinstance(codes, Mapping) else _read_codes(Path(codes))
    raw = _raw(Path(path), COLUMNS)
    accepted, rejected = _judged(raw, known, timezone, date_format)
    answers = tuple(_answer(row, known) for row in accepted.iter_rows(named=True))
    return CheckInSheet(answers, Rejects(rejected), raw.frame.height)


def checkin_answers(folder: str | Path) -> tuple[CheckInAnswer, ...]:
    """Every check-in that was added beside a saved cohort, with own words where they were kept.

    For the person whom the client was told of. Nothing shows by itself: read the attributes, and do
    not leave them in the output of a cell that is saved.

    Raises
    ------
    DataError
        If the journal cannot be read.

    Examples
    --------
    >>> checkin_answers("a folder without check-ins")
    ()
    """
    return tuple(answer for _, answer in read_journal(folder).answers)


def _raw(path: Path, columns: tuple[str, ...]) -> RawTable:
    with naming("check-ins", path):
        raw = read_csv_file(path)
    lacking = [c for c in columns if c not in raw.frame.columns]
    if lacking:
        raise DataError(
            f"{path} lacks the column {', '.join(lacking)}. It needs {', '.join(columns)}."
        )
    return raw


def _read_codes(path: Path) -> dict[str, str]:
    frame = _raw(path, ("code", "client_id")).frame.select(
        pl.col("code", "client_id").str.strip_chars()
    )
    if frame.null_count().sum_horizontal().item() or frame["code"].is_duplicated().any():
        raise DataError(f"{path}: a code or a client is blank, or a code stands there twice.")
    return dict(frame.iter_rows())


def _judged(
    raw: RawTable, codes: Mapping[str, str], timezone: str, date_format: str | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that are good with their texts and parsed values, and the rejects."""
    frame = raw.frame.with_columns(
        pl.col("code").str.strip_chars(), pl.col("go_on").str.strip_chars().str.to_lowercase()
    )
    fields: dict[str, Field] = {
        "client_id": Source("code"),
        "at": Source("date", None, TimeForm(date_format)),
        "progress": Source("progress"),
        "wants_to_continue": Source("go_on", _GO_ON),
    }
    good, rejected = accept(_TABLE, replace(raw, frame=frame), fields, Reading(timezone))
    told = {"client_id": "code", "at": "date", "wants_to_continue": "go_on"}
    rejected = rejected.with_columns(pl.col("column").replace(told))
    kept = frame.with_row_index(_ROW, 1).filter(~pl.col(_ROW).is_in(rejected["row"].implode()))
    rows = kept.select(_ROW, "code", "obstacles", words=_words(kept)).with_columns(
        good.select("at", "progress", "wants_to_continue")
    )
    reasons = [_reason(row, codes) for row in rows.iter_rows(named=True)]
    twice = rows.select(pl.struct("code", "at").is_duplicated()).to_series()
    again = [r or (("code", REPEATED) if t else None) for r, t in zip(reasons, twice, strict=True)]
    noted = pl.DataFrame(
        [(row - 1, *found) for row, found in zip(rows[_ROW], again, strict=True) if found],
        schema={ROW: pl.Int64, "column": pl.String, "reason": pl.String},
        orient="row",
    )
    more = rejects(_TABLE, raw, noted)
    usable = rows.filter(pl.Series([r is None for r in again], dtype=pl.Boolean))
    return usable, pl.concat([rejected, more]).sort("row")


def _words(frame: pl.DataFrame) -> pl.Expr:
    if "words" not in frame.columns:
        return pl.lit(None, pl.String)
    return pl.col("words").str.strip_chars().replace("", None)


def _reason(row: Mapping[str, str | None], codes: Mapping[str, str]) -> tuple[str, str] | None:
    if row["code"] not in codes:
        return "code", UNKNOWN_CODE
    if _named(row["obstacles"]) is None:
        return "obstacles", NOT_OFFERED
    return ("words", TOO_LONG) if len(row["words"] or "") > LONGEST_WORDS else None


def _named(text: str | None) -> tuple[str, ...] | None:
    """The obstacles that were ticked; None where that cannot be told."""
    offered = [o.name for o in offered_obstacles()]
    numbers = {str(i): name for i, name in enumerate(offered, 1)}
    ticked = [t for t in _BETWEEN.split((text or "").strip().lower()) if t]
    found = [numbers.get(t, t) for t in ticked]
    if not set(found) <= {*offered, "0"}:
        return None
    return tuple(dict.fromkeys(t for t in found if t != "0")) if ticked else (NOT_SAID,)


def _answer(row: Mapping[str, Any], codes: Mapping[str, str]) -> CheckInAnswer:
    code, at = str(row["code"]), row["at"]
    key = hashlib.sha256(f"{code}\n{at}".encode()).hexdigest()[:32]
    return CheckInAnswer(
        codes[code],
        _named(row["obstacles"]) or (),
        row["progress"],
        row["wants_to_continue"],
        row["words"],
        at,
        f"paper-{key}",
    )
