"""Records kept as arrays: one field a column, one entry a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from carenotebook.synthetic.draws import Flags, Ints


@dataclass(frozen=True)
class Arrays:
    """Base of records whose every field is an array of one length."""

    @property
    def size(self) -> int:
        return int(getattr(self, fields(self)[0].name).size)

    def take(self, chosen: Flags | Ints) -> Self:
        """Some of the records, by a mask or by position."""
        some: dict[str, Any] = {f.name: getattr(self, f.name)[chosen] for f in fields(self)}
        return replace(self, **some)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All records of all parts, in order."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )
