"""How different missing outcomes would have to be for a comparison to come out otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array, complete, listed_numbers, numbers, taken
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.logistic import as_flags
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "tipping_point()"


def tipping_point(
    frame: Frame,
    outcome: str,
    treatment: str,
    deltas: Sequence[float] = (-4.0, -2.0, 0.0, 2.0, 4.0),
) -> Estimate:
    """The difference between two groups, if missing outcomes are not like those seen.

    For a comparison in which outcomes are missing, perhaps because of what they are: how far would
    the missing ones have to be off for the conclusion to change? Not an estimate of what they are.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person; a null outcome is missing.
    outcome : str
        Column of numbers, or of 0 and 1 (deltas are then differences of risks).
    treatment : str
        Column of 0 and 1, or booleans.
    deltas : sequence of float
        By how much the mean of the missing outcomes of a group differs from that of those seen;
        every pair of them is tried.

    Returns
    -------
    Estimate
        tidy(): term, delta_treated, delta_untreated, estimate, std_error, conf_low, conf_high,
        statistic, p_value, changes (whether significance or sign differ from deltas of 0).

    Raises
    ------
    OptionError
        If nothing is missing, a group has fewer than two outcomes, or a risk leaves 0 to 1.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> data = pl.DataFrame({"score": [8, 9, 7, None, 12, 14, 13, None], "seen": [1] * 4 + [0] * 4})
    >>> found = cn.effects.tipping_point(data, "score", "seen", deltas=[0, 8]).tidy()
    >>> found.select("delta_treated", "delta_untreated", "estimate").rows()[2]
    (8.0, 0.0, -3.0)

    Notes
    -----
    A pattern-mixture model in closed form (Little 1993): the mean of a group is that of those seen
    plus the share missing times delta; the variance adds that of the share. Tables of this kind:
    Yan, Lee & Li 2009, J Biopharm Stat 19:1085.
    """
    frame, _ = taken(frame, [outcome, treatment], CALLER)
    known, left_out = complete(frame, [treatment], CALLER)
    treated = as_flags(numbers(known, treatment, CALLER), treatment, CALLER)
    seen = known[outcome].fill_nan(None) if known.schema[outcome].is_float() else known[outcome]
    if not seen.null_count():
        raise OptionError(f"{CALLER}: no {outcome} is missing; there is nothing to tip.")
    groups = [_group(known.filter(pl.Series(g)), outcome) for g in (treated, ~treated)]
    tried = listed_numbers(deltas, "deltas", CALLER)
    pairs = [(a, b) for a in tried for b in tried]
    if not pairs:
        raise OptionError(f"{CALLER}: deltas= is empty.")
    table = _table(groups, pairs, outcome)
    shares = [f"{g[3]:.0%}" for g in groups]
    return Estimate(
        heading=f"{outcome} by {treatment}, if missing outcomes differ from those seen",
        frame=table,
        basis=Basis(
            estimand=f"Difference in mean {outcome} between treated and untreated, were the "
            "missing outcomes of each group off by delta.",
            rows=known.height,
            left_out=left_out,
            missing=f"{outcome} is missing in {shares[0]} of the treated and {shares[1]} of the "
            "untreated; each delta says what if.",
            assumptions=(Assumption("The deltas tried hold what is plausible.", _tipped(table)),),
            caveat="It shows what missing outcomes could do, not what they were.",
        ),
    )


def _group(rows: pl.DataFrame, outcome: str) -> tuple[float, float, int, float, Array]:
    """Mean, its variance, rows, share missing, the outcomes seen."""
    seen = numbers(complete(rows, [outcome])[0], outcome, CALLER)
    if len(seen) < 2:
        raise OptionError(f"{CALLER}: a group has fewer than two outcomes.")
    variance = float(seen.var(ddof=1)) / len(seen)
    return float(seen.mean()), variance, rows.height, 1 - len(seen) / rows.height, seen


def _table(
    groups: list[tuple[float, float, int, float, Array]],
    pairs: list[tuple[float, float]],
    outcome: str,
) -> pl.DataFrame:
    deltas = np.array(pairs)
    means, variances = [], []
    for (mean, variance, rows, share, seen), delta in zip(groups, deltas.T, strict=True):
        risks = np.isin(seen, (0.0, 1.0)).all()
        if risks and share and ((mean + delta < 0) | (mean + delta > 1)).any():
            raise OptionError(
                f"{CALLER}: a delta leads the risk of {outcome} out of 0 to 1; use smaller ones."
            )
        means.append(mean + share * delta)
        variances.append(variance + delta**2 * share * (1 - share) / rows)
    errors = np.sqrt(variances[0] + variances[1])
    names = [f"missing {a:+g} if treated, {b:+g} if not" for a, b in pairs]
    frame = tidy_terms(names, means[0] - means[1], errors, float("inf"))
    plain = _conclusion(groups[0][0] - groups[1][0], np.sqrt(groups[0][1] + groups[1][1]))
    changes = [_conclusion(e, s) != plain for e, s in frame.select("estimate", "std_error").rows()]
    return frame.with_columns(
        delta_treated=pl.Series(deltas[:, 0]),
        delta_untreated=pl.Series(deltas[:, 1]),
        changes=pl.Series(changes),
    )


def _conclusion(estimate: float, error: float) -> int:
    """-1, 0 or 1: below, not told apart from, or above no difference."""
    return int(np.sign(estimate)) if abs(estimate) > 1.959964 * error else 0


def _tipped(table: pl.DataFrame) -> str:
    tipping = table.filter("changes")
    if tipping.is_empty():
        return "no pair of deltas tried changes the conclusion"
    size = pl.col("delta_treated").abs() + pl.col("delta_untreated").abs()
    first = tipping.sort(size).row(0, named=True)
    return (
        f"{tipping.height} of {table.height} pairs change the conclusion; the nearest is "
        f"{significant(first['delta_treated'])} if treated and "
        f"{significant(first['delta_untreated'])} if not"
    )
