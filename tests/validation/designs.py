"""Every design, family by family."""

from __future__ import annotations

from validation import (
    adoption,
    charts,
    clusters,
    doses,
    leaving,
    policies,
    rates,
    scores,
    series,
    sessions,
    survival,
    treatment,
)
from validation.engine import Design

_FAMILIES = (
    rates,
    survival,
    leaving,
    scores,
    series,
    adoption,
    treatment,
    sessions,
    doses,
    policies,
    clusters,
    charts,
)
DESIGNS: tuple[Design, ...] = tuple(d for family in _FAMILIES for d in family.DESIGNS)
