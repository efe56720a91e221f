"""What every test shares: how Hypothesis runs, and the group that must never show."""

import os

import polars as pl
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fresh", parent=settings.get_profile("repeatable"), derandomize=False)
settings.load_profile("fresh" if os.environ.get("CARENOTEBOOK_PAIRS") else "repeatable")

SMALL_GROUP = "Cornish"


@pytest.fixture(scope="session")
def small_group_tables():
    """Appointments and clients: one group has 37 rows from 9 clients, so it must be hidden.

    A view that counts rows shows it; one that counts clients does not.
    """
    sizes = {"English": (60, 480), "Welsh": (31, 248), SMALL_GROUP: (9, 37)}
    clients, rows = [], []
    for language, (number, appointments) in sizes.items():
        ids = [f"Q7{language[0]}{i:04}" for i in range(number)]
        clients += [{"client_id": i, "language": language} for i in ids]
        rows += [
            {
                "client_id": ids[k % number],
                "day": 7 * (k // number) + k % 5,
                "outcome": ("attended", "no_show", "attended", "late_cancel")[(k // number) % 4],
            }
            for k in range(appointments)
        ]
    start = pl.datetime(2025, 1, 6, 9, time_zone="UTC") + pl.duration(days="day")
    appointments = pl.DataFrame(rows).with_columns(start=start).drop("day")
    return {"appointments": appointments, "clients": pl.DataFrame(clients)}
