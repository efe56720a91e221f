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
            self.streams["values"].update("".join(filled.to_list()).encode())
            return
        numbers = values.to_physical().fill_null(0).to_numpy()
        kind = "<f8" if values.dtype.is_float() else "<i8"
        self.streams["values"].update(numbers.astype(kind).tobytes())

    def digest(self) -> str:
        return "".join(s.hexdigest() for s in self.streams.values())


def cohort_hash(cohort: Cohort) -> str:
    """See `Cohort.content_hash`."""
    whole = hashlib.sha256()
    for bound in (cohort.as_of, cohort.observed_from, cohort.episode_end):
        whole.update(f"{bound}\n".encode())
    for name in cohort.tables:
        for column, digest in _table_digests(cohort, name).items():
            whole.update(f"{name}.{column}:{digest}\n".encode())
    return whole.hexdigest()


def _table_digests(cohort: Cohort, name: str) -> dict[str, str]:
    columns: dict[str, _Column] = {}
    parts = cohort.parts[:1] if name == "policies" else cohort.parts
    for part in parts:
        frame = part[name].drop(CLIENT, strict=False).collect()
        for values in frame.iter_columns():
            columns.setdefault(values.name, _Column()).feed(values)
    return {name: column.digest() for name, column in columns.items()}
