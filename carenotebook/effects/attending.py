"""Whether attending more goes with, or leads to, a better outcome at a fixed horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.effects.attended import (
    CALLER,
    ESTIMANDS,
    SCHEMA,
    Estimand,
    Study,
    analysed,
    future_term,
    main_terms,
)
from carenotebook.effects.attendingwords import (
    METHODS,
    Method,
    assumptions,
    by_tens,
    caveat,
    estimand_of,
    in_words,
)
from carenotebook.effects.attendingwords import heading as heading_of
from carenotebook.effects.clusters import clusters_of, names_of
from carenotebook.effects.dose import DoseResponse, dose_response
from carenotebook.effects.followup import KEY, FollowUp, Plan, follow
from carenotebook.effects.frames import complete
from carenotebook.effects.sessionweights import SessionWeights, session_weights
from carenotebook.privacy import Released
from carenotebook.results.estimate import Basis, Estimate

Cluster = Literal["client_id", "therapist_id"]
_WHY = {
    "estimand": "estimand= says what is compared: pass "
    '"per_session" (one more of the sessions due) or "share" (ten points more of them)',
    "baseline": "baseline= says from which score on people are followed, since later minus earlier "
    'would reward those who started worst: pass "first" (the first score of the episode) or a '
    'duration such as "4w" (the first, if taken within it)',
    "horizon": "horizon= says when the outcome is read, since the latest score of those who stayed "
    "is not that of those who left: pass a duration after the baseline score, such as "
    '"24w"',
}


@dataclass(frozen=True, repr=False, eq=False)
class AttendanceEffect(Estimate):
    """What `attendance_effect` returns.

    Attributes
    ----------
    method : {"naive", "landmark", "msm", "spline"}
    balance, overlap : polars.DataFrame or None
        Of the weights of the marginal structural model.
    curve : DoseResponse or None
        The smooth curve, with the test of a threshold.
    """

    method: Method
    balance: pl.DataFrame | None
    overlap: pl.DataFrame | None
    curve: DoseResponse | None

    def found(self, released: Released) -> list[str]:
        """The released estimates, a line each."""
        return super().found(Released(in_words(released.frame), released.privacy))


def attendance_effect(  # noqa: PLR0913 - a target trial has many parts, and each must be said
    cohort: Cohort,
    outcome: str = "PHQ-9",
    *,
    estimand: Estimand | None = None,
    baseline: str | None = None,
    horizon: str | None = None,
    method: Method = "msm",
    threshold: float | None = None,
    adjust: Sequence[str] = (),
    window: str = "4w",
    landmark: str | None = None,
    cluster: Cluster | Sequence[Cluster] = "client_id",
) -> AttendanceEffect:
    """Whether attending more of the sessions due goes with a better score at a fixed horizon.

    For asking whether attendance matters, honestly: the score at one calendar time after the
    baseline score and given it, never the latest minus the first. Only "msm" can speak of an
    effect, and only if what decides on attending is recorded; compare the methods, and look at the
    negative controls.

    Parameters
    ----------
    cohort : Cohort
        Needs `measures`.
    outcome : str
        An instrument, as it stands in `measures`.
    estimand : {"per_session", "share"}
        "per_session": one more of the sessions due attended; "share": ten points more of them.
    baseline : str
        "first": people are followed from the first score of an episode; a duration such as "4w":
        only if it was taken within that of the episode's start.
    horizon : str
        When after the baseline score the outcome is read: "24w".
    method : {"naive", "landmark", "msm", "spline"}
        "naive": given the baseline score alone, for contrast. "landmark": attendance up to
        `landmark`, among people still in care then. "msm": a marginal structural model; each
        session is weighted by the chance of attending it given the last score and the history,
        and episodes by the chances of staying and of being measured. "spline": a smooth curve.
    threshold : float, optional
        A share (or number of sessions) that people believe in. Those at or above it are compared
        with the others, and beyond "naive" a break there is tested against a smooth curve.
    adjust : sequence of str
        Columns of `clients` or `episodes` known at the start.
    window : str
        The score nearest to the horizon counts if it is at most this far from it.
    landmark : str, optional
        By default half the horizon.
    cluster : {"client_id", "therapist_id"}, or both in a list
        Whose episodes go together. Both: errors allow for clients and for therapists at once.

    Returns
    -------
    AttendanceEffect
        tidy() has, beside the usual columns, part: "main"; "threshold" (its kink, the change of
        slope, is for a session, its kink_10_points for ten points more); "kind" (a session lost in
        this way instead of attended); "control" (sessions lost to the provider, as comparison
        exposure; attendance after an earlier score, which cannot have changed it).

    Raises
    ------
    OptionError
        Without estimand, baseline or horizon; for too few episodes, a covariate that is constant
        or collinear or separates, or weights that explode.
    MissingDataError
        If the cohort lacks `measures` or a column.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    >>> found = cn.attendance_effect(cohort, estimand="per_session", baseline="first",
    ...                              horizon="10w", method="naive", window="2w")
    >>> found.title
    'Naive comparison: PHQ-9 at 10w by sessions attended'

    Notes
    -----
    No-shows, late and early cancellations enter apart; in "msm" with weights that also follow in
    which way a session was lost (two further models: without a word or cancelled, late or early),
    and not at all where these cannot be fitted. Errors in two ways: Cameron, Gelbach & Miller 2011.

    Landmark: Anderson, Cain & Gelber 1983. Marginal structural model: Robins, Hernan & Brumback
    2000; weights truncated at percentiles 0.1 and 99.9, counted as known, so that errors (by
    cluster) tend to be too wide. Negative controls: Lipsitch, Tchetgen & Cohen 2010.

    How somebody fares between their last score and a session is not recorded, and confounds what
    is left. On made-up cohorts (truth -0.9 a session) in which the last recorded score decides on
    attending, "msm" was off by 0.01 and its intervals held the truth in 97 % ("naive": off by 0.6,
    1 %); where severity on the day decides strongly, and is not recorded, by 0.15 and in 80 %
    ("naive": 0.6, 0 %), and it found an effect where there was none in 45 %
    (`tests/validation/RESULTS.md`).
    """
    check_cohort(cohort, "attendance_effect()")
    check_option("method", method, METHODS)
    plan = _plan(outcome, estimand, baseline, horizon, window)
    wanted: Estimand = estimand or "per_session"
    ways = names_of(cluster, CALLER)
    for way in ways:
        check_option("cluster", way, get_args(Cluster))
    extra = [w for w in ways if w == "therapist_id"]
    study = follow(cohort, plan, [*dict.fromkeys([*adjust, *extra])], CALLER)
    study, left_out = _complete(study, [*adjust, *extra])
    at_landmark = _landmark(landmark, plan) if method == "landmark" else None
    rows, more = _analysed(study, at_landmark)
    used = () if method == "naive" else tuple(adjust)
    weighting = session_weights(study, used, CALLER) if method == "msm" else None
    if weighting is not None:
        rows = rows.join(weighting.frame, on=KEY, maintain_order="left")
    made = Study(rows, wanted, used, ways or ("client_id",), *_weights(weighting))
    return _result(study, made, weighting, (method, threshold, plan, f"{horizon}"), left_out | more)


def _result(
    study: FollowUp,
    made: Study,
    weighting: SessionWeights | None,
    asked: tuple[Method, float | None, Plan, str],
    left_out: dict[str, int],
) -> AttendanceEffect:
    method, threshold, plan, when = asked
    terms, fit = main_terms(made, threshold)
    title = heading_of(method, plan.instrument, when, made)
    curve = _curve(made, threshold, method, title)
    future = future_term(study, made)
    broken = [] if curve is None else [("threshold", *r) for r in curve.tidy().iter_rows()]
    frame = pl.DataFrame(
        [*terms, *broken, *([future] if future else [])], schema=SCHEMA, orient="row"
    )
    found = clusters_of(made.frame, made.cluster, CALLER)
    clients = {"clients": made.frame["client_id"].n_unique(), **(found.counted if found else {})}
    return AttendanceEffect(
        heading=title,
        frame=frame,
        basis=Basis(
            estimand=estimand_of(method, plan.instrument, when, made),
            rows=made.frame.height,
            unit="episodes",
            clusters=clients,
            left_out=left_out,
            missing="Scores are taken at attended sessions, so they are missing where attendance "
            "is low"
            + ("; weights allow for it." if weighting else "; nothing here allows for it."),
            assumptions=tuple(
                dict.fromkeys(
                    (
                        *assumptions(method, frame, weighting, curve),
                        *((found.enough,) if found else ()),
                    )
                )
            ),
            caveat=caveat(method),
            residual_df=fit.residual_df,
        ),
        method=method,
        balance=None if weighting is None else weighting.balance,
        overlap=None if weighting is None else weighting.overlap,
        curve=curve,
    )


def _weights(weighting: SessionWeights | None) -> tuple[str | None, str | None]:
    """The columns of weights: for attending, and for the kinds of loss."""
    if weighting is None:
        return None, None
    return "weight", "kind_weight" if weighting.kinds is None else None


def _plan(
    outcome: str, estimand: str | None, baseline: str | None, horizon: str | None, window: str
) -> Plan:
    given = {"estimand": estimand, "baseline": baseline, "horizon": horizon}
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        raise OptionError(
            f"{CALLER} needs {', '.join(lacking)}: without it the figure has no meaning. "
            f"{'. '.join(_WHY[n] for n in lacking)}."
        )
    check_option("estimand", str(estimand), ESTIMANDS)
    until = duration_us(horizon, "horizon", zero=False)
    near = duration_us(window, "window")
    if near >= until:
        raise OptionError(f"{CALLER}: window= must be shorter than horizon=.")
    soon = None if baseline == "first" else duration_us(baseline, "baseline")
    return Plan(outcome, soon, until, near)


def _landmark(landmark: str | None, plan: Plan) -> int:
    at = plan.horizon // 2 if landmark is None else duration_us(landmark, "landmark", zero=False)
    if at > plan.horizon - plan.window:
        raise OptionError(
            f"{CALLER}: landmark= must lie before the time in which the outcome is read "
            "(horizon less window)."
        )
    return at


def _complete(study: FollowUp, columns: Sequence[str]) -> tuple[FollowUp, dict[str, int]]:
    episodes, missing = complete(study.episodes, list(dict.fromkeys(columns)))
    keys = episodes.select(KEY)
    sessions = study.sessions.join(keys, on=KEY, how="semi", maintain_order="left")
    left_out = {**study.left_out, **missing}
    return FollowUp(episodes, sessions, study.scores, left_out), left_out


def _analysed(study: FollowUp, landmark: int | None) -> tuple[pl.DataFrame, dict[str, int]]:
    if landmark is None:
        return analysed(study)
    at = pl.col("started") + pl.duration(microseconds=landmark)
    dated = study.episodes.with_columns(landmark=at)
    there = dated.filter(pl.col("seen_until") > pl.col("landmark"))
    gone = {"out of care at the landmark": dated.height - there.height}
    kept = FollowUp(there, study.sessions, study.scores, {})
    frame, left = analysed(kept, "landmark")
    return frame, {**{why: n for why, n in gone.items() if n}, **left}


def _curve(made: Study, threshold: float | None, method: Method, title: str) -> DoseResponse | None:
    """The smooth curve for "spline", and wherever a threshold is asked about honestly."""
    if method != "spline" and (threshold is None or method == "naive"):
        return None
    dose = "attended" if made.estimand == "per_session" else "share"
    knots = 4 if made.frame[dose].n_unique() > 8 else 3
    found = dose_response(
        made.frame,
        "score",
        dose,
        made.beside,
        threshold,
        knots,
        cluster=made.cluster,
        weights=made.weights,
    )
    told = found.tidy() if dose == "attended" else by_tens(found.tidy())
    return replace(found, heading=title, frame=told)
