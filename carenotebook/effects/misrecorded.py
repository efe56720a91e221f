"""What a difference of risks becomes if the outcome is sometimes recorded wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import complete, listed_numbers, numbers, said_missing, taken
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.logistic import as_flags
from carenotebook.results.estimate import Assumption, Basis, Estimate

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "misclassified_outcome()"


def misclassified_outcome(
    frame: Frame,
    outcome: str,
    treatment: str,
    sensitivity: Sequence[float] = (0.8, 0.9, 1.0),
    specificity: Sequence[float] = (0.9, 0.95, 1.0),
) -> Estimate:
    """The difference of risks that the recorded one would stand for.

    For an outcome such as dropping out that records get wrong alike in both groups. Not where the
    groups are recorded differently: then no single table tells.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person.
    outcome, treatment : str
        Columns of 0 and 1, or booleans.
    sensitivity, specificity : sequence of float
        Chances that an event, and that none, is recorded as such; every pair is tried.

    Returns
    -------
    Estimate
        tidy(): term, sensitivity, specificity, estimate, std_error, conf_low, conf_high,
        statistic, p_value; null where a pair cannot be (it would need a risk beyond 0 to 1).

    Raises
    ------
    OptionError
        For chances that together tell nothing (their sum is at most 1), or a single group.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> data = pl.DataFrame({"left": [1] * 30 + [0] * 70 + [1] * 50 + [0] * 50,
    ...                      "fee": [0] * 100 + [1] * 100})
    >>> found = cn.effects.misclassified_outcome(data, "left", "fee", [0.9], [0.9]).tidy()
    >>> found["estimate"].round(3).item()
    0.25

    Notes
    -----
    Rogan & Gladen 1978, Am J Epidemiol 107:71, in each group; sensitivity and specificity count as
    known, and as the same in both.
    """
    frame, columns = taken(frame, [outcome, treatment], CALLER)
    used, left_out = complete(frame, columns, CALLER)
    event = as_flags(numbers(used, outcome, CALLER), outcome, CALLER)
    treated = as_flags(numbers(used, treatment, CALLER), treatment, CALLER)
    found = listed_numbers(sensitivity, "sensitivity", CALLER)
    spared = listed_numbers(specificity, "specificity", CALLER)
    pairs = list(product(found, spared))
    _check(pairs)
    shares = [float(event[g].mean()) for g in (treated, ~treated)]
    counts = [int(g.sum()) for g in (treated, ~treated)]
    error = float(np.sqrt(sum(p * (1 - p) / n for p, n in zip(shares, counts, strict=True))))
    youden = np.array([a + b - 1 for a, b in pairs])
    true = np.array([[(p + b - 1) / (a + b - 1) for a, b in pairs] for p in shares])
    possible = ((true >= -1e-12) & (true <= 1 + 1e-12)).all(0)
    names = [f"sensitivity {a:g}, specificity {b:g}" for a, b in pairs]
    table = tidy_terms(names, (shares[0] - shares[1]) / youden, error / youden, float("inf"))
    figures = [c for c in table.columns if c != "term"]
    table = table.with_columns(
        pl.when(pl.Series(possible)).then(pl.col(c)).alias(c) for c in figures
    ).with_columns(
        sensitivity=pl.Series([a for a, _ in pairs]), specificity=pl.Series([b for _, b in pairs])
    )
    return Estimate(
        heading=f"{outcome} by {treatment}, if it is recorded wrongly at times",
        frame=table,
        basis=Basis(
            estimand=f"Difference of the risk of {outcome} between treated and untreated.",
            rows=used.height,
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(
                Assumption(
                    "The outcome is recorded equally well in both groups.",
                    f"{int((~possible).sum())} of {len(pairs)} pairs cannot be with these data",
                ),
            ),
            caveat="Records that are wrong alike in both groups hide part of a difference; the "
            "table says how much, not how wrong they are.",
        ),
    )


def _check(pairs: list[tuple[float, float]]) -> None:
    fits = all(0 < a <= 1 and 0 < b <= 1 and a + b > 1 for a, b in pairs)
    if not pairs or not fits:
        raise OptionError(
            f"{CALLER}: sensitivity= and specificity= are chances up to 1 whose sum is above 1; "
            "below that, a record tells nothing."
        )
