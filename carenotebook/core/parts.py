"""A cohort's tables are kept in parts: each holds a range of clients, sorted by client and time."""

from collections.abc import Mapping, Sequence

import polars as pl

CLIENT = "_client"
"""Internal column: a client's number, in the order of client_id; increases along every table."""

Part = Mapping[str, pl.LazyFrame]
"""The tables of a range of clients, with the `CLIENT` column; `policies` stands whole in each."""


def one_part(parts: Sequence[Part]) -> Part:
    """All parts as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return {n: first[n] if n == "policies" else pl.concat(p[n] for p in parts) for n in first}
