"""The good-enough level: whether those who stay for fewer sessions change faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import codes, complete, numbers, said_missing, taken, varying
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.random import fit_random
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.words import p_value

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "good_enough_level()"
LEAST_CLIENTS = 20
TERMS = ("intercept", "session", "length", "session_by_length")


def good_enough_level(frame: Frame, outcome: str, client: str, session: str) -> Estimate:
    """Change by session, by how many sessions a client had in all.

    For asking why more sessions so often go with no more change: if people leave once they are
    well enough, those with fewer sessions change faster in each. It describes; how long somebody
    stays is decided along the way, so it says nothing of what more sessions would do.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
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
        For fewer than 20 clients with two scores, or equal lengths.

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
    likelihood, with the errors of R's lme4.
    """
    frame, columns = taken(frame, [outcome, client, session], CALLER)
    used, left_out = complete(frame, columns, CALLER)
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
    y = varying(repeated, outcome, CALLER)
    fit = fit_random(y, matrix, matrix[:, :2], codes(repeated, client))
    errors = np.sqrt(np.diag(fit.covariance))
    left = {**left_out, **({"only score of a client": single} if single else {})}
    table = tidy_terms(list(TERMS), fit.effects, errors, float("inf"))
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
                    f"change by session differs by length, {p_value(slower['p_value'])}",
                    holds=None if slower["p_value"] >= 0.05 else False,
                ),
                Assumption("Change is a straight line over sessions."),
            ),
            caveat="How long somebody stays follows from how they are; the figures do not say what "
            "more or fewer sessions would do.",
            residual_df=repeated.height - len(TERMS),
        ),
    )
