"""`synthetic_cohort`: an invented service whose every cause is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carenotebook.core.cohort import Cohort, build_cohort
from carenotebook.core.errors import OptionError
from carenotebook.synthetic import administration
from carenotebook.synthetic.appointments import appointments, recorded_outcomes
from carenotebook.synthetic.care import Care, run_care
from carenotebook.synthetic.checkins import checkins
from carenotebook.synthetic.measures import measures
from carenotebook.synthetic.messages import contacts
from carenotebook.synthetic.refills import refill
from carenotebook.synthetic.safeguards import actions
from carenotebook.synthetic.truth import Truth
from carenotebook.synthetic.world import World, build_world

if TYPE_CHECKING:
    import polars as pl

__all__ = ["synthetic_cohort"]

_MOST_CLIENTS = 2_000_000


def synthetic_cohort(
    clients: int = 500, seed: int = 1, truth: Truth | None = None
) -> tuple[Cohort, Truth]:
    """An invented online therapy service with everything that is known to be behind it.

    For learning, for tests, and for scoring an estimator against effects that were put in. Not for
    learning about real care: the data say what `truth` says and nothing else. No row stems from a
    person; ids and sites are called synthetic.

    Parameters
    ----------
    clients : int
        Number of people referred, 1 or more. Some have several episodes.
    seed : int
        0 or more. The same seed, number of clients and truth give the same cohort on any machine.
    truth : Truth, optional
        Parameters and effects; `Truth()` by default. Two truths that differ in one effect give
        the counterfactual of each other, up to chance.

    Returns
    -------
    (Cohort, Truth)
        The cohort, with every table of the schema, and the truth behind it.

    Raises
    ------
    OptionError
        If `clients` or `seed` is no such number, or `truth` is not a `Truth`.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, truth = cn.synthetic_cohort(clients=50, seed=1)
    >>> cohort.clients.collect()["client_id"][0]
    'synthetic-00000'
    >>> truth.policy.no_show_ratio
    0.6
    """
    _check_whole("clients", clients, 1, _MOST_CLIENTS)
    _check_whole("seed", seed, 0, None)
    if truth is not None and not isinstance(truth, Truth):
        raise OptionError(f"truth= is a {type(truth).__name__}; pass a carenotebook.Truth.")
    truth = truth or Truth()
    world = build_world(truth, clients, seed)
    tables = _tables(world, refill(world, run_care(world)))
    return build_cohort(tables, as_of=truth.as_of, timezone=truth.timezone), truth


def _tables(world: World, care: Care) -> dict[str, pl.DataFrame]:
    outcome = recorded_outcomes(world, care)
    answered, invitations = checkins(world, care, outcome)
    return {
        "appointments": appointments(world, care, outcome),
        "episodes": administration.episodes(world, care),
        "clients": administration.clients(world),
        "contacts": contacts(world, care, outcome, invitations),
        "measures": measures(world, care, outcome),
        "checkins": answered,
        "actions": actions(world, care, outcome),
        "pauses": administration.pauses(world, care),
        "policies": administration.policies(world),
    }


def _check_whole(name: str, value: object, low: int, high: int | None) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):  # type: ignore[operator]
        limit = f"{low:,} or more" if high is None else f"from {low:,} to {high:,}"
        raise OptionError(f"{name}={value!r}: needs a whole number, {limit}.")
