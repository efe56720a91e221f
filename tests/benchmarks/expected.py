"""What is expected of the measured jobs: what must hold, and what is aimed at.

To add one, append it to `EXPECTED`; its jobs are named as in `jobs.JOBS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MILLION = 1_000_000
Measured = Literal["seconds", "memory", "ratio", "times faster", "growth"]


@dataclass(frozen=True)
class Expected:
    """A bound on one job, most often beside another.

    Parameters
    ----------
    job : str
    measured : {"seconds", "memory", "ratio", "times faster", "growth"}
        Of the job alone: "seconds", "memory" (MB). "ratio": its seconds by those of `beside`, at
        most so many; "times faster": the other way round, at least so many, and both must answer
        the same. "growth": seconds per appointment on the largest size by those on the smallest.
    sizes : tuple of int
        Appointments.
    must, aim : float
    beside : str, optional
        The other job.
    """

    job: str
    measured: Measured
    sizes: tuple[int, ...]
    must: float
    aim: float
    beside: str | None = None

    def holds(self, value: float, bound: float) -> bool:
        """Whether a measured value keeps a bound."""
        return value >= bound if self.measured == "times faster" else value <= bound


_STATISTICS = ("control chart", "funnel", "retention", "interrupted series")
_ALL = (MILLION, 10 * MILLION, 50 * MILLION)

EXPECTED = [
    Expected("intervals, example", "ratio", _ALL, 3, 2, "scan, example"),
    Expected("first flags, example", "ratio", _ALL[1:], 2, 1.5, "scan, example"),
    Expected("intervals, eight", "ratio", _ALL[:2], 8, 5, "scan, eight"),
    Expected("intervals, example", "memory", _ALL[2:], 1500, 1000),
    Expected("fresh process", "seconds", _ALL[:1], 0.6, 0.3),
    Expected("intervals, example", "growth", _ALL, 1.5, 1.5),
    Expected("replay beside peers", "times faster", _ALL[1:2], 15, 20, "DuckDB windows"),
    Expected("replay beside peers", "times faster", _ALL[1:2], 15, 20, "polars rolling"),
    Expected("replay beside peers", "times faster", _ALL[:1], 80, 110, "pandas rolling"),
    Expected("sweep flags, thresholds", "ratio", _ALL[:1], 8, 5, "replay from memory"),
    Expected("sweep flags, any rule", "ratio", _ALL[:1], 60, 30, "replay from memory"),
    Expected("sweep, thresholds", "ratio", _ALL[:1], 60, 30, "replay from memory"),
    Expected("sweep, any rule", "ratio", _ALL[:1], 60, 30, "replay from memory"),
    Expected("changed rule", "seconds", _ALL[:1], 0.1, 0.1),
    *(Expected(s, "ratio", _ALL[1:2], 3, 2, f"{s}, scan and fit") for s in _STATISTICS),
    *(Expected(s, "times faster", _ALL[1:2], 1, 1, f"{s}, plainly") for s in _STATISTICS),
    Expected("CSV into a cohort", "ratio", (20 * MILLION,), 4, 2.5, "CSV copied by polars"),
    Expected("CSV into a cohort", "memory", (20 * MILLION,), 2000, 1500),
]
