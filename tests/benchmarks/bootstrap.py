"""A cluster bootstrap of a logistic model beside refitting it through statsmodels.

The refits are timed on a few draws and taken 200 times; a draw is refitted from its own rows.
Usage: python bootstrap.py [--rows 1000000] [--draws 200] [--refits 3]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import polars as pl
import statsmodels.formula.api as smf

import carenotebook as cn

CLUSTERS = 40_000
MODELS = {"discrete": ["misses", "late"], "continuous": ["misses", "late", "distance"]}


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


def refit(frame: pl.DataFrame, formula: str, seed: int) -> float:
    """Seconds of drawing clusters and fitting their rows through statsmodels."""
    begin = time.perf_counter()
    drawn = np.random.default_rng(seed).integers(0, CLUSTERS, CLUSTERS)
    times = np.bincount(drawn, minlength=CLUSTERS)[frame["who"].to_numpy()]
    rows = frame[np.repeat(np.arange(frame.height), times)]
    smf.logit(formula, rows).fit(disp=0)
    return time.perf_counter() - begin


def main() -> None:
    """Print seconds and how many times faster."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--refits", type=int, default=3)
    chosen = parser.parse_args()
    frame = visits(chosen.rows)
    for name, covariates in MODELS.items():
        formula = f"missed ~ {' + '.join(covariates)}"
        theirs = statistics.median(refit(frame, formula, s) for s in range(chosen.refits))
        begin = time.perf_counter()
        ours = cn.effects.cluster_bootstrap(
            frame, "missed", covariates, "who", draws=chosen.draws, seed=1
        )
        took = time.perf_counter() - begin
        whole = smf.logit(formula, frame).fit(disp=0, tol=1e-12)
        apart = np.abs(ours.tidy()["estimate"].to_numpy() - np.asarray(whole.params)).max()
        if apart > 1e-8:
            raise SystemExit(f"{name}: the fit of all rows differs from statsmodels' by {apart}.")
        print(
            f"bootstrap, {name}: {chosen.draws} draws {took:.2f} s; a refit {theirs:.2f} s: "
            f"{chosen.draws * theirs / took:,.0f} times faster; same fit to {apart:.0e}"
        )


if __name__ == "__main__":
    main()
