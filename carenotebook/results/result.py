"""`Result`: the one shape of everything that is estimated or counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from carenotebook.privacy import Privacy

if TYPE_CHECKING:
    import polars as pl

    from carenotebook.privacy import Released


class Result(ABC):
    """A frozen dataclass of aggregates; `tidy` first, everything else reads it.

    `tidy` holds exact figures for computing. Whatever is rendered (`_repr_html_`, `plot`,
    `summary`, `repr`, a report) goes through `released`, which hides small cells and rounds
    counts. Subclasses are dataclasses with ``repr=False``: a notebook saves a repr.
    """

    @property
    def title(self) -> str:
        """A heading for its table and chart."""
        return type(self).__name__

    @abstractmethod
    def tidy(self) -> pl.DataFrame:
        """The figures, one row an estimate, exact."""

    @abstractmethod
    def summary(self, privacy: Privacy | None = None) -> str:
        """What was estimated, from whom, and with what caveat, in plain words."""

    @abstractmethod
    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown."""

    def plot(self, privacy: Privacy | None = None) -> Any:
        """An Altair chart of the released figures, with a text alternative."""
        from carenotebook.plots import plot

        return plot(self, privacy)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from carenotebook.results.table import html_table

        return html_table(self.released(), self.title)
