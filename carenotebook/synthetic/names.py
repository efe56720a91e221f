"""Ids and names that nobody could take for those of real people or places."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.synthetic.draws import Ints
from carenotebook.synthetic.frames import idents, labels
from carenotebook.synthetic.world import World


def client_ids(world: World, client: Ints) -> pl.Series:
    """``synthetic-00042``."""
    return idents(client, "synthetic", max(5, _digits(world.people.size)))


def therapist_ids(world: World, therapist: Ints) -> pl.Series:
    """``therapist-07``."""
    return idents(therapist, "therapist", max(2, _digits(world.therapists)))


def site_names(world: World, therapist: Ints) -> pl.Series:
    """``Synthetic site A``."""
    sites = len(world.truth.attendance.site_ratios)
    return labels(world.site_of[therapist], [site_name(k, sites) for k in range(sites)])


def site_name(site: int, sites: int) -> str:
    """A letter where the alphabet suffices, else a padded number."""
    mark = chr(ord("A") + site) if sites <= 26 else str(site).zfill(_digits(sites))
    return f"Synthetic site {mark}"


def appointment_width(size: int) -> int:
    """Digits of ``appointment-0001234``."""
    return max(7, _digits(size))


def _digits(size: int) -> int:
    return len(str(np.maximum(size - 1, 0)))
