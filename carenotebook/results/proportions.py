"""Proportions by group: counts, clients, and an interval that knows that clients repeat.

The interval is Wilson's at the effective sample size, rows / design effect, with the quantile of
Student's t where the design effect was estimated from clients who repeat; where every client has
one row it is Wilson's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy, Released, release
from carenotebook.results.statistics import ClusterSums, design_effect, quantile_95, wilson

CLIENT_COUNTS = ("clients", "clients_with", "clients_without")
"""Columns that count clients; a row is hidden where one of them is small."""

ROW_COUNTS = ("numerator", "denominator")
FIGURES = ("estimate", "std_error", "conf_low", "conf_high", "design_effect")
COLUMNS = (*ROW_COUNTS, *CLIENT_COUNTS, *FIGURES)
"""What `proportions` and `shares` return after the columns that name the group."""

WITHHELD = ("clients_with", "clients_without")
RELEASED_COLUMNS = tuple(c for c in COLUMNS if c not in WITHHELD)
"""What is released of `COLUMNS`."""

_SUMS = ("events_squared", "events_rows", "rows_squared")


def proportions(
    frame: pl.DataFrame | pl.LazyFrame,
    numerator: str,
    denominator: str | None = None,
    by: Sequence[str] = (),
    client: str = "client_id",
) -> pl.DataFrame:
    """Share of rows that are events, by group, with an interval by client.

    Parameters
    ----------
    frame : polars.DataFrame or LazyFrame
        One row a unit (an appointment, an episode), or units already summed.
    numerator : str
        Column of booleans or counts: the events of a row.
    denominator : str, optional
        Column of booleans or counts: how many units the row stands for; by default one.
    by : sequence of str
        Columns that name the group. A null is a group of its own.
    client : str
        Column that says which rows belong to one client.

    Returns
    -------
    polars.DataFrame
        One row a group, in order of `by`: the `by` columns, then `COLUMNS`. Without `by` one row,
        also for an empty frame; estimates are null where there is nothing to divide by.
        clients_with have at least one event, clients_without at least one row that is none.

    Raises
    ------
    OptionError
        If a column is not there.

    Examples
    --------
    >>> rows = pl.DataFrame({"client_id": ["a", "a", "b", "c"], "came": [True, True, False, True]})
    >>> proportions(rows, "came").select("numerator", "denominator", "clients").row(0)
    (3, 4, 3)
    """
    lazy = frame.lazy()
    _check_columns(lazy, [numerator, *([denominator] if denominator else []), *by, client])
    rows = pl.len() if denominator is None else pl.col(denominator).cast(pl.Int64).sum()
    clients = (
        lazy.group_by(*by, client)
        .agg(x=pl.col(numerator).cast(pl.Int64).sum(), n=rows.cast(pl.Int64))
        .filter(pl.col("n") > 0)
    )
    if not by:
        return _estimated(clients.select(_sums()).collect(), by)
    sums = clients.group_by(by).agg(_sums()).collect()
    return _estimated(sums, by).sort(by, nulls_last=True)


def shares(
    frame: pl.DataFrame | pl.LazyFrame,
    category: str,
    by: Sequence[str] = (),
    client: str = "client_id",
) -> pl.DataFrame:
    """How the rows of each group divide over exclusive categories; the shares sum to 1.

    Parameters
    ----------
    frame : polars.DataFrame or LazyFrame
        One row a unit.
    category : str
        Column that puts each unit in one category.
    by : sequence of str
        Columns that name the group.
    client : str
        Column that says which rows belong to one client.

    Returns
    -------
    polars.DataFrame
        One row a group and category that occurs in it: the `by` columns, the category, `COLUMNS`.

    Raises
    ------
    OptionError
        If a column is not there.

    Examples
    --------
    >>> rows = pl.DataFrame({"client_id": ["a", "b", "b"], "state": ["x", "y", "y"]})
    >>> shares(rows, "state").select("state", "numerator", "denominator").rows()
    [('x', 1, 3), ('y', 2, 3)]
    """
    lazy = frame.lazy()
    _check_columns(lazy, [category, *by, client])
    # Labels are compared as numbers; they are texts again in the end.
    texts = [c for c in (*by, category) if lazy.collect_schema()[c] == pl.String]
    lazy = lazy.with_columns(pl.col(texts).cast(pl.Categorical))
    cells = lazy.group_by(*by, category, client).agg(x=pl.len().cast(pl.Int64))
    clients = cells.group_by(*by, client).agg(n=pl.col("x").sum())
    joined = cells.join(clients, on=[*by, client], nulls_equal=True)
    # Clients alike are summed as so many.
    clients, joined = (f.with_columns(m=pl.lit(1, pl.Int64)) for f in (clients, joined))
    if isinstance(frame, pl.DataFrame) and frame[client].n_unique() == frame.height:
        # Every client has one row, so none has to be found.
        rows = lazy.group_by(*by, category).agg(m=pl.len().cast(pl.Int64))
        clients = joined = rows.with_columns(n=pl.lit(1, pl.Int64), x=pl.lit(1, pl.Int64))
    n, x, m = pl.col("n"), pl.col("x"), pl.col("m")
    whole = (clients.group_by(by) if by else clients.with_columns(_one=1).group_by("_one")).agg(
        denominator=(n * m).sum(), clients=m.sum(), rows_squared=(n * n * m).sum()
    )
    part = joined.group_by(*by, category).agg(
        numerator=(x * m).sum(),
        clients_with=m.sum(),
        only=m.filter(x == n).sum(),
        events_squared=(x * x * m).sum(),
        events_rows=(x * n * m).sum(),
    )
    table = part.join(whole, on=by, nulls_equal=True) if by else part.join(whole, how="cross")
    without = pl.col("clients") - pl.col("only")
    sums = table.with_columns(pl.col(texts).cast(pl.String), clients_without=without).collect()
    return _estimated(sums, [*by, category]).sort([*by, category], nulls_last=True)


def release_proportions(  # noqa: PLR0913 - what is known of the table
    tidy: pl.DataFrame,
    privacy: Privacy,
    by: Sequence[str] = (),
    disjoint: Sequence[str] = (),
    *,
    category: str | None = None,
    groups: Sequence[str] = (),
    guards: Sequence[str] = (),
    known: Sequence[Sequence[str]] = (),
) -> Released:
    """Proportions as they may be shown: everything follows from the rounded counts.

    Parameters
    ----------
    tidy : polars.DataFrame
        From `proportions` or `shares`, possibly several stacked; further columns are kept.
    privacy : Privacy
    by : sequence of str
        Columns that name the cells of one table; its margins (the table summed over any one of
        these) are taken to be known, so that more cells are hidden where a total would tell.
    disjoint : sequence of str
        Those of `by` over which each client has one value (an attribute of the client).
    category : str, optional
        That of `by` over which `shares` divides each group.
    guards : sequence of str
        Further columns that count clients, such as those by which a row differs from a wider one;
        a row is hidden where one is small. They are left out of what is released.
    groups : sequence of str
        Those of `by` that hold names of groups as found in the data; see `release`.
    known : sequence of sequences of str
        Further sets of rows with a known total, each by the columns that its rows share.

    Returns
    -------
    Released
        Hidden rows have null counts and figures. How many clients had an event, and how many had
        none, is left out: their differences would tell of the others.

    Examples
    --------
    >>> rows = pl.DataFrame({"client_id": [str(i) for i in range(40)], "came": [True, False] * 20})
    >>> shown = release_proportions(proportions(rows, "came"), Privacy())
    >>> shown.frame.select("numerator", "denominator", "estimate").row(0)
    (20, 40, 0.5)
    """
    margins = {d: [c for c in by if c != d] for d in by}
    return release(
        tidy.with_columns(pl.col("design_effect").round(1)),
        privacy,
        clients=[*CLIENT_COUNTS, *guards],
        counts=ROW_COUNTS,
        values=FIGURES,
        margins=[m for d, m in margins.items() if d in disjoint],
        overlapping=[*known, *(m for d, m in margins.items() if d not in (*disjoint, category))],
        divided=[m for d, m in margins.items() if d == category],
        groups=groups,
        derive=lambda frame: figures(frame).drop(*guards, *WITHHELD),
    )


def hidden_together(table: pl.DataFrame, category: str, kept: str, guard: str) -> pl.DataFrame:
    """Shares with a guard by which all categories but one hide together, or none of them.

    For a category whose number is shown elsewhere too: it must not be what hides another.

    Parameters
    ----------
    table : polars.DataFrame
        One group from `shares`.
    category : str
    kept : str
        The category that stays, unless it is small itself or all others together are.
    guard : str
        Name of the column to add, for `release_proportions`.

    Examples
    --------
    >>> rows = pl.DataFrame({"client_id": [str(i) for i in range(80)],
    ...                      "state": ["a"] * 30 + ["b"] * 45 + ["c"] * 5})
    >>> guarded = hidden_together(shares(rows, "state"), "state", "a", "least")
    >>> guarded.select("state", "least").rows()
    [('a', 0), ('b', 5), ('c', 5)]
    """
    others = pl.col(category) != kept
    least = pl.col("clients_with").filter(others).min()
    return table.with_columns(pl.when(others).then(least).otherwise(0).alias(guard))


def _check_columns(frame: pl.LazyFrame, wanted: Sequence[str]) -> None:
    known = frame.collect_schema().names()
    lacking = [c for c in wanted if c not in known]
    if lacking:
        raise OptionError(
            f"proportions: no column {', '.join(lacking)} in the frame; it has {', '.join(known)}."
        )


def _sums() -> list[pl.Expr]:
    x, n = pl.col("x"), pl.col("n")
    return [
        x.sum().alias("numerator"),
        n.sum().alias("denominator"),
        pl.len().cast(pl.Int64).alias("clients"),
        (x > 0).sum().cast(pl.Int64).alias("clients_with"),
        (x < n).sum().cast(pl.Int64).alias("clients_without"),
        (x * x).sum().alias("events_squared"),
        (x * n).sum().alias("events_rows"),
        (n * n).sum().alias("rows_squared"),
    ]


def _estimated(sums: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    columns = ("numerator", "denominator", "clients", *_SUMS)
    effect = design_effect(ClusterSums(*(sums[c].cast(pl.Float64).to_numpy() for c in columns)))
    figured = figures(sums.with_columns(design_effect=effect))
    return figured.select(*by, *COLUMNS)


def figures(frame: pl.DataFrame, clusters: str = "clients") -> pl.DataFrame:
    """Estimate, standard error and interval from the counts and the design effect.

    Parameters
    ----------
    frame : polars.DataFrame
        numerator, denominator, design_effect and the column `clusters`.
    clusters : str
        Column that counts those who repeat: the interval has one degree of freedom fewer.
    """
    events, rows, effect, many = (
        frame[c].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for c in ("numerator", "denominator", "design_effect", clusters)
    )
    varied = (rows > many) & (events > 0) & (events < rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = events / rows
        error = np.sqrt(estimate * (1 - estimate) / rows * effect)
    low, high = wilson(events / effect, rows / effect, quantile_95(varied, many - 1))
    found = {"estimate": estimate, "std_error": error, "conf_low": low, "conf_high": high}
    return frame.with_columns(pl.Series(n, v, nan_to_null=True) for n, v in found.items())
