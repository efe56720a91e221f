"""An audit as it may be shown: no small cell, none that another view or a total would tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from carenotebook.appraise.clustered import CLUSTERS
from carenotebook.appraise.contrasts import GAPS, contrasted
from carenotebook.appraise.estimates import FIGURES, PER, split_name
from carenotebook.appraise.measures import A_WEEK, MEASURES, PER_THOUSAND
from carenotebook.criteria.flags import TELLING
from carenotebook.privacy import Privacy, Released, release
from carenotebook.privacy.suppress import SUPPRESSED, hide
from carenotebook.results.proportions import figures
from carenotebook.results.statistics import Z95

_CLIENTS = ("clients", "clients_with", "clients_without", TELLING)
_LEFT_OUT = "left_out_clients"
_COUNTS = ("numerator", "denominator", "left_out")
_FINEST = {"days": 1.0, "hours": 0.1, A_WEEK: 0.1, PER_THOUSAND: 1.0}
_KEPT_BACK = (
    "section",
    "kind",
    "clients_with",
    "clients_without",
    _LEFT_OUT,
    "std_error",
    "design_effect",
    CLUSTERS,
    PER,
    TELLING,
)
_ORDER = {m.term: i for i, m in enumerate(MEASURES)}

Shown = Mapping[tuple[str, ...], pl.DataFrame]


def released(frame: pl.DataFrame, shown: Shown, disjoint: Sequence[str], gate: Privacy) -> Released:
    """Pass an audit through the gate.

    A row is hidden wherever it is hidden in a wider group: no hidden total follows from its parts.
    All of a group is hidden where another view hides its number of flags, and a row where few were
    left out, who would follow from the number of flags that other views show. How many were left
    out of all groups together does not tell of one, unless counts are exact.

    Parameters
    ----------
    frame : polars.DataFrame
        The audit's rows before they are contrasted.
    shown : mapping
        For each split (a tuple of columns), wider ones first: the groups (those columns) whose
        number of flags other views show. The split by nothing has one row without columns, or none.
    disjoint : sequence of str
        Columns over which each client has one value.
    gate : Privacy
    """
    every = {column for split in shown for column in split}
    counted = _CLIENTS if gate.round_to > 1 else (*_CLIENTS, _LEFT_OUT)
    hidden: dict[tuple[str, ...], pl.DataFrame] = {}
    parts = []
    for split, groups in shown.items():
        mine = frame.filter(pl.col("split") == split_name(split)).drop(every - set(split))
        few = pl.max_horizontal(
            TELLING, gate.is_small(_LEFT_OUT).fill_null(value=False).cast(pl.Int64)
        )
        told = _told_elsewhere(mine, split, groups, hidden).with_columns(few.alias(TELLING))
        margins = {d: ["term", *(c for c in split if c != d)] for d in split}
        sets = {
            "margins": [m for d, m in margins.items() if d in disjoint],
            "overlapping": [m for d, m in margins.items() if d not in disjoint],
        }
        marked = hide(told, gate, counted, **sets)
        hidden[split] = marked.filter(SUPPRESSED).select("term", *split)
        passed = release(
            marked.with_columns(pl.col(SUPPRESSED).cast(pl.Int64).alias(TELLING)),
            gate,
            clients=counted,
            counts=_COUNTS,
            values=(*FIGURES, "design_effect", CLUSTERS, "interval_by"),
            groups=[*split, "group"] if split else (),
            derive=lambda rows: _refigured(rows, gate),
            **sets,
        )
        parts.append(passed.frame.drop(split))
    place = pl.col("term").replace_strict(_ORDER, return_dtype=pl.Int64)
    ordered = pl.concat(parts).sort(place, maintain_order=True)
    alone = ("split", "group", "reference", *GAPS) if len(shown) == 1 else ()
    return Released(contrasted(ordered).drop(*_KEPT_BACK, *alone), gate)


def _told_elsewhere(
    rows: pl.DataFrame,
    split: tuple[str, ...],
    groups: pl.DataFrame,
    hidden: Mapping[tuple[str, ...], pl.DataFrame],
) -> pl.DataFrame:
    """With `TELLING`, which hides what is hidden in a wider group or in another view."""
    if not split:
        return rows.with_columns(pl.lit(int(groups.is_empty()), pl.Int64).alias(TELLING))
    known = groups.select(split).unique().with_columns(pl.lit(0, pl.Int64).alias(TELLING))
    told = rows.join(known, on=split, how="left").with_columns(pl.col(TELLING).fill_null(1))
    for wider, gone in hidden.items():
        if set(wider) < set(split):
            on = ["term", *wider]
            there = gone.unique().with_columns(_gone=pl.lit(1, pl.Int64))
            joined = told.join(there, on=on, how="left")
            told = joined.with_columns(
                pl.max_horizontal(TELLING, pl.col("_gone").fill_null(0)).alias(TELLING)
            ).drop("_gone")
    return told


def _refigured(rows: pl.DataFrame, gate: Privacy) -> pl.DataFrame:
    """Shares from the rounded counts; other figures no finer than those counts."""
    by_client = pl.col("interval_by") == "client"
    known = rows.with_columns(
        pl.when(by_client).then("clients").otherwise(CLUSTERS).alias(CLUSTERS)
    )
    shares = figures(known, CLUSTERS).select(pl.col(FIGURES) * pl.col(PER))
    finest = pl.col("unit").replace_strict(_FINEST, default=0.001, return_dtype=pl.Float64)
    finest = pl.max_horizontal(finest, _of_a_count(gate))
    low, high = pl.col("conf_low"), pl.col("conf_high")
    coarse = rows.select(
        (pl.col("estimate") / finest).round() * finest,
        (low / finest).floor() * finest,
        (high / finest).ceil() * finest,
    ).with_columns(std_error=(high - low) / (2 * Z95))
    share = rows["kind"] == "share"
    return rows.with_columns(shares[c].zip_with(share, coarse[c]).alias(c) for c in FIGURES)


def _of_a_count(gate: Privacy) -> pl.Expr:
    """What the smallest difference that is shown of a count makes of the figure."""
    rate = (pl.col("kind") == "incidence") | pl.col("unit").is_in([A_WEEK, PER_THOUSAND])
    return pl.when(rate).then(pl.col(PER) * gate.round_to / pl.col("denominator"))
