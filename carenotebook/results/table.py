"""HTML tables of released figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carenotebook.privacy import Released


def html_table(released: Released, title: str) -> str:
    """A great-tables table: hidden cells say so, percentages with one decimal."""
    raise NotImplementedError
