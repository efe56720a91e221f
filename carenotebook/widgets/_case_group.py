"""What a group chose, shown so that those who hand in later are not told apart."""

from __future__ import annotations

from collections import Counter

from carenotebook.outreach.case_group import group_results
from carenotebook.outreach.case_page import Page, Section
from carenotebook.outreach.case_play import Play
from carenotebook.privacy import Privacy
from carenotebook.results.display import HIDDEN, display_frame

_NOTE = (
    "Shares are of those who came to a scene. Small numbers are hidden, and with them whatever "
    "would tell them. What most chose is not what is right: what is the best case for what few "
    "chose?"
)


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
        frame = display_frame(results.released(self.privacy))
        label = self.privacy.label
        rows = tuple(
            tuple(HIDDEN if cell == label else cell for cell in row) for row in frame.rows()
        )
        table = Section("", columns=tuple(frame.columns), rows=rows)
        return Page(results.title, "", (Section("", (_NOTE,)), table))
