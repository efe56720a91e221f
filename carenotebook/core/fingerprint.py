"""SHA-256 of a cohort's content, the same on every machine and for every way of storing it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.parts import CLIENT

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort


class _Column:
    """Hashes of a column's validity, values and (for text) lengths, fed piece by piece."""

    def __init__(self) -> None:
        self.streams = {name: hashlib.sha256() for name in ("valid", "values", "lengths")}

    def feed(self, values: pl.Series) -> None:
        self.streams["valid"].update(values.is_not_null().to_numpy().astype(np.uint8).tobytes())
        if isinstance(values.dtype, pl.Enum | pl.Categorical):
            values = values.cast(pl.String)
        if values.dtype == pl.String:
            filled = values.fill_null("")
            self.streams["lengths"].update(
                filled.str.len_bytes().to_numpy().astype("<u4").tobytes()
            )
            self.streams["values"].update(filled.str.join("").fill_null("")[0].encode())
            return
        numbers = values.to_physical().fill_null(0).to_numpy()
        kind = "<f8" if values.dtype.is_float() else "<i8"
        self.streams["values"].update(numbers.astype(kind).tobytes())

    def digest(self) -> str:
        return "".join(s.hexdigest() for s in self.streams.values())


class Fingerprint:
    """The hash of a cohort whose parts are shown to it one by one, in their order."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, _Column]] = {}

    def feed(self, table: str, frame: pl.DataFrame) -> None:
        """Take in a part's table; `policies`, which stands whole in every part, once."""
        if table == "policies" and table in self._columns:
            return
        columns = self._columns.setdefault(table, {})
        for values in frame.drop(CLIENT, strict=False).iter_columns():
            columns.setdefault(values.name, _Column()).feed(values)

    def hexdigest(self, cohort: Cohort) -> str:
        """The hash, with the times that bound the cohort."""
        whole = hashlib.sha256()
        for bound in (cohort.as_of, cohort.observed_from, cohort.episode_end):
            whole.update(f"{bound}\n".encode())
        for table in cohort.tables:
            for name, column in self._columns[table].items():
                whole.update(f"{table}.{name}:{column.digest()}\n".encode())
        return whole.hexdigest()


def cohort_hash(cohort: Cohort) -> str:
    """See `Cohort.content_hash`."""
    found = Fingerprint()
    for table in cohort.tables:
        for part in cohort.parts[:1] if table == "policies" else cohort.parts:
            found.feed(table, part[table].drop(CLIENT, strict=False).collect())
    return found.hexdigest(cohort)
