"""The good-enough level: whether those who stay for fewer sessions change faster."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array, codes, complete, numbers, require, said_missing
from carenotebook.effects.glm import tidy_terms
from carenotebook.results.estimate import Assumption, Basis, Estimate

CALLER = "good_enough_level()"
LEAST_CLIENTS = 20
TERMS = ("intercept", "session", "length", "session_by_length")


def good_enough_level(frame: pl.DataFrame, outcome: str, client: str, session: str) -> Estimate:
    """Change by session, by how many sessions a client had in all.

    For asking why more sessions so often go with no more change: if people leave once they are
    well enough, those with fewer sessions change faster in each. It describes; how long somebody
    stays is decided along the way, so it says nothing of what more sessions would do.

    Parameters
    ----------
    frame : polars.DataFrame
        One row a client and session with a score.
    outcome, client : str
    session : str
        Column of the session's number: 1, 2, ...; a client's length is the largest.

    Returns
    -------
    Estimate
        tidy() has the terms intercept, session (change a session at the mean length), length (a
        session more in all, at the first session) and session_by_length: above 0 on a scale where
        lower is better, the longer stay changes more slowly.

    Raises
    ------
    OptionError
        For fewer than 20 clients with two scores, equal lengths, or a model that does not converge.

    Examples
    --------
    >>> import carenotebook as cn, numpy as np, polars as pl
    >>> chance, rows = np.random.default_rng(1), []
    >>> for who in range(60):
    ...     total, start = 3 + who % 8, chance.normal(18, 3)
    ...     for s in range(1, total + 1):
    ...         rows.append((who, s, start - 12 * s / total + chance.normal()))
    >>> data = pl.DataFrame(rows, schema=["who", "session", "score"], orient="row")
    >>> found = cn.effects.good_enough_level(data, "score", "who", "session").tidy()
    >>> found.filter(term="session_by_length")["conf_low"].item() > 0
    True

    Notes
    -----
    Barkham and others 2006, J Consult Clin Psychol 74:160; as a growth model, Baldwin and others
    2009, J Consult Clin Psychol 77:203. Intercept and slope vary between clients; maximum
    likelihood by statsmodels.
    """
    columns = require(frame, [outcome, client, session], CALLER)
    used, left_out = complete(frame, columns)
    numbered = used.with_columns(_length=pl.col(session).max().over(client))
    repeated = numbered.filter(pl.len().over(client) > 1)
    single = numbered.height - repeated.height
    clients = repeated[client].n_unique()
    if clients < LEAST_CLIENTS:
        raise OptionError(f"{CALLER}: fewer than {LEAST_CLIENTS} clients have two scores.")
    at, length = (numbers(repeated, c, CALLER) for c in (session, "_length"))
    if np.ptp(length) == 0:
        raise OptionError(f"{CALLER}: every client has as many sessions; nothing to compare.")
    centred = length - length.mean()
    matrix = np.column_stack([np.ones(len(at)), at - 1, centred, (at - 1) * centred])
    estimate, errors = _fit(numbers(repeated, outcome, CALLER), matrix, codes(repeated, client))
    left = {**left_out, **({"only score of a client": single} if single else {})}
    table = tidy_terms(list(TERMS), estimate, errors, float("inf"))
    slower = table.filter(term="session_by_length").row(0, named=True)
    return Estimate(
        heading=f"Change in {outcome} by session and by length of care",
        frame=table,
        basis=Basis(
            estimand=f"Change in {outcome} a session, and how it differs by the number of sessions "
            "a client had in all.",
            rows=repeated.height,
            clusters={"clients": clients},
            left_out=left,
            missing=said_missing(frame.height, repeated.height, left),
            assumptions=(
                Assumption(
                    "Each session changes as much, whatever the length (dose-response).",
                    f"change by session differs by length, p = {slower['p_value']:.3f}",
                    holds=None if slower["p_value"] >= 0.05 else False,
                ),
                Assumption("Change is a straight line over sessions."),
            ),
            caveat="How long somebody stays follows from how they are; the figures do not say what "
            "more or fewer sessions would do.",
            residual_df=repeated.height - len(TERMS),
        ),
    )


def _fit(y: Array, matrix: Array, groups: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    scale = np.abs(matrix).max(0)
    scaled = matrix / scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)
        model = sm.MixedLM(y, scaled, groups, exog_re=scaled[:, :2])
        fit = model.fit(reml=False, method=["lbfgs", "powell"])
    if not fit.converged:
        raise OptionError(
            f"{CALLER}: the model does not converge; there may be too few sessions a client."
        )
    between = np.asarray(fit.cov_re)
    information = sum(_information(scaled[groups == g], between, fit.scale) for g in set(groups))
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return np.asarray(fit.fe_params) / scale, errors / scale


def _information(rows: Array, between: Array, within: float) -> Array:
    """What a client tells of the fixed terms: expected, given the variances, as in lme4."""
    varied = rows[:, :2]
    spread = within * np.eye(len(rows)) + varied @ between @ varied.T
    return np.asarray(rows.T @ np.linalg.solve(spread, rows))
