"""Table 1 of a replay: who was put up for review, beside who was not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.criteria.replay import Replay
from carenotebook.describe.groups import MISSING, as_names, with_groups
from carenotebook.privacy import SMALL_GROUPS, Privacy, Released, release
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.result import Result
from carenotebook.results.words import number

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

GROUPS = ("not put up for review", "put up for review")
_FEW_LEVELS = 12
_CODED = 2
_NUMBERS = ("mean", "sd", "median", "q1", "q3")
_KNOWN = "known"
_KEY = ["variable", "level"]


@dataclass(frozen=True, repr=False, eq=False)
class TableOne(Result):
    """What `carenotebook.table_one` returns."""

    replay: Replay
    frame: pl.DataFrame

    @property
    def title(self) -> str:
        """Names the rule."""
        return f"Clients put up for review by {self.replay.rule.name!r}, and the others"

    def tidy(self) -> pl.DataFrame:
        """One row a level of a variable and a group, exact.

        Returns
        -------
        polars.DataFrame
            variable; level (a value, "known" for numbers, "missing"); group; clients; share (of the
            clients of the group whose value is known); mean, sd, median, q1, q3 (numbers only); smd
            (put up for review against not, once a variable).
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The table as it is read: a column a group, small cells hidden, and more where one tells.

        Shares follow from the rounded counts, and stand where they do not tell how few are missing.
        A mean stands where enough clients make it, and a
        difference where every cell of its variable stands.
        """
        gate = privacy or Privacy()
        nobody = self.replay.intervals.is_empty()
        telling = int(nobody or self.replay.states().hides_flagged(gate))
        shown = release(
            self.frame.with_columns(pl.lit(telling, pl.Int64).alias("telling")),
            gate,
            clients=("clients", "telling"),
            values=("share",),
            margins=[["variable", "level"], ["variable", "group"]],
        ).frame
        enough = (self.frame["clients"] >= gate.min_cell) & (not telling)
        stands = enough & self.frame["mean"].is_not_null()
        shares = shown.with_columns(
            (pl.col(SUPPRESSED) & ~stands).alias(SUPPRESSED), of=self._whole(shown, gate)
        )
        rows = [_said(r) for r in shares.iter_rows(named=True)]
        texts = shares.select(*_KEY, "group", "smd", SUPPRESSED).with_columns(
            text=pl.Series(rows, dtype=pl.String)
        )
        return Released(self._side_by_side(texts, gate), gate)

    def _whole(self, shown: pl.DataFrame, privacy: Privacy) -> pl.Series:
        """The rounded number of clients whose value is known, hidden levels among them.

        It is null where it would tell how many are missing. The number of all is known elsewhere.
        """
        missing = pl.col("level") == MISSING
        hidden = shown.select(secret=missing & pl.col(SUPPRESSED))["secret"]
        over = ("variable", "group")
        known = self.frame.with_columns(
            pl.col("clients").filter(~missing).sum().over(over), secret=hidden
        )
        secret = pl.col("secret").any().over(over)
        return known.select(pl.when(~secret).then(privacy.rounded("clients"))).to_series()

    def _side_by_side(self, texts: pl.DataFrame, privacy: Privacy) -> pl.DataFrame:
        hidden = pl.col(SUPPRESSED).any()
        wide = texts.group_by(_KEY, maintain_order=True).agg(
            *(pl.col("text").filter(pl.col("group") == g).first().alias(g) for g in GROUPS),
            pl.col("smd").first(),
            hidden,
        )
        few = self.frame.group_by(_KEY).agg(few=pl.col("clients").sum() < privacy.min_cell)
        first = pl.int_range(pl.len()).over("variable") == 0
        secret = (pl.col(SUPPRESSED) & (pl.col("level") != MISSING)).any().over("variable")
        told = pl.col("smd").map_elements(lambda v: f"{v:.2f}", return_dtype=pl.String)
        return (
            wide.join(few, on=_KEY, how="left", maintain_order="left")
            .with_columns(
                pl.when(first & secret)
                .then(pl.lit(HIDDEN))
                .when(first)
                .then(told.fill_null("not known"))
                .otherwise(pl.lit(""))
                .alias("standardised difference"),
                pl.when(pl.col("few") & ~pl.col("level").is_in([MISSING, _KNOWN]))
                .then(pl.lit(SMALL_GROUPS))
                .otherwise("level")
                .alias("level"),
            )
            .drop("few", "smd")
            .unique(maintain_order=True)
            .select(*_KEY, *GROUPS, "standardised difference", SUPPRESSED)
        )

    def summary(self, privacy: Privacy | None = None) -> str:
        """The largest differences, and what they do not mean."""
        gate = privacy or Privacy()
        shown = self.released(gate).frame.filter(
            ~pl.col("standardised difference").is_in(["", HIDDEN])
        )
        told = shown.with_columns(
            size=pl.col("standardised difference").cast(pl.Float64, strict=False).abs()
        ).sort("size", descending=True, nulls_last=True)
        lines = [
            f"- {r['variable']}: {r['standardised difference']}"
            for r in told.head(5).iter_rows(named=True)
        ]
        lead = "Standardised differences, clients put up for review against the others:"
        return "\n".join(
            [
                lead,
                *(lines or ["- hidden (too few clients)"]),
                (
                    "Counts are clients; a client with several episodes counts once. A difference "
                    "of 0.1 is small. Differences describe; they do not explain."
                ),
            ]
        )


def table_one(replay: Replay, columns: str | Sequence[str] | None = None) -> TableOne:
    """Compare the clients whom a rule puts up for review with the others, as papers do in Table 1.

    For seeing whom a rule meets. It describes; for whether a rule falls evenly, use
    `carenotebook.audit`.

    Parameters
    ----------
    replay : Replay
    columns : str or sequence of str, optional
        Columns of `clients`; by default all that hold numbers, or text of at most 12 values.
        Numbers of at most two values, such as 0 and 1, are counted as text is. The first score of
        every instrument is always there.

    Returns
    -------
    TableOne

    Raises
    ------
    OptionError
        If it is no replay, or a column names clients.
    MissingDataError
        If the cohort has no such column.

    Notes
    -----
    n (%), mean (SD) and median [quartiles], shares of those whose value is known, as the package
    tableone sets them (Pollard TJ et al. (2018) JAMIA Open 1:26-31). Standardised difference: of
    means over the root of the mean variance; of shares, Mahalanobis' distance (Yang D, Dalton JE
    (2012) SAS Global Forum 335).

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    >>> found = cn.replay(c.Rule("two misses", c.missed(within="90d") >= 2), cohort)
    >>> cn.table_one(found).tidy()["group"].unique(maintain_order=True).to_list()
    ['not put up for review', 'put up for review']
    """
    if not isinstance(replay, Replay):
        raise OptionError("table_one() needs a replay of a rule: cn.replay(rule, cohort).")
    people = _people(replay)
    table = replay.cohort.clients
    attributes = None if table is None else table.collect()
    chosen = default_columns(replay) if columns is None else as_names(columns)
    if chosen:
        replay.cohort.require("clients", *chosen, needed_by="table_one()")
    numeric = [c for c in chosen if attributes is not None and _is_number(attributes[c])]
    texts = tuple(c for c in chosen if c not in numeric)
    grouped = with_groups(people.lazy(), replay.cohort, texts, (), "table_one()").collect()
    parts = [_levels(grouped, c) for c in texts]
    for name in numeric:
        assert attributes is not None
        values = people.join(attributes.select("client_id", value=name), on="client_id", how="left")
        parts.append(_numbers(values, name))
    parts += [_numbers(people.join(s, on="client_id", how="left"), n) for n, s in _scores(replay)]
    return TableOne(replay, pl.concat([pl.DataFrame(schema=ROWS), *parts]))


ROWS = {
    "variable": pl.String,
    "level": pl.String,
    "group": pl.String,
    "clients": pl.Int64,
    "share": pl.Float64,
    **dict.fromkeys(_NUMBERS, pl.Float64),
    "smd": pl.Float64,
}


def _people(replay: Replay) -> pl.DataFrame:
    """Every client who is seen, and whether any episode was put up for review."""
    flagged = pl.col("flagged_at").is_not_null().any()
    group = pl.when(flagged).then(pl.lit(GROUPS[1])).otherwise(pl.lit(GROUPS[0]))
    return replay.episodes().group_by("client_id", maintain_order=True).agg(group=group)


def default_columns(replay: Replay) -> tuple[str, ...]:
    """The columns of `clients` that Table 1 tells of unless others are asked for."""
    table = replay.cohort.clients
    if table is None:
        return ()
    attributes = table.collect()
    return tuple(
        c
        for c in attributes.columns
        if c != "client_id"
        and (_is_number(attributes[c]) or attributes[c].n_unique() <= _FEW_LEVELS)
    )


def _is_number(values: pl.Series) -> bool:
    """Whether a mean describes them. Of two values (0 and 1) it would count those of one."""
    return values.dtype.is_numeric() and values.drop_nulls().n_unique() > _CODED


def _scores(replay: Replay) -> list[tuple[str, pl.DataFrame]]:
    """The first score of every client, by instrument."""
    measures = replay.cohort.measures
    if measures is None:
        return []
    first = (
        measures.sort("client_id", "at")
        .group_by("client_id", "instrument", maintain_order=True)
        .agg(value=pl.col("score").first())
        .collect()
    )
    names = sorted(first["instrument"].unique().to_list())
    mine = (first.filter(instrument=n).select("client_id", "value") for n in names)
    return [(f"{n}, first score", scores) for n, scores in zip(names, mine, strict=True)]


def _levels(people: pl.DataFrame, column: str) -> pl.DataFrame:
    """Counts of a variable of few values; what is missing is a level of its own."""
    counted = people.group_by("group", level=pl.col(column)).agg(clients=pl.len().cast(pl.Int64))
    levels = [v for v in counted["level"].unique().sort().to_list() if v != MISSING]
    frame = _filled(counted, [*levels, MISSING])
    known = pl.col("clients").filter(pl.col("level") != MISSING).sum().over("group")
    shares = frame.with_columns(
        share=pl.when(pl.col("level") != MISSING).then(pl.col("clients") / known)
    )
    told = [
        shares.filter(pl.col("group") == g, pl.col("level") != MISSING)["share"].to_numpy()
        for g in GROUPS
    ]
    return _row(shares, column, _distance(*told))


def _numbers(people: pl.DataFrame, variable: str) -> pl.DataFrame:
    value = pl.col("value").cast(pl.Float64)
    level = pl.when(value.is_null()).then(pl.lit(MISSING)).otherwise(pl.lit(_KNOWN))
    counted = people.group_by("group", level=level).agg(
        clients=pl.len().cast(pl.Int64),
        mean=value.mean(),
        sd=value.std(),
        median=value.median(),
        q1=value.quantile(0.25, "linear"),
        q3=value.quantile(0.75, "linear"),
    )
    frame = _filled(counted, [_KNOWN, MISSING])
    means, sds = (
        [frame.filter(group=g, level=_KNOWN)[c].item() for g in GROUPS] for c in ("mean", "sd")
    )
    return _row(frame, variable, _gap(means, sds))


def _filled(counted: pl.DataFrame, levels: Sequence[str]) -> pl.DataFrame:
    """A row for every level and group, in order."""
    every = pl.DataFrame({"level": levels}, schema={"level": pl.String}).join(
        pl.DataFrame({"group": GROUPS}), how="cross"
    )
    return every.join(
        counted, on=["level", "group"], how="left", maintain_order="left"
    ).with_columns(pl.col("clients").fill_null(0))


def _row(frame: pl.DataFrame, variable: str, smd: float | None) -> pl.DataFrame:
    told = {"variable": pl.lit(variable), "smd": pl.lit(smd, pl.Float64)}
    absent = {c: pl.lit(None, t) for c, t in ROWS.items() if c not in (*frame.columns, *told)}
    return frame.with_columns(**told, **absent).select(list(ROWS))


def _gap(means: Sequence[float | None], sds: Sequence[float | None]) -> float | None:
    """Difference of two means in standard deviations."""
    (a, b), (s, t) = (np.array(v, float) for v in (means, sds))
    spread = math.sqrt((s**2 + t**2) / 2)
    return float((b - a) / spread) if spread > 0 else None


def _distance(a: Floats, b: Floats) -> float | None:
    """Mahalanobis' distance of two sets of shares."""
    if len(a) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    a, b = a[1:], b[1:]
    spread = (np.diag(a) - np.outer(a, a) + np.diag(b) - np.outer(b, b)) / 2
    gap = b - a
    return math.sqrt(max(float(gap @ np.linalg.pinv(spread) @ gap), 0.0))


def _said(row: dict[str, object]) -> str:
    """A cell of the table."""
    if row[SUPPRESSED]:
        return HIDDEN
    if row["mean"] is not None:
        mean, sd, median, q1, q3 = (_figure(row[c]) for c in _NUMBERS)
        return f"{mean} ({sd}); {median} [{q1}, {q3}]"
    clients = float(str(row["clients"]))
    of = float(str(row["of"] or 0))
    if row["level"] in (MISSING, _KNOWN) or not of:
        return number(clients)
    return f"{number(clients)} ({100 * clients / of:.1f} %)"


def _figure(value: object) -> str:
    return "not known" if value is None else f"{float(str(value)):.1f}"
