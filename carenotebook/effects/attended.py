"""What attendance by episode is set against: the rows, the models and the negative controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.clusters import clusters_of
from carenotebook.effects.dose import tidy_row
from carenotebook.effects.followup import KEY, LOSSES, OTHER, FollowUp, counted
from carenotebook.effects.frames import design, numbers
from carenotebook.effects.linear import Linear, fit_linear
from carenotebook.effects.sessionweights import varied

CALLER = "attendance_effect()"
Estimand = Literal["per_session", "share"]
ESTIMANDS: tuple[Estimand, ...] = ("per_session", "share")
LEAST_RESIDUAL = 20
FUTURE = "future share_10_points on an earlier score"
SCHEMA = {
    "part": pl.String,
    "term": pl.String,
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "statistic": pl.Float64,
    "p_value": pl.Float64,
}
Row = tuple[object, ...]


@dataclass(frozen=True)
class Study:
    """What is regressed on what.

    Attributes
    ----------
    frame : polars.DataFrame
        One row an episode: score, baseline, due, attended, share, share_10_points, the losses.
    estimand : {"per_session", "share"}
    adjust : tuple of str
    cluster : tuple of str
        Client, therapist, or both.
    weights : str or None
    kind_weights : str or None
        Those that tell kinds of loss apart.
    """

    frame: pl.DataFrame
    estimand: Estimand
    adjust: tuple[str, ...]
    cluster: tuple[str, ...]
    weights: str | None = None
    kind_weights: str | None = None

    @property
    def dose(self) -> str:
        """The column whose coefficient is asked for."""
        return "attended" if self.estimand == "per_session" else "share_10_points"

    @property
    def beside(self) -> list[str]:
        """What is held equal: a session, or a share, more means of the same number due.

        Without it, shares of few and of many sessions mix, and breaks appear that are none.
        """
        return varied(self.frame, ["due", "baseline", *self.adjust])


def analysed(study: FollowUp, until: str = "counted_to") -> tuple[pl.DataFrame, dict[str, int]]:
    """Episodes with an outcome and sessions due before `until`, and who is left out."""
    ends = study.episodes.select(*KEY, _until=until)
    counts = counted(study.sessions.join(ends, on=KEY), pl.col("_until"))
    known = study.episodes.drop_nulls("score")
    frame = known.join(counts, on=KEY, maintain_order="left")
    left = {
        "no score near the horizon": study.episodes.height - known.height,
        "no session due in the time that counts": known.height - frame.height,
    }
    shares = frame.with_columns(share_10_points=pl.col("share") * 10)
    return shares, {why: n for why, n in left.items() if n}


def main_terms(study: Study, threshold: float | None) -> tuple[list[Row], Linear]:
    """The dose; with a threshold those at or above it; and each kind of loss."""
    fit, names = _fit(study.frame, "score", [study.dose, *study.beside], study)
    rows = [_row("main", study.dose, fit, names)]
    if threshold is not None:
        rows.append(_above(study, threshold))
    return [*rows, *_kinds(study)], fit


def future_term(study: FollowUp, made: Study) -> Row | None:
    """A negative control: attendance after an earlier score cannot have changed it."""
    half = (pl.col("until") - pl.col("started")) / 2
    episodes = study.episodes.with_columns(half=pl.col("started") + half)
    earlier = (
        study.scores.join(episodes.select(*KEY, "started", "half"), on=KEY)
        .filter(pl.col("at") > pl.col("started"), pl.col("at") <= pl.col("half"))
        .group_by(KEY, maintain_order=True)
        .agg(taken=pl.col("at").last(), earlier=pl.col("score").last())
    )
    dated = study.sessions.join(earlier, on=KEY)
    after = counted(dated.filter(pl.col("at") > pl.col("taken"))).select(*KEY, future="share")
    frame = (
        episodes.select(*KEY, "baseline", *made.adjust, *_more(made.cluster))
        .join(earlier, on=KEY)
        .join(counted(dated, pl.col("taken")), on=KEY)
        .join(after, on=KEY, maintain_order="left")
        .with_columns(future_10_points=pl.col("future") * 10)
    )
    beside = varied(frame, ["baseline", "due", "attended", *made.adjust]) if frame.height else []
    if frame.height < len(beside) + LEAST_RESIDUAL or frame["future"].n_unique() < 2:
        return None
    plain = Study(frame, made.estimand, made.adjust, made.cluster)
    fit, names = _fit(frame, "earlier", ["future_10_points", *beside], plain)
    row = _row("control", "future_10_points", fit, names)
    return (row[0], FUTURE, *row[2:])


def _more(cluster: Sequence[str]) -> list[str]:
    return [c for c in cluster if c not in KEY]


def _fit(
    frame: pl.DataFrame, outcome: str, columns: Sequence[str], study: Study
) -> tuple[Linear, list[str]]:
    matrix, names = design(frame, columns, CALLER)
    if frame.height < len(names) + LEAST_RESIDUAL:
        raise OptionError(
            f"{CALLER}: {frame.height} episodes can be compared; too few for {len(names)} terms. "
            "Widen window=, choose another horizon, or adjust for less."
        )
    whole = np.column_stack([np.ones(frame.height), matrix])
    weights = None if study.weights is None else numbers(frame, study.weights, CALLER)
    clusters = clusters_of(frame, study.cluster, CALLER)
    return fit_linear(numbers(frame, outcome, CALLER), whole, clusters, weights), names


def _row(part: str, term: str, fit: Linear, names: list[str]) -> Row:
    unit = np.eye(len(names) + 1)[[names.index(term) + 1]]
    found = {k: float(v[0]) for k, v in fit.at(unit).items()}
    return (part, *tidy_row(term, found, fit.freedom))


def _above(study: Study, threshold: float) -> Row:
    """Those at or beyond the threshold against the others, as people put it."""
    column = "attended" if study.estimand == "per_session" else "share"
    frame = study.frame.with_columns(above_threshold=pl.col(column) >= threshold)
    reached = int(frame["above_threshold"].sum())
    if not 10 <= reached <= frame.height - 10:
        raise OptionError(
            f"{CALLER}: threshold={threshold:g} leaves fewer than 10 episodes on one side. "
            + ("It is a number of sessions." if column == "attended" else "It is a share, 0 to 1.")
        )
    fit, names = _fit(frame, "score", ["above_threshold", *study.beside], study)
    return _row("threshold", "above_threshold", fit, names)


def _kinds(study: Study) -> list[Row]:
    """A session lost in each way instead of attended; the provider's are a comparison exposure."""
    lost = varied(study.frame, [*LOSSES, OTHER])
    beside = varied(study.frame, ["due", "baseline", *study.adjust])
    if not lost or study.frame.height < len(lost) + len(beside) + LEAST_RESIDUAL:
        return []
    if study.weights is not None and study.kind_weights is None:
        return []
    told = replace(study, weights=study.kind_weights)
    fit, names = _fit(study.frame, "score", [*lost, *beside], told)
    return [
        _row("control" if name == "provider_cancel" else "kind", name, fit, names)
        for name in lost
        if name != OTHER
    ]
