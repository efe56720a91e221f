"""A cohort's tables are kept in parts: each holds a range of clients, sorted by client and time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from carenotebook.core import schema

CLIENT = "_client"
"""Internal column: a client's number, in the order of client_id; increases along every table."""

Part = Mapping[str, pl.LazyFrame]
"""The tables of a range of clients, with the `CLIENT` column; `policies` stands whole in each."""

_PLACE = "_place"
_FIRST_SECOND = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
_SECONDS = 1 << 34
"""More than there are in the 300 years that a cohort's times span."""


def one_part(parts: Sequence[Part]) -> Part:
    """All parts as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return {n: first[n] if n == "policies" else pl.concat(p[n] for p in parts) for n in first}


def prepared_part(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Accepted tables as a part: sorted, and clients numbered in their order."""
    numbers = _client_numbers(tables)
    return {n: _prepared(n, f, numbers) for n, f in tables.items()}


def _client_numbers(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    ids = [f["client_id"].unique() for f in tables.values() if "client_id" in f.columns]
    every = pl.concat(ids).unique().sort() if ids else pl.Series("client_id", [], pl.String)
    return every.to_frame().with_row_index(CLIENT)


def _prepared(name: str, frame: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    columns = [c for c in schema.dtypes(name) if c in frame.columns]
    columns += [c for c in frame.columns if c not in columns]
    # Not a number is not known: in an attribute it must count like null.
    ordered = frame.select(columns).with_columns(pl.selectors.float().fill_nan(None))
    order = [c for c in ("client_id", schema.TIME_COLUMN.get(name)) if c and c in columns]
    order += [c for c in columns if c not in order]
    if "client_id" not in columns:
        return ordered.sort(order)
    numbered = ordered.join(numbers, on="client_id", how="left", maintain_order="left")
    return _sorted(numbered, schema.TIME_COLUMN.get(name), order)


def _sorted(frame: pl.DataFrame, time: str | None, order: list[str]) -> pl.DataFrame:
    """Sorted by `order`: by one number for client and second first, which settles nearly all."""
    key = pl.col(CLIENT).cast(pl.Int64) * _SECONDS
    if time is not None:
        second = pl.col(time).to_physical() // 1_000_000 - _FIRST_SECOND
        key += second.clip(0, _SECONDS - 1)
    keys = frame.select(key).to_series()
    places = keys.arg_sort()
    sorted_keys = keys[places]
    same = (sorted_keys == sorted_keys.shift(1)).fill_null(value=False)
    if not same.any():
        return frame[places]
    tied = (same | same.shift(-1, fill_value=False)).arg_true()
    some = frame[places[tied]].with_columns(places[tied].alias(_PLACE)).sort(order)
    return frame[places.scatter(tied, some[_PLACE])]
