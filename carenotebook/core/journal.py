"""Answers to check-ins as they come in: a file beside a saved cohort to which lines are added.

The manifest seals what was saved; the journal is outside that seal, and each of its lines is sealed
by a checksum of its own. A save neither reads nor changes it, so answers that come in while a new
extract is read are not lost. `load` adds the lines to the table `checkins`; a submission that the
saved table has already (`checkin_id`) is not added again.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.lock import exclusively
from carenotebook.core.manifest import read_manifest, sync_folder
from carenotebook.core.options import REASONS
from carenotebook.core.oserrors import reason_of, why_unreadable

JOURNAL = "checkins.journal"
JOURNAL_LOCK = ".checkins.lock"
NOT_SAID = "not_given"
"""The obstacle of a client who was asked and did not say."""

MOST_PROGRESS = 10
LONGEST_WORDS = 2000
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELDS = ("key", "client", "at", "barriers", "progress", "continue", "words")


def new_key() -> str:
    """A key for a submission: what is sent again under the same key is kept once."""
    return uuid4().hex


@dataclass(frozen=True, repr=False)
class CheckInAnswer:
    """What a client answered in one check-in. Its repr tells nothing of it.

    Attributes
    ----------
    client_id : str
    barriers : tuple of str
        Obstacles that the client named, of `carenotebook.core.options.REASONS`. Empty: none;
        ``("not_given",)``: asked, and not said.
    progress : float or None
        0 to 10.
    wants_to_continue : bool or None
        None where the client is not sure, or did not say.
    words : str or None
        The client's own words, where they were asked for.
    at : datetime
        When it was answered; a date on paper counts from its midnight.
    key : str
        Names the submission: what is sent again under it is kept once.

    Raises
    ------
    OptionError
        If an answer is none of those; it repeats nothing of what was given.

    Examples
    --------
    >>> CheckInAnswer("c1", barriers=("cost",), progress=4)
    CheckInAnswer(answered)
    """

    client_id: str
    barriers: tuple[str, ...] = (NOT_SAID,)
    progress: float | None = None
    wants_to_continue: bool | None = None
    words: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    key: str = field(default_factory=new_key)

    def __post_init__(self) -> None:
        if not isinstance(self.client_id, str) or not self.client_id:
            raise OptionError("A check-in needs the client's id, a text.")
        if not set(self.barriers) <= set(REASONS) or len(set(self.barriers)) < len(self.barriers):
            raise OptionError(f"A check-in names obstacles of these, each once: {_listed()}.")
        if self.progress is not None and not 0 <= self.progress <= MOST_PROGRESS:
            raise OptionError(f"A check-in's progress is a number from 0 to {MOST_PROGRESS}.")
        if self.words is not None and len(self.words) > LONGEST_WORDS:
            raise OptionError(f"A check-in's own words are {LONGEST_WORDS:,} letters or fewer.")
        if not _KEY.fullmatch(self.key):
            raise OptionError("A check-in's key is 1 to 64 letters, digits, - or _.")
        if self.at.tzinfo is None:
            raise OptionError("A check-in's time needs a time zone.")

    def __repr__(self) -> str:
        return "CheckInAnswer(answered)"

    def rows(self) -> list[dict[str, Any]]:
        """Rows of the table `checkins`: one an obstacle, or one that names none."""
        told = {
            "client_id": self.client_id,
            "at": self.at,
            "progress": self.progress,
            "wants_to_continue": self.wants_to_continue,
            "checkin_id": self.key,
        }
        return [{**told, "barrier": barrier} for barrier in self.barriers or (None,)]


def _listed() -> str:
    return ", ".join(REASONS)


@dataclass(frozen=True, repr=False)
class Journal:
    """What a journal holds.

    Attributes
    ----------
    answers : tuple of (int, CheckInAnswer)
        With the number of the line, from 1; each submission once.
    damaged : tuple of int
        Lines that are cut off or not what was written.
    """

    answers: tuple[tuple[int, CheckInAnswer], ...]
    damaged: tuple[int, ...]

    def __repr__(self) -> str:
        return f"Journal({len(self.answers)} check-ins, {len(self.damaged)} damaged lines)"


def append_checkins(folder: str | Path, answers: Iterable[CheckInAnswer]) -> int:
    """Add answers to the journal of a saved cohort, through to the disk.

    Killed at any moment, it leaves the lines that stood there and, of the new ones, whole lines
    and at most one that is cut off, which readers set aside. To send the same answers again is
    safe. Another process that writes waits for its turn.

    Parameters
    ----------
    folder : path
        What `Cohort.save` was given.
    answers : iterable of CheckInAnswer

    Returns
    -------
    int
        How many were new: an answer whose key stands there already is not written twice.

    Raises
    ------
    DataError
        If the folder holds no saved cohort, or cannot be written: nothing was added.
    """
    home = Path(folder)
    read_manifest(home)
    try:
        with exclusively(home, JOURNAL_LOCK):
            return _append(home, list(answers))
    except OSError as error:
        reason = reason_of(error)
        raise DataError(f"{home}: the check-in cannot be saved there ({reason}).") from None


def _append(home: Path, answers: Sequence[CheckInAnswer]) -> int:
    path = home / JOURNAL
    before = path.read_bytes() if path.exists() else b""
    # To read every line is only worth it where one of the keys may stand there.
    repeated = any(a.key.encode() in before for a in answers)
    known = {a.key for _, a in _parsed(before).answers} if repeated else set()
    fresh = list({a.key: a for a in reversed(answers) if a.key not in known}.values())[::-1]
    if fresh:
        # A line that was cut off stays as it is: the next one starts below it.
        start = b"\n" if before and not before.endswith(b"\n") else b""
        _add(path, start + b"".join(map(_line, fresh)), len(before))
        sync_folder(home)
    return len(fresh)


def _add(path: Path, content: bytes, size: int) -> None:
    """All of it or, where the disk takes no more, nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o660)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    finally:
        os.close(descriptor)


def read_journal(folder: str | Path) -> Journal:
    """The check-ins that were added beside a saved cohort; none where there is no journal.

    Raises
    ------
    DataError
        If the journal cannot be read.
    """
    home = Path(folder)
    try:
        content = _content(home)
        if content and not content.endswith(b"\n"):
            content = _settled(home, content)
    except OSError as error:
        raise DataError(f"{home / JOURNAL}: {why_unreadable(error)}") from None
    return _parsed(content)


def _content(home: Path) -> bytes:
    try:
        return (home / JOURNAL).read_bytes()
    except FileNotFoundError:
        return b""


def _settled(home: Path, content: bytes) -> bytes:
    """The same once nobody is writing, unless only writers may wait there."""
    try:
        with exclusively(home, JOURNAL_LOCK):
            return _content(home)
    except OSError:
        return content


def _line(answer: CheckInAnswer) -> bytes:
    told = (
        answer.key,
        answer.client_id,
        answer.at.astimezone(UTC).isoformat(),
        answer.barriers,
        answer.progress,
        answer.wants_to_continue,
        answer.words,
    )
    record = json.dumps(dict(zip(_FIELDS, told, strict=True)), separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(record), record)


def _parsed(content: bytes) -> Journal:
    found: dict[str, tuple[int, CheckInAnswer]] = {}
    damaged = []
    for number, line in enumerate(content.split(b"\n"), 1):
        answer = _read(line) if line else None
        if answer is not None:
            found.setdefault(answer.key, (number, answer))
        elif line:
            damaged.append(number)
    return Journal(tuple(found.values()), tuple(damaged))


def _read(line: bytes) -> CheckInAnswer | None:
    """The answer of a line; None where it is not what was written."""
    checksum, _, record = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(record):
        return None
    try:
        told = json.loads(record)
        key, client, at, barriers, progress, wants, words = (told[f] for f in _FIELDS)
        instant = datetime.fromisoformat(at)
        return CheckInAnswer(client, tuple(barriers), progress, wants, words, instant, key)
    except (ValueError, KeyError, TypeError, OptionError):
        return None
