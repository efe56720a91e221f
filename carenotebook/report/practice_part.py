"""The service's own conduct in a report that has the outcome panel as well."""

from __future__ import annotations

import polars as pl

from carenotebook.appraise.practice import PracticeReview
from carenotebook.privacy import Privacy, Released
from carenotebook.report.figures import Block

_IN_THE_PANEL = ("cancelled_by_the_service", "lost_to_technology")
"""The panel counts the same appointments, and what it hides must not be told here."""


def practice_block(result: PracticeReview, privacy: Privacy) -> Block:
    """A practice review without what the outcome panel tells.

    No chart: it would draw those figures, too.
    """
    shown = result.released(privacy)
    kept = shown.frame.filter(~pl.col("term").is_in(_IN_THE_PANEL))
    lead, *lines = result.summary(privacy).splitlines()
    dropped = len(_IN_THE_PANEL)
    told = [lead, *(line for line in lines[dropped:] if not line.startswith("- "))]
    told.insert(1, "What the service cancelled or technology lost: see the panel of outcomes.")
    return Block(result.title, "\n".join(told), Released(kept, privacy))
