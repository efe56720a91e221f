"""`client_list`: whom to reach out to first. A list of people, so it needs a purpose and a log."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

import polars as pl

import carenotebook
from carenotebook.appraise.ethics_records import MEASURES
from carenotebook.appraise.evidence import KEY, Evidence, reviews_of
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.oserrors import reason_of
from carenotebook.criteria.protocol_replay import ProtocolReplay
from carenotebook.criteria.replay import Replay
from carenotebook.criteria.safeguards import catalogue

Purpose = Literal["outreach", "research"]

NOTE = (
    "Not validated for individual care; check local law. Open episodes, those whom the service "
    "still owes most first. A list for talking with people, never for ending their care."
)
LOG_VARIABLE = "CARENOTEBOOK_LOG"
"""Names another file for the log of client lists."""

_LOG = Path(".carenotebook") / "client_lists.jsonl"
_BEFORE = (
    "contact_twice",
    "second_channel",
    "conversation",
    "alternatives",
    "answer_recorded",
    "own_words",
    "risk_looked_at",
    "second_clinician",
)
"""Safeguards that could have been recorded before a review."""


@dataclass(frozen=True, repr=False, eq=False)
class ClientList:
    """What `client_list` returns. It shows no client by itself: name `frame`.

    Attributes
    ----------
    frame : polars.DataFrame
        Client-level: client_id, episode, flagged_at, missing (how many safeguards are not on
        record), safeguards (which), note.
    purpose, rule : str
    log : Path
        Where this use was written down.
    """

    frame: pl.DataFrame
    purpose: str
    rule: str
    log: Path

    @property
    def note(self) -> str:
        """What goes with the list wherever it goes."""
        return NOTE

    def __repr__(self) -> str:
        return (
            f"ClientList for {self.purpose} by {self.rule!r}. {NOTE} The clients are in .frame; "
            "this use was written to the log."
        )

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>"


def client_list(
    replay: Replay | ProtocolReplay,
    purpose: Purpose,
    *,
    window: str = "90d",
    log: str | Path | None = None,
) -> ClientList:
    """List open episodes in which a rule is true, for reaching out or for research.

    For a team that wants to ring the right people first: those with whom least was tried stand at
    the top. Never a list of people to discharge, to charge, or to report to a payer; never a way to
    fit a caseload, to give reasons afterwards for a decision already taken, to shed those who need
    most, or to rank therapists by their clients. There is no purpose for any of that, and a flag is
    no reason for it.

    Parameters
    ----------
    replay : Replay or ProtocolReplay
        Of a protocol, those whom its last stage holds.
    purpose : {"outreach", "research"}
        What the list is for.
    window : str
        How long before the end of the data safeguards are looked for, so that what was done since
        the flag counts. What the cohort has no table for is not looked for.
    log : path, optional
        Where each use is written, one JSON object a line, only ever appended: the time, the
        purpose, the hashes of rule and data, the version; nothing of a client, and not how many.
        By default the file that the environment variable CARENOTEBOOK_LOG names, or else
        ``.carenotebook/client_lists.jsonl`` in the home folder.

    Returns
    -------
    ClientList
        Its `frame` is ordered by missing safeguards, most first, then by how long the flag stands.

    Raises
    ------
    OptionError
        For another purpose.
    DataError
        If the use cannot be written to the log: then there is no list.

    Examples
    --------
    >>> import carenotebook as cn, pathlib, tempfile
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=60, seed=1)
    >>> found = cn.replay(c.Rule("silence", c.days_since_heard() >= 30), cohort)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     listed = cn.appraise.client_list(found, "outreach", log=pathlib.Path(folder) / "log")
    >>> listed.frame.columns
    ['client_id', 'episode', 'flagged_at', 'missing', 'safeguards', 'note']
    """
    if purpose not in get_args(Purpose):
        raise OptionError(
            f"client_list(): purpose={purpose!r} is not one of: {', '.join(get_args(Purpose))}. A "
            "list of flags is no list of people to discharge, and not made for any other purpose."
        )
    found = reviews_of(replay, "client_list()")
    frame = _listed(found, window)
    path = _path(log)
    _write(path, purpose, found)
    return ClientList(frame, purpose, found.rule.name, path)


def _listed(found: Replay, window: str) -> pl.DataFrame:
    """Open flags, with the safeguards that are not on record in the time before `as_of`."""
    open_ = found.intervals.filter(pl.col("ended_by") == "as_of")
    last = pl.lit(found.cohort.as_of - timedelta(microseconds=1), pl.Datetime("us", "UTC"))
    # As if the flag had fallen just now: what was done since it was raised counts as well.
    now = replace(found, intervals=open_.with_columns(flagged_at=last))
    evidence = Evidence(now, "1d", window)
    none = pl.lit([], pl.List(pl.String))
    table = open_.select(*KEY, "flagged_at").with_columns(gaps=none)
    for term, title in ((t, catalogue()[t].title) for t in _BEFORE):
        if MEASURES[term].lacking(found.cohort):
            continue
        there = MEASURES[term].rows(evidence).select(*KEY, "value")
        gap = pl.when("value").then(none).otherwise(pl.lit([title], pl.List(pl.String)))
        joined = table.join(there, on=KEY, how="left")
        table = joined.with_columns(gaps=pl.concat_list("gaps", gap)).drop("value")
    return (
        table.with_columns(
            missing=pl.col("gaps").list.len().cast(pl.Int64),
            safeguards=pl.col("gaps").list.join("; "),
            note=pl.lit(NOTE),
        )
        .sort("missing", "flagged_at", *KEY, descending=[True, False, False, False])
        .select(*KEY, "flagged_at", "missing", "safeguards", "note")
    )


def _path(log: str | Path | None) -> Path:
    named = log if log is not None else os.environ.get(LOG_VARIABLE)
    return Path(named) if named else Path.home() / _LOG


def _write(path: Path, purpose: str, found: Replay) -> None:
    line = json.dumps(
        {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "purpose": purpose,
            "rule": found.rule.hash,
            "data": found.cohort.content_hash,
            "as_of": f"{found.cohort.as_of:%Y-%m-%d}",
            "carenotebook": carenotebook.__version__,
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write in append mode: two uses at once do not mix, and nothing is overwritten.
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(log, f"{line}\n".encode())
        finally:
            os.close(log)
    except OSError as error:
        reason = reason_of(error)
        raise DataError(
            f"client_list(): its use cannot be written to the log ({reason}), so there is no list. "
            f"Name a file that can be written with log= or the variable {LOG_VARIABLE}."
        ) from None
