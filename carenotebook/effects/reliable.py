"""Reliable change: which pairs of scores differ by more than unreliable measurement would bring."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.plain import is_number
from carenotebook.effects.frames import Array, complete, numbers, said_missing, taken
from carenotebook.privacy import Privacy, Released
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.proportions import release_proportions, shares
from carenotebook.results.statistics import Z95
from carenotebook.results.words import percent, significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "reliable_change()"
STATES = ("improved", "no_reliable_change", "deteriorated")


@dataclass(frozen=True, repr=False, eq=False)
class ReliableChange(Estimate):
    """What `reliable_change` returns.

    Attributes
    ----------
    sem : float
        Standard error of measurement.
    difference_error : float
        Standard error of a difference of two scores.
    threshold : float
        The smallest change, in points, that counts as reliable.
    scores : polars.DataFrame
        Row by row, never shown: first, last, index (the reliable change index), state, and, with
        `case_at`, recovered (a case at first, none at last, and reliably improved).
    """

    sem: float
    difference_error: float
    threshold: float
    scores: pl.DataFrame

    def tidy(self) -> pl.DataFrame:
        """Shares of the pairs.

        Returns
        -------
        polars.DataFrame
            term (improved, no_reliable_change, deteriorated), numerator, denominator, clients,
            estimate, std_error, conf_low, conf_high and the other columns of
            `carenotebook.results.proportions.COLUMNS`.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The shares as they may be shown."""
        return release_proportions(self.frame, privacy or Privacy(), ["term"], category="term")

    def found(self, released: Released) -> list[str]:
        """The rule in points, then each share."""
        lines = [
            (
                f"A change of {significant(self.threshold)} points or more is reliable (standard "
                f"error of measurement {significant(self.sem)}, of a difference "
                f"{significant(self.difference_error)})."
            )
        ]
        for row in released.frame.iter_rows(named=True):
            name = str(row["term"]).replace("_", " ")
            if row["estimate"] is None:
                lines.append(f"{name}: hidden (small number)")
            else:
                ends = f"{percent(row['conf_low'])} to {percent(row['conf_high'])}"
                lines.append(f"{name}: {percent(row['estimate'])} (95 % CI {ends})")
        return lines


def reliable_change(  # noqa: PLR0913 - two scores, and what is known of the instrument
    frame: Frame,
    first: str,
    last: str,
    *,
    sd: float,
    reliability: float,
    client: str | None = None,
    higher_is_better: bool = False,
    case_at: float | None = None,
) -> ReliableChange:
    """How many changed by more than unreliable measurement would bring about (Jacobson & Truax).

    For instruments without a published number for reliable change, such as BDI-II; `cn.outcomes`
    has those that have one. It says that a change is no error of measurement, not what brought it
    about, and speaks of those with two scores alone.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a pair of scores.
    first, last : str
        Columns of numbers.
    sd : float
        Standard deviation of the instrument, of the population that its norms are of, or at first.
    reliability : float
        Of the instrument, from 0 to below 1.
    client : str, optional
        Column that says which pairs belong to one client; by default each is one of its own.
    higher_is_better : bool
    case_at : float, optional
        From which score on (below which, where higher is better: at or below) somebody is a case;
        `scores` then says who recovered.

    Returns
    -------
    ReliableChange

    Raises
    ------
    OptionError
        For a column that is not there or holds no numbers, an `sd` that is not above 0, or a
        `reliability` outside 0 to 1.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> pairs = pl.DataFrame({"before": [32.5, 30.0, 41.0], "after": [47.5, 31.0, 30.0]})
    >>> found = cn.effects.reliable_change(pairs, "before", "after", sd=7.5, reliability=0.8,
    ...                                    higher_is_better=True)
    >>> round(found.sem, 3), round(found.difference_error, 3)
    (3.354, 4.743)
    >>> found.scores["index"].round(3).to_list()
    [3.162, 0.211, -2.319]
    >>> found.scores["state"].to_list()
    ['improved', 'no_reliable_change', 'deteriorated']

    Notes
    -----
    Jacobson & Truax 1991, J Consult Clin Psychol 59:12: SEM = SD sqrt(1 - r), S_diff = sqrt(2) SEM,
    RC = (last - first) / S_diff, reliable beyond 1.96. Shares: Wilson's interval, by client.
    """
    known = [sd, reliability, *([] if case_at is None else [case_at])]
    if not all(is_number(v) for v in known):
        raise OptionError(f"{CALLER}: sd=, reliability= and case_at= are numbers.")
    if not (sd > 0 and 0 <= reliability < 1):
        raise OptionError(f"{CALLER}: sd= is above 0, reliability= from 0 to below 1.")
    frame, columns = taken(frame, [first, last, client], CALLER)
    used, left_out = complete(frame, columns, CALLER)
    before, after = (numbers(used, c, CALLER) for c in (first, last))
    sem = sd * math.sqrt(1 - reliability)
    error = math.sqrt(2) * sem
    index = (after - before) / error
    scores = pl.DataFrame({"first": before, "last": after, "index": index})
    better = index if higher_is_better else -index
    states = np.select([better > Z95, better < -Z95], [STATES[0], STATES[2]], STATES[1])
    scores = scores.with_columns(state=pl.Series(states))
    if case_at is not None:
        recovered = _recovered(before, after, case_at, higher_is_better=higher_is_better)
        scores = scores.with_columns(recovered=pl.Series(recovered & (better > Z95)))
    who = pl.int_range(pl.len()) if client is None else pl.Series(used[client])
    rows = scores.select(term="state", client_id=who)
    table = shares(rows, "term")
    clients = int(rows["client_id"].n_unique())
    return ReliableChange(
        heading=f"Reliable change from {first} to {last}",
        frame=table.sort(pl.col("term").replace_strict(dict(zip(STATES, range(3), strict=True)))),
        basis=Basis(
            estimand=f"Share of pairs of scores whose change from {first} to {last} is more than "
            "unreliable measurement brings about in 95 of 100.",
            rows=used.height,
            clusters={"clients": clients},
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(
                Assumption("The instrument's spread and reliability are those of these people."),
                Assumption(
                    "First scores spread as the norms say.",
                    _spread(before, sd),
                ),
            ),
            caveat="People also change without care, and those who left before a second score are "
            "not here.",
        ),
        sem=sem,
        difference_error=error,
        threshold=Z95 * error,
        scores=scores,
    )


def _recovered(
    first: Array, last: Array, case_at: float, *, higher_is_better: bool
) -> npt.NDArray[np.bool_]:
    case = [(s <= case_at) if higher_is_better else (s >= case_at) for s in (first, last)]
    return np.asarray(case[0] & ~case[1])


def _spread(before: Array, sd: float) -> str:
    if len(before) < 2:
        return ""
    ratio = float(before.std(ddof=1)) / sd
    return f"their standard deviation is {ratio:.2f} times that given"
