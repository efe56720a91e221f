"""Rules side by side on one cohort: who is gained, lost, flagged earlier or later, and by what."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.appraise.compare_clauses import not_true
from carenotebook.appraise.compare_result import CHANGES, Comparison
from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import DAY
from carenotebook.core.errors import (
    CareNotebookWarning,
    MissingDataError,
    OptionError,
    RuleError,
)
from carenotebook.core.options import UNKNOWNS, Unknown, check_option
from carenotebook.criteria.replay import HIDDEN_SILENCE, Replay, find_spans
from carenotebook.criteria.rule import Rule
from carenotebook.criteria.sweep_pass import CellFlags
from carenotebook.criteria.sweep_run import figures, followed, seen_episodes

if TYPE_CHECKING:
    from carenotebook.criteria.spans import Keys

_KEY = ["client_id", "episode"]


def compare_rules(
    rules: Iterable[Rule] | Mapping[str, Rule], cohort: Cohort, *, unknown: Unknown = "ignore"
) -> Comparison:
    """Replay several rules on one cohort and tell how each differs from the first.

    For a change of one rule, clause by clause, and for published rules side by side:
    ``cn.compare_rules(c.library(), cohort)``. It counts who would be put up for review; not who
    should be.

    Parameters
    ----------
    rules : iterable of Rule, or mapping of str to Rule
        Two or more. The names of a mapping are those that are shown. The first that can be replayed
        is what the others are compared with.
    cohort : Cohort
    unknown : {"ignore", "missed", "attended"}
        How to take past appointments of unknown outcome.

    Returns
    -------
    Comparison
        A rule that needs data which the cohort lacks is listed in `Comparison.missing`, with what
        it needs.

    Raises
    ------
    RuleError
        If one is no rule, or has open parameters.
    OptionError
        If there are fewer than two, or two of one name.
    MissingDataError
        If the cohort has the data for none of them.

    Warns
    -----
    CareNotebookWarning
        If most episodes end within a day of the last attended session.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> two = c.Rule("two misses", c.missed(within="90d") >= 2)
    >>> three = c.Rule("three misses", c.missed(within="90d") >= 3)
    >>> found = cn.compare_rules([two, three], cohort).tidy()
    >>> found.filter(rule="three misses", change="gained")["episodes"].to_list()
    [0]
    """
    named = _named(rules)
    check_cohort(cohort, "compare_rules()")
    check_option("unknown", unknown, UNKNOWNS)
    replays: dict[str, Replay] = {}
    missing: dict[str, str] = {}
    for name, rule in named.items():
        try:
            replays[name] = Replay(rule, cohort, unknown, *find_spans(rule, cohort, unknown))
        except MissingDataError as error:
            missing[name] = str(error)
    if not replays:
        raise MissingDataError(f"No rule can be replayed. {next(iter(missing.values()))}")
    if cohort.hides_silence:
        warnings.warn(HIDDEN_SILENCE, CareNotebookWarning, stacklevel=2)
    seen = seen_episodes(cohort)
    first = {name: _first(found, seen) for name, found in replays.items()}
    rows = _rows(replays, first, seen)
    sides, members = _sides(first, seen, cohort)
    return Comparison(replays, missing, seen, rows, sides, members)


def _named(rules: Iterable[Rule] | Mapping[str, Rule]) -> dict[str, Rule]:
    if not isinstance(rules, Iterable):
        raise OptionError(
            "compare_rules() needs a list of Rules, or a mapping of names to them: "
            "compare_rules([one, another], cohort)."
        )
    given = list(rules.items()) if isinstance(rules, Mapping) else [(None, r) for r in rules]
    named: dict[str, Rule] = {}
    for name, rule in given:
        if not isinstance(rule, Rule):
            raise RuleError("compare_rules() needs Rules: c.Rule(...), or c.library().")
        label = rule.name if name is None else str(name)
        if label in named:
            raise OptionError(
                f"compare_rules(): two rules are called {label!r}. Pass a mapping of names to them."
            )
        named[label] = rule
    if len(named) < 2:
        raise OptionError("compare_rules() needs two rules or more; for one use replay().")
    return named


def _first(found: Replay, seen: pl.DataFrame) -> pl.Series:
    """The first flag of every seen episode; null: never."""
    joined = seen.select(_KEY).join(found.first, on=_KEY, how="left", maintain_order="left")
    return joined["flagged_at"]


def _rows(
    replays: Mapping[str, Replay], first: Mapping[str, pl.Series], seen: pl.DataFrame
) -> pl.DataFrame:
    """How every rule differs from the first: each change, and each clause that made it."""
    base, *others = replays
    return pl.concat(
        [
            _changes(replays[base], replays[name], first[base], first[name], seen).select(
                pl.lit(name).alias("rule"), pl.all()
            )
            for name in others
        ]
        or [pl.DataFrame(schema=ROWS)]
    )


def _changes(
    base: Replay, other: Replay, before: pl.Series, after: pl.Series, seen: pl.DataFrame
) -> pl.DataFrame:
    a, b = pl.col("before"), pl.col("after")
    change = (
        pl.when(a.is_null() & b.is_null())
        .then(pl.lit("flagged by neither"))
        .when(a.is_null())
        .then(pl.lit("gained"))
        .when(b.is_null())
        .then(pl.lit("lost"))
        .when(b < a)
        .then(pl.lit("earlier"))
        .when(b > a)
        .then(pl.lit("later"))
        .otherwise(pl.lit("at the same time"))
    )
    episodes = (
        seen.select(*_KEY, before=before, after=after)
        .with_columns(change=change, days=(b - a).dt.total_microseconds().abs() / DAY)
        .with_columns(clause=pl.lit(None, pl.String))
    )
    told = pl.concat(
        [
            not_true(base, episodes.filter(pl.col("change").is_in(["gained", "earlier"])), "after"),
            not_true(other, episodes.filter(pl.col("change").is_in(["lost", "later"])), "before"),
        ]
    )
    totals = _counted(episodes, ["change"]).with_columns(clause=pl.lit(None, pl.String))
    every = pl.DataFrame({"change": CHANGES}).join(totals, on="change", how="left")
    parts = _counted(told, ["change", "clause"])
    return (
        pl.concat([every.select(list(ROWS)[1:]), parts.select(list(ROWS)[1:])])
        .with_columns(pl.col("episodes", "clients").fill_null(0))
        .sort(
            pl.col("change").replace_strict({c: i for i, c in enumerate(CHANGES)}),
            pl.col("clause").is_not_null(),
            pl.col("episodes"),
            "clause",
            descending=[False, False, True, False],
        )
    )


ROWS = {
    "rule": pl.String,
    "change": pl.String,
    "clause": pl.String,
    "episodes": pl.Int64,
    "clients": pl.Int64,
    "median_days": pl.Float64,
}


def _counted(episodes: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return episodes.group_by(by).agg(
        episodes=pl.len().cast(pl.Int64),
        clients=pl.col("client_id").n_unique().cast(pl.Int64),
        median_days=pl.col("days").filter(pl.col("days") > 0).median(),
    )


def _sides(
    first: Mapping[str, pl.Series], seen: pl.DataFrame, cohort: Cohort
) -> tuple[pl.DataFrame, np.ndarray]:
    """The figures of each rule alone, and one bit an episode: whether it is flagged."""
    flags = [_flags(at, seen) for at in first.values()]
    client: Keys = seen["client"].to_numpy()
    told = figures(flags, followed(seen, cohort.as_of), client, None).drop("person_days")
    members = np.stack([np.packbits(at.is_not_null().to_numpy()) for at in first.values()])
    return told.select(pl.Series("rule", list(first)), pl.all()), members


def _flags(at: pl.Series, seen: pl.DataFrame) -> CellFlags:
    waited = (at - seen["seen_from"]).dt.total_microseconds()
    return CellFlags(np.flatnonzero(at.is_not_null().to_numpy()), waited.drop_nulls().to_numpy(), 0)
