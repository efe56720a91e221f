"""Net benefit: what acting on a rule gains, in events, less what it costs in needless actions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError

Floats = npt.NDArray[np.float64]


def net_benefit(
    true_positives: npt.ArrayLike, false_positives: npt.ArrayLike, n: float, threshold: float
) -> Floats:
    """Net benefit of acting on all who are positive.

    Parameters
    ----------
    true_positives, false_positives : array-like
        How many of those acted on have the event, and how many have not.
    n : float
        How many there are in all.
    threshold : float
        The probability of the event from which acting is worth it, from 0 to below 1: with 0.1
        one event found is worth nine needless actions, with 0 needless ones cost nothing.

    Returns
    -------
    array
        TP / n - FP / n * threshold / (1 - threshold); not a number where `n` is 0.

    Raises
    ------
    OptionError
        If the threshold is below 0, or 1 or more.

    Notes
    -----
    Vickers AJ, Elkin EB (2006) Med Decis Making 26:565-574.

    Examples
    --------
    >>> round(float(net_benefit(30, 70, 1000, 0.1)), 5)
    0.02222
    """
    if not 0 <= threshold < 1:
        raise OptionError("net_benefit(): a threshold probability is from 0 to below 1.")
    found, needless = (np.asarray(a, np.float64) for a in (true_positives, false_positives))
    with np.errstate(divide="ignore", invalid="ignore"):
        return (found - needless * threshold / (1 - threshold)) / n


def net_effect(
    true_positives: npt.ArrayLike,
    acted_on: npt.ArrayLike,
    n: float,
    threshold: float,
    effect: npt.ArrayLike,
) -> Floats:
    """Net benefit of an action that helps only some of those who have the event.

    Parameters
    ----------
    true_positives, acted_on : array-like
        How many of those acted on have the event, and how many are acted on.
    n : float
        How many there are in all.
    threshold : float
        The reduction in risk from which acting is worth it: 1 / (actions per event averted).
    effect : array-like
        Share of events that the action averts.

    Returns
    -------
    array
        effect * TP / n - acted on / n * threshold.

    Notes
    -----
    Vickers AJ, Kattan MW, Sargent D (2007) Trials 8:14. With an effect of 1 it is
    (1 - threshold) times `net_benefit`.

    Examples
    --------
    >>> round(float(net_effect(30, 100, 1000, 0.1, 0.5)), 5)
    0.005
    """
    found, acted = (np.asarray(a, np.float64) for a in (true_positives, acted_on))
    with np.errstate(divide="ignore", invalid="ignore"):
        return (np.asarray(effect, np.float64) * found - acted * threshold) / n
