"""Parameters that know what values they can take."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from carenotebook.core.errors import OptionError


def probability(default: float) -> Any:
    """A field between 0 and 1."""
    return _field(default, lambda v: 0 <= v <= 1, "a probability between 0 and 1")


def ratio(default: float) -> Any:
    """A field that multiplies a probability or a prevalence."""
    return _field(default, lambda v: 0 <= v <= 100, "a ratio between 0 and 100")


def number(default: float, low: float = -math.inf) -> Any:
    """A finite field, at least `low`."""
    what = "a finite number" if low == -math.inf else f"a finite number, {low:g} or more"
    return _field(default, lambda v: v >= low and math.isfinite(v), what)


def count(default: int, low: int = 1) -> Any:
    """A whole field, at least `low`."""
    return _field(default, lambda v: v >= low and v == int(v), f"a whole number, {low} or more")


def _field(default: float, fits: Callable[[Any], bool], what: str) -> Any:
    return field(default=default, metadata={"fits": fits, "what": what})


@dataclass(frozen=True)
class Checked:
    """A frozen set of parameters that refuses a value it cannot use."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if "fits" in f.metadata:
                usable = isinstance(value, int | float) and not isinstance(value, bool)
                self._require(usable and f.metadata["fits"](value), f.name, f.metadata["what"])
            elif f.name.endswith("_days") or f.name in ("planned_sessions", "silent_bookings"):
                self._require(_is_range(value), f.name, "(lowest, highest), whole numbers from 1")
        self._check()

    def _check(self) -> None:
        """What a single field does not tell."""

    def _require(self, fits: bool, name: str, what: str) -> None:  # noqa: FBT001
        if not fits:
            shown = getattr(self, name)
            raise OptionError(f"{type(self).__name__}.{name}={shown!r}: needs {what}.")


def _is_range(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
        and 1 <= value[0] <= value[1]
    )
