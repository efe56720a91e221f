"""Cumulative incidence of first flags at one horizon, for cell after cell of a sweep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from carenotebook.criteria.spans import Keys, Mask
from carenotebook.results.statistics import Floats, log_log


class Incidence(NamedTuple):
    """An estimate with its standard error and interval."""

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True)
class Followed:
    """Seen episodes, laid out once for all cells by `follow`.

    Attributes
    ----------
    client : array of shape (episodes,)
        Episodes of a client have one number.
    episodes : array of shape (clients,)
        How many each client has.
    stay, left : arrays
        Places of the episodes that are censored and of those in which care ended, each in the order
        of how long they are seen.
    stay_until : array like `stay`
        For how long each is seen.
    left_by : array like `stay`
        How many episodes have ended until then.
    stay_before : array like `left`
        How many were censored before then.
    """

    client: Keys
    episodes: Keys
    stay: Keys
    left: Keys
    stay_until: Keys
    left_by: Keys
    stay_before: Keys

    def incidence(self, episode: Keys, waited: Keys, until: int | None) -> Incidence:
        """Share in whom the flag has come, at a horizon or at the end of all that is seen.

        Parameters
        ----------
        episode, waited : arrays of shape (flagged,)
            Which episodes were flagged, and after how many microseconds.
        until : int, optional
            The horizon in microseconds.

        Notes
        -----
        The figures of `carenotebook.results.statistics.cumulative_incidence`. At every time the
        share at risk is the product of the curves of all ends and of censoring, so that a flag at t
        counts 1 / (n G(t-)), G being the Kaplan-Meier curve of censoring (Satten GA, Datta S (2001)
        Am Stat 55:207-210). G changes only where an episode is censored, so a cell costs one sort,
        that of its flags. Standard error: the infinitesimal jackknife, by client.
        """
        n = len(self.client)
        if not len(episode):
            return Incidence(0.0, 0.0, 0.0, 0.0)
        flagged = np.zeros(n, np.bool_)
        flagged[episode] = True
        kept = ~flagged[self.stay]
        censored = self.stay_until[kept]
        at_risk = self._at_risk(flagged, kept, censored, waited) if len(censored) else censored
        curve = np.append(1.0, np.cumprod((at_risk - 1) / at_risk))
        place = np.searchsorted(censored, waited, side="left")
        share = 1 / (n * curve[place])
        if until is not None:
            share[waited > until] = 0.0
        estimate = float(share.sum())
        clients = len(self.episodes)
        own = np.bincount(self.client[episode], weights=share, minlength=clients)
        influence: Floats = own - self.episodes * (estimate / n)
        if not len(censored):
            return _interval(estimate, influence)
        later = np.bincount(place, weights=share, minlength=len(censored) + 1)
        later = (later[::-1].cumsum())[::-1][1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = np.where(at_risk > 1, later / (at_risk * (at_risk - 1)), 0.0)
        lost = np.append(0.0, np.cumsum(lost))
        through_curve = np.empty(n)
        through_curve[episode] = lost[place]
        through_curve[self.stay[kept]] = lost[:-1] - later / at_risk
        gone = ~flagged[self.left]
        before = np.append(0, np.cumsum(kept))[self.stay_before[gone]]
        through_curve[self.left[gone]] = lost[before]
        lost_by = np.bincount(self.client, weights=through_curve, minlength=clients)
        return _interval(estimate, influence - lost_by)

    def _at_risk(self, flagged: Mask, kept: Mask, censored: Keys, waited: Keys) -> Keys:
        """How many are there at each censoring, the censored one among them."""
        left_flagged = np.append(0, np.cumsum(flagged[self.left]))
        left_by = self.left_by[kept]
        still = (len(self.left) - left_by) - (left_flagged[-1] - left_flagged[left_by])
        waiting = len(waited) - np.searchsorted(np.sort(waited), censored, side="right")
        there: Keys = np.arange(len(censored), 0, -1) + still + waiting
        return there


def follow(length: Keys, ended: Mask, client: Keys) -> Followed:
    """Lay out seen episodes.

    Parameters
    ----------
    length : array of shape (episodes,)
        Microseconds for which each is seen.
    ended : array of shape (episodes,) of bool
        Whether care ended then; the others are censored.
    client : array of shape (episodes,)
        0, 1, ...; episodes of a client have one number.
    """
    order = np.argsort(length, kind="stable")
    gone = ended[order]
    stay, left = order[~gone], order[gone]
    return Followed(
        client,
        np.bincount(client),
        stay,
        left,
        length[stay],
        np.searchsorted(length[left], length[stay], side="right"),
        np.searchsorted(length[stay], length[left], side="left"),
    )


def _interval(estimate: float, influence: Floats) -> Incidence:
    """From the influence of each client on the estimate."""
    error = math.sqrt(float(np.square(influence).sum()))
    low, high = log_log(np.array([estimate]), np.array([error]))
    return Incidence(estimate, error, float(low[0]), float(high[0]))
