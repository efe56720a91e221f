"""Outcome instruments: range, caseness, reliable change and direction.

Sources: the published manuals as used by NHS Talking Therapies (PHQ-9: case at 10, reliable
change 6; GAD-7: case at 8, reliable change 4). The figures for BDI-II, CORE-10 and SRS are in
common use but were not checked against their primary source.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """What is known of an instrument; None where no single published number exists."""

    name: str
    lowest: float
    highest: float
    higher_is_better: bool = False
    case_at: float | None = None
    reliable_change: float | None = None


INSTRUMENTS: dict[str, Instrument] = {
    i.name: i
    for i in (
        Instrument("PHQ-9", 0, 27, case_at=10, reliable_change=6),
        Instrument("GAD-7", 0, 21, case_at=8, reliable_change=4),
        Instrument("BDI-II", 0, 63, case_at=14),
        Instrument("CORE-10", 0, 40, case_at=11, reliable_change=6),
        Instrument("CSQ-8", 8, 32, higher_is_better=True),
        Instrument("SRS", 0, 40, higher_is_better=True),
    )
}
