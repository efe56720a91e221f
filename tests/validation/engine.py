"""Runs a method on many data sets of known truth, and says whether it kept its promise.

A `Design` makes one data set, asks a method and hands back its `Answer`. Each data set has a random
stream of its own, made from the seed, the design's name and the data set's number, so that results
do not depend on how many processes there are or in which order they work.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import beta

from carenotebook.core.errors import OptionError

SEED = 20261124
MONTE_CARLO = 0.99
"""Confidence of the bounds of each measured share; high, since many rows are read together."""

ALPHA = 0.05
Source = Literal["synthetic", "outside", "plasmode"]


@dataclass(frozen=True)
class Answer:
    """What a method says of one data set.

    Attributes
    ----------
    estimate, low, high : float
    truth : float or None
        Where it differs from data set to data set.
    p_value : float or None
        Without one, the null hypothesis is rejected where the interval leaves it out.
    """

    estimate: float
    low: float
    high: float
    truth: float | None = None
    p_value: float | None = None


Run = Callable[[np.random.Generator, float], Answer]


@dataclass(frozen=True)
class Design:
    """A method, and data sets on which the right answer is known.

    Attributes
    ----------
    name : str
        Short, for the command line; unique.
    method, setting : str
        As the table says them.
    source : {"synthetic", "outside", "plasmode"}
        Our generator; a design stated here; real data in which an effect was injected.
    run : callable
        Given a random stream and the effect to put in, an `Answer`.
    effect : float or None
        What is put in; None: only the null version is run.
    null : float or None
        What is put in where there is no effect; None: a null version has no meaning.
    truth : callable, optional
        From what is put in to the value of the estimand; by default the same.
    level : float or None
        What the interval or limits promise to hold; None: there is only a test.
    sets : int
    fails : bool
        Whether the method is known to fail here, and is shown for that.
    """

    name: str
    method: str
    setting: str
    source: Source
    run: Run
    effect: float | None
    null: float | None = None
    truth: Callable[[float], float] = float
    level: float | None = 0.95
    sets: int = 1000
    fails: bool = False


@dataclass(frozen=True)
class Tally:
    """What became of the data sets of one version of a design; tallies add up.

    Attributes
    ----------
    told : int
        Data sets that the method answered.
    refused : int
        Those that it refused with an error of its own.
    inside : int
        Intervals that hold the truth.
    rejected : int
        Answers that speak against no effect at the 5 % level.
    error, squared, true : float
        Sums of estimate less truth, of its square, and of the truth.
    """

    told: int = 0
    refused: int = 0
    inside: int = 0
    rejected: int = 0
    error: float = 0.0
    squared: float = 0.0
    true: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Tally(*(a + b for a, b in pairs))


@dataclass(frozen=True)
class Share:
    """A measured share with its Monte-Carlo bounds."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of

    @property
    def bounds(self) -> tuple[float, float]:
        """Clopper and Pearson's exact interval."""
        tail = (1 - MONTE_CARLO) / 2
        low = 0.0 if not self.count else float(beta.ppf(tail, self.count, self.of - self.count + 1))
        whole = self.count == self.of
        high = 1.0 if whole else float(beta.isf(tail, self.count + 1, self.of - self.count))
        return low, high


@dataclass(frozen=True)
class Row:
    """One row of the table: a design with an effect, without one, or both."""

    design: Design
    effect: Tally
    null: Tally

    @property
    def coverage(self) -> Share | None:
        """Of the version with an effect, or else of the one without."""
        tally = self.effect if self.effect.told else self.null
        promised = self.design.level is not None and tally.told
        return Share(tally.inside, tally.told) if promised else None

    @property
    def rejected(self) -> Share | None:
        return Share(self.null.rejected, self.null.told) if self.null.told else None

    @property
    def shown(self) -> Tally:
        """The tally whose bias is told."""
        return self.effect if self.effect.told else self.null

    @property
    def bias(self) -> tuple[float, float]:
        """Mean of estimate less truth, and its Monte-Carlo standard error."""
        tally = self.shown
        mean = tally.error / tally.told
        spread = max(tally.squared / tally.told - mean**2, 0.0)
        return mean, math.sqrt(spread / tally.told)

    @property
    def broken(self) -> bool:
        """Whether an interval holds the truth too seldom, or a test rejects too often."""
        covered, rejected = self.coverage, self.rejected
        few = covered is not None and covered.bounds[1] < self.design.level
        many = rejected is not None and rejected.bounds[0] > ALPHA
        return few or many

    @property
    def verdict(self) -> str:
        if not self.shown.told:
            return "refuses" if self.effect.refused or self.null.refused else "not run"
        if self.design.fails:
            return "fails, as it should" if self.broken else "does not fail here"
        if self.broken:
            return "missed"
        covered = self.coverage
        wide = covered is not None and covered.bounds[0] > self.design.level
        return "kept, too wide" if wide else "kept"


def stream(name: str, version: str, number: int) -> np.random.Generator:
    """The random stream of one data set."""
    of_design = zlib.crc32(f"{name}/{version}".encode())
    return np.random.default_rng(np.random.SeedSequence([SEED, of_design, number]))


def tally(design: Design, version: str, numbers: Iterable[int]) -> Tally:
    """Make the data sets with these numbers, and count.

    Parameters
    ----------
    version : {"effect", "null"}
    """
    put_in = design.effect if version == "effect" else design.null
    if put_in is None:
        return Tally()
    found = Tally()
    for number in numbers:
        found += _one(design, version, put_in, number)
    return found


def _one(design: Design, version: str, put_in: float, number: int) -> Tally:
    try:
        answer = design.run(stream(design.name, version, number), put_in)
    except OptionError:
        return Tally(refused=1)
    truth = design.truth(put_in) if answer.truth is None else answer.truth
    without = truth if version == "null" else math.nan
    p = answer.p_value
    against = p < ALPHA if p is not None else not answer.low <= without <= answer.high
    error = answer.estimate - truth
    inside = answer.low <= truth <= answer.high
    return Tally(1, 0, int(inside), int(against), error, error**2, truth)


def judge(design: Design, sets: int | None = None) -> Row:
    """A design in this process, for a quick look and for the tests."""
    numbers = range(sets or design.sets)
    return Row(design, tally(design, "effect", numbers), tally(design, "null", numbers))
