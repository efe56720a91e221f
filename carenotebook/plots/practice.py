"""Charts of a practice review: shares of what the service did, never sorted by a rate."""

from __future__ import annotations

from typing import Any

import polars as pl

from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.practice import PracticeReview
from carenotebook.appraise.practice_measures import TITLES
from carenotebook.plots.chart import CareChart, stacked
from carenotebook.plots.groups import dots, label_extent, said
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED

_SHOWN = ("numerator", "denominator", "estimate", "conf_low", "conf_high", SUPPRESSED)
_NOTE = "For reflection, not for ranking. Medians stand in the table."


def practice_chart(result: PracticeReview, privacy: Privacy | None = None) -> CareChart:
    """A row a share, over everyone; with groups a panel a share and a row a group, by size."""
    shares = result.released(privacy).frame.filter(pl.col("unit") == "share")
    told = shares.filter(pl.col("needs") == "")
    lacking = [TITLES[t] for t in shares.filter(pl.col("needs") != "")["term"].to_list()]
    note = f"{_NOTE} Not known, for lack of data: {'; '.join(lacking)}." if lacking else _NOTE
    if not result.by:
        rows = told.select(pl.col("term").replace(TITLES), *_SHOWN)
        return stacked([dots(rows)], result.title, said(rows, result.title), note)
    return _by_group(result, told, note)


def _by_group(result: PracticeReview, told: pl.DataFrame, note: str) -> CareChart:
    groups = told.filter(pl.col("split") != EVERYONE)
    beside = label_extent(groups.select("group", *_SHOWN))
    panels: list[Any] = []
    words = []
    for (term,), rows in groups.group_by("term", maintain_order=True):
        (whole,) = told.filter(split=EVERYONE, term=term).iter_rows(named=True)
        heading = TITLES[str(term)]
        mine = rows.select("group", *_SHOWN)
        panels.append(dots(mine, whole["estimate"], heading, beside))
        words.append(said(mine, heading))
    note = f"Dashed line: everyone together. {note}"
    return stacked(panels, result.title, f"{result.title}. {' '.join(words)}", note)
