"""The log-rank test, also where some group is never at risk together with another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from carenotebook.effects.frames import Array

_TELLS_NOTHING = 1e-10


def log_rank(
    time: Array, status: npt.NDArray[np.int64], group: npt.NDArray[np.int64]
) -> tuple[float | None, int, float | None]:
    """Mantel's test that events come alike in all groups.

    Parameters
    ----------
    time : array of shape (rows,)
    status : array of shape (rows,)
        1 where the event came, 0 where follow-up ended before it.
    group : array of shape (rows,)
        0, 1, ...

    Returns
    -------
    tuple
        Chi-squared, degrees of freedom, p-value; None where no two groups were ever at risk
        together.

    Notes
    -----
    Mantel 1966; hypergeometric variance. A group that was never at risk beside another tells
    nothing and has no degree of freedom, as in R's survdiff; statsmodels has no answer there.

    Examples
    --------
    >>> import numpy as np
    >>> time, group = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1])
    >>> round(log_rank(time, np.ones(4, np.int64), group)[0], 3)
    2.882
    """
    from scipy.stats import chi2

    at = np.unique(time[status == 1])
    count = int(group.max()) + 1
    at_risk, died = np.zeros((count, len(at))), np.zeros((count, len(at)))
    for g in range(count):
        mine = np.sort(time[group == g])
        at_risk[g] = len(mine) - np.searchsorted(mine, at, side="left")
        died[g] = np.bincount(
            np.searchsorted(at, time[(group == g) & (status == 1)]), minlength=len(at)
        )
    all_, gone = at_risk.sum(0), died.sum(0)
    share = at_risk / all_
    apart = (died - gone * share).sum(1)
    spread = gone * (all_ - gone) / np.maximum(all_ - 1, 1)
    variance = np.diag((share * spread).sum(1)) - (share * spread) @ share.T
    size = max(float(np.abs(variance).max()), 1.0)
    freedom = int(np.linalg.matrix_rank(variance, tol=_TELLS_NOTHING * size, hermitian=True))
    if not freedom:
        return None, 0, None
    statistic = float(
        apart @ np.linalg.pinv(variance, rcond=_TELLS_NOTHING, hermitian=True) @ apart
    )
    return statistic, freedom, float(chi2.sf(statistic, freedom))
