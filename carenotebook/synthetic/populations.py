"""Who the synthetic clients are: attributes, groups that meet more obstacles, the obstacles."""

from __future__ import annotations

from dataclasses import dataclass

from carenotebook.core.options import REASONS, check_option
from carenotebook.synthetic.checks import Checked, probability, ratio


@dataclass(frozen=True)
class Attribute(Checked):
    """A column of `clients`: its levels, the share of each, and how often it is not recorded."""

    column: str
    levels: tuple[str, ...]
    shares: tuple[float, ...]
    missing: float = probability(0.0)

    def _check(self) -> None:
        fits = len(self.shares) == len(self.levels) and abs(sum(self.shares) - 1) < 1e-9
        self._require(fits, "shares", "one share a level, summing to 1")


@dataclass(frozen=True)
class GroupEffect(Checked):
    """What belonging to a group does, as ratios that multiply over a client's groups.

    `obstacles` multiplies the prevalence of each obstacle, `misses` the chance of a no-show and of
    a late cancellation apart from the obstacles, `safeguards` the chance that one is recorded.
    """

    column: str
    level: str
    obstacles: float = ratio(1.0)
    misses: float = ratio(1.0)
    safeguards: float = ratio(1.0)


@dataclass(frozen=True)
class Obstacle(Checked):
    """An obstacle that stays with a client: its prevalence, and what it multiplies."""

    reason: str
    prevalence: float = probability(0.1)
    no_show: float = ratio(1.0)
    late_cancel: float = ratio(1.0)
    early_cancel: float = ratio(1.0)
    rescheduled: float = ratio(1.0)
    technical_failure: float = ratio(1.0)
    fading: float = ratio(1.0)

    def _check(self) -> None:
        check_option("Obstacle.reason", self.reason, REASONS)


ATTRIBUTES = (
    Attribute(
        "language",
        ("English", "Polish", "Bengali", "Urdu", "Other"),
        (0.78, 0.07, 0.06, 0.05, 0.04),
    ),
    Attribute(
        "age_band",
        ("18-25", "26-35", "36-50", "51-65", "66+"),
        (0.22, 0.30, 0.27, 0.15, 0.06),
    ),
    Attribute("gender", ("woman", "man", "another gender"), (0.64, 0.33, 0.03), missing=0.02),
    Attribute("deprivation_quintile", ("1", "2", "3", "4", "5"), (0.2,) * 5, missing=0.04),
    Attribute(
        "referral_source",
        ("self", "general practice", "community", "hospital"),
        (0.50, 0.36, 0.09, 0.05),
    ),
)
"""No source: shares of an invented town. Quintile 1 is the most deprived."""

GROUPS = (
    GroupEffect("language", "Polish", obstacles=1.3, safeguards=0.8),
    GroupEffect("language", "Bengali", obstacles=1.7, misses=1.1, safeguards=0.6),
    GroupEffect("language", "Urdu", obstacles=1.7, misses=1.1, safeguards=0.6),
    GroupEffect("language", "Other", obstacles=1.5, safeguards=0.7),
    GroupEffect("deprivation_quintile", "1", obstacles=1.8, misses=1.25, safeguards=0.85),
    GroupEffect("deprivation_quintile", "2", obstacles=1.3),
    GroupEffect("age_band", "18-25", obstacles=1.2, misses=1.2),
    GroupEffect("age_band", "66+", obstacles=0.8, misses=0.8),
)
"""No source: made large enough that an audit of groups must see them."""

OBSTACLES = (
    Obstacle("scheduling", 0.20, no_show=1.3, late_cancel=1.6, early_cancel=1.8, rescheduled=2.5),
    Obstacle("overwhelmed", 0.16, no_show=1.7, late_cancel=1.4, fading=1.4),
    Obstacle("stuck", 0.10, no_show=1.4, fading=1.8),
    Obstacle("illness", 0.12, no_show=1.2, late_cancel=1.9, early_cancel=1.3),
    Obstacle("technology", 0.10, no_show=1.3, technical_failure=4.0, fading=1.1),
    Obstacle("cost", 0.07, no_show=1.1, early_cancel=1.4, fading=1.5),
)
"""No source for the sizes; the obstacles are those that check-ins ask about."""
