"""What a group chose, shown so that those who hand in later are not told apart."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from carenotebook.outreach.case_group import group_results
from carenotebook.outreach.case_play import Play
from carenotebook.outreach.page import Page, Section
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import about, number, percent

_NOTE = "What is the best case for what few chose?"


class Group:
    """What others handed in, and the pages that were made of it.

    Two pages that differ by fewer players than may be shown would tell what these chose; the
    earlier one then stands.
    """

    def __init__(self, privacy: Privacy) -> None:
        self.privacy = privacy
        self.plays: tuple[Play, ...] = ()
        self._shown: list[tuple[Counter[tuple[tuple[str, str], ...]], Page]] = []

    def page(self) -> Page:
        """What the group chose, scene by scene."""
        ways = Counter(play.made for play in self.plays)
        for earlier, page in self._shown:
            if ((ways - earlier) + (earlier - ways)).total() < self.privacy.min_cell:
                return page
        page = self._made()
        self._shown.append((ways, page))
        return page

    def _made(self) -> Page:
        results = group_results(self.plays)
        scenes = results.released(self.privacy).frame.partition_by("scene", maintain_order=True)
        sections = (self._scene(frame) for frame in scenes)
        return Page(
            results.title, results.summary(self.privacy), (Section("", (_NOTE,)), *sections)
        )

    def _scene(self, frame: pl.DataFrame) -> Section:
        rows = tuple((row["choice"], self._said(row)) for row in frame.iter_rows(named=True))
        return Section(frame["scene"][0], columns=("Choice", "Chosen by"), rows=rows)

    def _said(self, row: dict[str, Any]) -> str:
        if row[SUPPRESSED] or row["numerator"] is None:
            return HIDDEN
        count = about(row["numerator"], self.privacy)
        return f"{count} of {number(row['denominator'])} ({percent(row['estimate'])})"
