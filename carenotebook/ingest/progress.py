"""A bar for work that takes long: rows done, rows a second, time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


@dataclass(frozen=True)
class Progress:
    """Whether to show bars on the standard error: None shows them on a terminal."""

    show: bool | None = None

    @contextmanager
    def bar(self, what: str, rows: int | None = None) -> Iterator[tqdm[Any]]:
        """A bar of so many rows, if that is known; `update` tells it of rows."""
        from tqdm import tqdm

        hidden = None if self.show is None else not self.show
        made: tqdm[Any] = tqdm(
            total=rows,
            desc=what,
            unit=" rows",
            unit_scale=True,
            leave=False,
            mininterval=0,  # told of a block at a time
            disable=hidden,
        )
        with made:
            yield made
