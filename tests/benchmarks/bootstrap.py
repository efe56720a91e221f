"""A cluster bootstrap of a logistic model beside refitting it through statsmodels.

The refits are timed on a few draws and taken 200 times; a draw is refitted from its own rows. The
fit of all rows, and the first draws, are compared with statsmodels' own.
Usage: python bootstrap.py [--rows 1000000] [--draws 200] [--refits 3] [--runs 3]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import statsmodels.formula.api as smf

import carenotebook as cn
from carenotebook.effects.multiplicities import drawn

CLUSTERS = 40_000
SEED = 1
CLOSE = 1e-8
MODELS = {
    "discrete": (["misses", "late"], 1000),
    "continuous": (["misses", "late", "distance"], 60),
}
"""The covariates, and how many times faster than refits it must be."""


def visits(rows: int) -> pl.DataFrame:
    """Rows with an outcome that goes with two counts and with the client."""
    rng = np.random.default_rng(1)
    who = rng.integers(0, CLUSTERS, rows)
    misses, late = rng.integers(0, 4, rows), rng.integers(0, 2, rows)
    linear = -1 + 0.3 * misses - 0.4 * late + rng.normal(0, 0.5, CLUSTERS)[who]
    return pl.DataFrame(
        {
            "who": who,
            "misses": misses,
            "late": late,
            "distance": rng.normal(0, 1, rows),
            "missed": (rng.random(rows) < 1 / (1 + np.exp(-linear))).astype(np.int64),
        }
    )


def rows_of(frame: pl.DataFrame, times: np.ndarray) -> pl.DataFrame:
    """The rows of a draw, as often as their clusters were drawn."""
    return frame[np.repeat(np.arange(frame.height), times[frame["who"].to_numpy()])]


def refit(frame: pl.DataFrame, formula: str, seed: int) -> float:
    """Seconds of drawing clusters and fitting their rows through statsmodels."""
    begin = time.perf_counter()
    chosen = np.random.default_rng(seed).integers(0, CLUSTERS, CLUSTERS)
    smf.logit(formula, rows_of(frame, np.bincount(chosen, minlength=CLUSTERS))).fit(disp=0)
    return time.perf_counter() - begin


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds, seconds of processor time, and what was found."""
    begin, busy = time.perf_counter(), time.process_time()
    found = call()
    return time.perf_counter() - begin, time.process_time() - busy, found


def apart(frame: pl.DataFrame, formula: str, ours: Any, draws: int) -> float:
    """How far our coefficients are from statsmodels', over all rows and in the first draws."""
    weights = next(drawn(np.random.default_rng(SEED), draws, CLUSTERS)).astype(int)
    pairs = [(frame, ours.tidy()["estimate"].to_numpy())]
    pairs += [(rows_of(frame, w), ours.draws.row(i)) for i, w in enumerate(weights)]
    fits = [(smf.logit(formula, rows).fit(disp=0, tol=1e-12), own) for rows, own in pairs]
    return max(float(np.abs(np.asarray(fit.params) - own).max()) for fit, own in fits)


def main() -> None:
    """Print seconds and how many times faster."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--refits", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    frame = visits(chosen.rows)
    for name, (covariates, must) in MODELS.items():
        formula = f"missed ~ {' + '.join(covariates)}"
        theirs = statistics.median(refit(frame, formula, s) for s in range(chosen.refits))
        runs = [
            timed(
                lambda columns=covariates: cn.effects.cluster_bootstrap(
                    frame, "missed", columns, "who", draws=chosen.draws, seed=SEED
                )
            )
            for _ in range(chosen.runs)
        ]
        took, busy = (statistics.median(r[i] for r in runs) for i in (0, 1))
        off = apart(frame, formula, runs[0][2], 2)
        if off > CLOSE:
            raise SystemExit(f"{name}: a fit differs from statsmodels' by {off}.")
        times = chosen.draws * theirs / took
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"bootstrap, {name}: {chosen.draws} draws {took:.3f} s ({busy:.3f} s of processor); a "
            f"refit {theirs:.2f} s: {times:,.0f} times faster (must {must:,}): "
            f"{'holds' if times >= must else 'FALLS SHORT'}; same fits to {off:.0e}; "
            f"{peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
