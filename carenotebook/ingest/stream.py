"""Large CSV files as a saved cohort, in bounded memory.

First pass: each file is read block by block, each row judged by itself and set down by ranges of
clients. Second pass, range by range: the rows of a client are compared with each other, sorted, and
written as a part of the cohort. One number a row is kept in memory, for the ids of appointments,
which no two clients may share. `clients` and `policies` are read into memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from carenotebook.core import schema
from carenotebook.core.bounds import check_episode_end, latest_happening
from carenotebook.core.cohort import REJECTED_SCHEMA, Cohort
from carenotebook.core.fingerprint import Fingerprint
from carenotebook.core.loading import open_saved
from carenotebook.core.manifest import read_manifest
from carenotebook.core.parallel import in_threads
from carenotebook.core.parts import CLIENT, prepared_part
from carenotebook.core.store import Saving, saved_facts, saving
from carenotebook.ingest.assemble import attributes, seen_until, usable_columns
from carenotebook.ingest.csvfile import BLOCK, open_csv, read_csv_file
from carenotebook.ingest.fields import Reading
from carenotebook.ingest.fileaccess import naming
from carenotebook.ingest.firstpass import OPEN, Table, find_bounds, judged_of
from carenotebook.ingest.mapping import Mapping as Rules
from carenotebook.ingest.mapping import MappingLike, read_mapping
from carenotebook.ingest.progress import Progress
from carenotebook.ingest.quarantine import ROW, accept, judge_together
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.statuses import rederive

IN_MEMORY = ("clients", "policies")
_NO_LATE = {ROW: pl.Int64(), "column": pl.Categorical(), "reason": pl.Categorical()}
_WORKERS = 2


@dataclass(frozen=True)
class Sizes:
    """Bytes of a block of the files, and rows of a part of the cohort."""

    block: int = BLOCK
    part: int = 1_000_000


@dataclass(frozen=True)
class _Whole:
    """A table that is read into memory."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    height: int


@dataclass(frozen=True)
class _Part:
    """What the second pass makes of a range of clients."""

    tables: dict[str, pl.DataFrame]
    late: dict[str, pl.DataFrame]


def stream_csv(  # noqa: PLR0913 - what the reader was told
    paths: Mapping[str, Path],
    mapping: MappingLike | Rules | None,
    settings: Settings,
    home: Path,
    *,
    progress: Progress = Progress(),  # noqa: B008 - frozen
    sizes: Sizes = Sizes(),
) -> Cohort:
    """The cohort of CSV files, saved in a folder as it is read.

    It equals what `assemble` makes of the same files in memory, row for row and reject for reject.

    Raises
    ------
    DataError, MappingError, OptionError
        For what is wrong with a file, the mapping, a setting or the folder; nothing is left then.
    """
    rules = read_mapping(mapping)
    settings.instant("observed_from")
    if settings.episode_end is not None:
        check_episode_end(settings.episode_end, paths)
    reading = Reading(settings.timezone, rules.blanks)
    order = [t for t in schema.TABLES if t in paths]
    tables = {t: _opened(t, paths[t], rules, reading) for t in order if t not in IN_MEMORY}
    whole = {t: _whole(t, paths[t], rules, reading) for t in order if t in IN_MEMORY}
    with saving(home) as save:
        _Stream(tables, whole, settings, save, progress).run(sizes)
    return open_saved(home.resolve(), read_manifest(home))


def _opened(name: str, path: Path, rules: Rules, reading: Reading) -> Table:
    with naming(name, path):
        file = open_csv(path)
    return Table(name, file, rules.fields(name, usable_columns(name, file.columns)), reading)


def _whole(name: str, path: Path, rules: Rules, reading: Reading) -> _Whole:
    with naming(name, path):
        raw = read_csv_file(path)
    fields = rules.fields(name, usable_columns(name, raw.frame.columns))
    accepted, rejected = accept(name, raw, fields, reading)
    if name in schema.OPEN_TABLES:
        accepted = attributes(accepted, typed=False)
    return _Whole(accepted, rejected, raw.frame.height)


@dataclass
class _Stream:
    """One run over the files, into one save."""

    tables: dict[str, Table]
    whole: dict[str, _Whole]
    settings: Settings
    save: Saving
    progress: Progress

    def run(self, sizes: Sizes) -> None:
        """Both passes, then the rejected rows and the manifest."""
        scratch = self.save.folder / "scratch"
        bounds = find_bounds(list(self.tables.values()), sizes.part)
        for table in self.tables.values():
            table.read(scratch, bounds, self.progress, sizes.block)
        content = Fingerprint()
        latest, late = self._write_parts(bounds, content)
        rejected = self._write_rejected(late)
        shutil.rmtree(scratch, ignore_errors=True)
        cohort = self._cohort(latest)
        facts = saved_facts(cohort, self.save.counts, content.hexdigest(cohort), rejected)
        self.save.place(facts)

    @property
    def _names(self) -> list[str]:
        return [n for n in schema.TABLES if n in self.tables or n in self.whole]

    def _write_parts(
        self, bounds: pl.Series, content: Fingerprint
    ) -> tuple[datetime | None, dict[str, pl.DataFrame]]:
        """Write every part; returns the latest happening, and the rejects found on the way."""
        repeated = self.tables["appointments"].repeated_ids()
        tasks = [partial(self._part, bounds, repeated, n) for n in range(bounds.len() + 1)]
        happened: list[datetime] = []
        late: dict[str, list[pl.DataFrame]] = {n: [] for n in self.tables}
        clients = 0
        with self.progress.bar("sorting", sum(t.height for t in self.tables.values())) as bar:
            for part in in_threads(tasks, _WORKERS):
                tables, clients = _numbered(part.tables, clients)
                latest = latest_happening(tables)
                happened += [] if latest is None else [latest]
                for name, frame in tables.items():
                    content.feed(name, frame)
                for name, frame in part.late.items():
                    late[name].append(frame)
                self.save.write_part(tables)
                bar.update(sum(f.height for n, f in tables.items() if n in self.tables))
        return max(happened, default=None), {
            n: pl.concat([pl.DataFrame(schema=_NO_LATE), *found]).sort(ROW)
            for n, found in late.items()
        }

    def _part(self, bounds: pl.Series, repeated: pl.Series, number: int) -> _Part:
        tables, late = {}, {}
        for name in self._names:
            if name in self.tables:
                rows = self.tables[name].part(number)
                tables[name], late[name] = _judged_together(name, rows, repeated)
            else:
                tables[name] = _range(self.whole[name].accepted, bounds, number)
        tables["appointments"] = rederive(tables["appointments"], self.settings.notice)
        return _Part(prepared_part(tables), late)

    def _write_rejected(self, late: dict[str, pl.DataFrame]) -> int:
        count = number = 0
        for name in self._names:
            streams = name in self.tables
            found = (
                self.tables[name].rejected(late[name]) if streams else [self.whole[name].rejected]
            )
            for frame in found:
                if frame.height:
                    self.save.write(f"rejected/part-{number:05}.parquet", frame)
                    count, number = count + frame.height, number + 1
        return count

    def _cohort(self, latest: datetime | None) -> Cohort:
        """The cohort without its rows."""
        files = sorted((self.save.folder / "rejected").glob("*.parquet"))
        told = pl.scan_parquet(files) if files else pl.LazyFrame(schema=REJECTED_SCHEMA)
        settings = self.settings
        return Cohort(
            parts=(dict.fromkeys(self._names, pl.LazyFrame()),),
            as_of=seen_until(settings, latest, told),
            observed_from=settings.instant("observed_from"),
            timezone=settings.timezone,
            notice=settings.notice,
            episode_end=settings.episode_end,
            rows_in={n: (self.tables.get(n) or self.whole[n]).height for n in self._names},
        )


def _judged_together(
    name: str, rows: pl.DataFrame, repeated: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The accepted rows of a part, and the rejects that comparing them found."""
    known = rows[ROW].is_in(repeated.implode()) if name == "appointments" else None
    judged = judged_of(rows)
    reasons = judge_together(name, judged, known)
    accepted = judged.rows.filter(reasons["reason"].is_null())
    found = reasons.with_columns(rows[ROW]).filter(rows[OPEN], pl.col("reason").is_not_null())
    return accepted, found.select(pl.col(n).cast(t) for n, t in _NO_LATE.items())


def _range(frame: pl.DataFrame, bounds: pl.Series, number: int) -> pl.DataFrame:
    """The rows of the part's clients; `policies`, which have none, stand whole in each."""
    if "client_id" not in frame.columns:
        return frame
    return frame.filter(bounds.search_sorted(frame["client_id"], side="right") == number)


def _numbered(tables: dict[str, pl.DataFrame], clients: int) -> tuple[dict[str, pl.DataFrame], int]:
    """The tables with their clients numbered after those before, and how many there are now."""
    shift = (pl.col(CLIENT) + clients).cast(pl.UInt32)
    moved = {n: f.with_columns(shift) if CLIENT in f.columns else f for n, f in tables.items()}
    numbers = [f[CLIENT] for f in moved.values() if CLIENT in f.columns and f.height]
    return moved, max((int(n[-1]) + 1 for n in numbers), default=clients)
