"""The table as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
import scipy
import statsmodels
from validation.engine import MONTE_CARLO, SEED, Row, Share

import carenotebook

_HEAD = (
    "method",
    "design",
    "source",
    "truth",
    "data sets",
    "bias (Monte-Carlo error)",
    "coverage, %",
    "type-I error, %",
    "verdict",
)


def written(rows: Sequence[Row], day: date) -> str:
    """A heading that says how it was made, the count of verdicts, and a row a design."""
    verdicts = [r.verdict for r in rows]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(sorted(verdicts)))
    head = (
        "# Promises on a known truth: results\n\n"
        "Written by `make validate`; [README.md](README.md) says how to read it.\n\n"
        f"Seed {SEED}, {day.isoformat()}; carenotebook {carenotebook.__version__}, "
        f"numpy {np.__version__}, polars {pl.__version__}, scipy {scipy.__version__}, "
        f"statsmodels {statsmodels.__version__}. In brackets: exact {MONTE_CARLO:.0%} Monte-Carlo "
        f"bounds.\n\n{len(rows)} rows: {counts}.\n\n"
    )
    lines = [_HEAD, tuple("---" for _ in _HEAD), *(_cells(r) for r in rows)]
    return head + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    design, shown = row.design, row.shown
    name, setting = design.method, f"`{design.name}`: {design.setting}"
    refused = row.effect.refused + row.null.refused
    asked = {t.told + t.refused for t in (row.effect, row.null)} - {0}
    sets = " / ".join(f"{n:,}" for n in sorted(asked)) + (
        f" ({refused} refused)" if refused else ""
    )
    if not shown.told:
        return (name, setting, design.source, "", sets, "", "", "", row.verdict)
    mean, error = row.bias
    truth = _number(shown.true / shown.told)
    promised = "" if design.level in (0.95, None) else f", of {100 * design.level:g}"
    return (
        name,
        setting,
        design.source,
        truth,
        sets,
        f"{_number(mean)} ({_number(error)})",
        "" if row.coverage is None else _percent(row.coverage) + promised,
        "" if row.rejected is None else _percent(row.rejected),
        row.verdict,
    )


def _percent(share: Share) -> str:
    low, high = share.bounds
    return f"{100 * share.value:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) >= 0.0005 else f"{value:.1g}"
