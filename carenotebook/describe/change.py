"""What became of symptoms: tables of reliable change, caseness and recovery from paired scores."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from carenotebook.core.instruments import INSTRUMENTS, Instrument
from carenotebook.results.proportions import hidden_together, proportions, shares
from carenotebook.results.statistics import quantile_95

APART = "clients_between"
BOTH = "PHQ-9 + GAD-7"
PAIRED, FINISHED, CASES = "paired_episodes", "finished_with_paired_scores", "finished_and_a_case"
SCALES = ("PHQ-9", "GAD-7")


def instrument_table(name: str, scored: pl.DataFrame) -> pl.DataFrame:
    """Scores, change and caseness of one instrument.

    Parameters
    ----------
    name : str
    scored : polars.DataFrame
        One row an episode seen: client_id, scores, first, last.
    """
    how_many = pl.when(pl.col("scores") > 1).then(pl.lit("paired_scores"))
    how_many = how_many.when(pl.col("scores") == 1).then(pl.lit("one_score"))  # type: ignore[assignment]
    state = how_many.otherwise(pl.lit("no_score"))
    scores = _stated(scored.with_columns(term=state), "scores", "episodes_seen")
    tables = [hidden_together(scores, "term", "paired_scores", APART)]
    paired = scored.filter(pl.col("scores") > 1)
    unpaired = _clients(scored, pl.col("scores") < 2)
    known = INSTRUMENTS.get(name)
    if known is not None and known.reliable_change is not None:
        moved = paired.with_columns(term=_direction(known, "first", "last"))
        tables.append(_apart(_stated(moved, "change", PAIRED), unpaired))
    if known is not None and known.case_at is not None:
        case = pl.col("first") >= known.case_at
        tables.append(_apart(_said(paired, case, "case_at_start", PAIRED), unpaired))
        cases, not_cases = paired.filter(case), _clients(paired, ~case)
        better = pl.col("last") < known.case_at
        left = _said(cases, better, "no_longer_a_case", "paired_and_a_case")
        tables.append(_apart(left, unpaired, not_cases))
    tables.append(_apart(_mean_change(paired), unpaired))
    return pl.concat(tables, how="diagonal").with_columns(instrument=pl.lit(name))


def recovery_table(both: pl.DataFrame, apart: int) -> pl.DataFrame:
    """Recovery and reliable change on both scales, as NHS Talking Therapies defines them.

    Parameters
    ----------
    both : polars.DataFrame
        One row a finished episode with paired scores on both scales: client_id, and first and last
        of each, such as ``first_PHQ-9``.
    apart : int
        Clients with paired scores on a scale who are not in `both`.
    """
    marked = both.with_columns(
        case=pl.any_horizontal(pl.col(f"first_{s}") >= _case_at(s) for s in SCALES),
        recovered=pl.all_horizontal(pl.col(f"last_{s}") < _case_at(s) for s in SCALES),
        term=_both_directions(),
    )
    cases = marked.filter("case")
    reliably = pl.col("recovered") & (pl.col("term") == "reliable_improvement")
    not_cases = _clients(marked, ~pl.col("case"))
    narrower = [
        _clients(cases, pl.col("recovered") & ~reliably),
        _clients(marked, (pl.col("term") == "reliable_improvement") & ~(reliably & pl.col("case"))),
    ]
    tables = {
        0: _stated(marked, "change", FINISHED),
        1: _said(marked, pl.col("case"), "case_at_start", FINISHED),
        2: _said(cases, pl.col("recovered"), "recovery", CASES),
        3: _said(cases, reliably, "reliable_recovery", CASES),
    }
    guards = {0: [], 1: [], 2: [not_cases], 3: [not_cases, *narrower]}
    guarded = [_apart(table, apart, *guards[i]) for i, table in tables.items()]
    return pl.concat(guarded, how="diagonal").with_columns(instrument=pl.lit(BOTH))


def _direction(instrument: Instrument, first: str, last: str) -> pl.Expr:
    better, worse = _reliable(instrument, first, last)
    return _named(better, worse)


def _reliable(instrument: Instrument, first: str, last: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether a change is a reliable improvement, and a reliable deterioration."""
    rise = pl.col(last) - pl.col(first)
    gain = rise if instrument.higher_is_better else -rise
    size = instrument.reliable_change
    return gain >= size, gain <= -(size or 0)


def _both_directions() -> pl.Expr:
    moves = [_reliable(INSTRUMENTS[s], f"first_{s}", f"last_{s}") for s in SCALES]
    better = pl.any_horizontal(m[0] for m in moves)
    worse = pl.any_horizontal(m[1] for m in moves)
    return _named(better & ~worse, worse & ~better)


def _named(better: pl.Expr, worse: pl.Expr) -> pl.Expr:
    return (
        pl.when(better)
        .then(pl.lit("reliable_improvement"))
        .when(worse)
        .then(pl.lit("reliable_deterioration"))
        .otherwise(pl.lit("no_reliable_change"))
    )


def _stated(rows: pl.DataFrame, family: str, denominator: str) -> pl.DataFrame:
    table = shares(rows, "term")
    return table.with_columns(
        unit=pl.lit("share"), family=pl.lit(family), denominator_name=pl.lit(denominator)
    )


def _said(rows: pl.DataFrame, event: pl.Expr, term: str, denominator: str) -> pl.DataFrame:
    return proportions(rows.with_columns(_event=event), "_event").with_columns(
        term=pl.lit(term),
        unit=pl.lit("share"),
        family=pl.lit(term),
        denominator_name=pl.lit(denominator),
    )


def _mean_change(paired: pl.DataFrame) -> pl.DataFrame:
    """Mean of last minus first, with a standard error by client."""
    change = paired.with_columns(change=pl.col("last") - pl.col("first"))
    mean = change["change"].mean()
    clients = change["client_id"].n_unique()
    error = None
    if isinstance(mean, float) and clients > 1:
        by_client = change.group_by("client_id").agg((pl.col("change") - mean).sum())["change"]
        squares = float((by_client * by_client).sum())
        error = math.sqrt(squares * clients / (clients - 1)) / change.height
    reach = float(quantile_95(np.array([clients > 1]), np.array([clients - 1.0]))[0])
    return pl.DataFrame(
        {
            "term": "mean_change",
            "unit": "points",
            "family": "mean_change",
            "denominator_name": PAIRED,
            "denominator": change.height,
            "clients": clients,
            "estimate": mean,
            "std_error": error,
            "conf_low": None if error is None else mean - reach * error,  # type: ignore[operator]
            "conf_high": None if error is None else mean + reach * error,  # type: ignore[operator]
        },
        schema_overrides={
            "denominator": pl.Int64,
            "clients": pl.Int64,
            **dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), pl.Float64),
        },
    )


def _case_at(scale: str) -> float:
    return INSTRUMENTS[scale].case_at or 0.0


def _clients(rows: pl.DataFrame, which: pl.Expr) -> int:
    return rows.filter(which)["client_id"].n_unique()


def _apart(table: pl.DataFrame, *counts: int) -> pl.DataFrame:
    """With the smallest number of clients, above 0, by which it differs from another table."""
    smallest = min((c for c in counts if c > 0), default=0)
    return table.with_columns(pl.lit(smallest, pl.Int64).alias(APART))
