"""How `attendance_effect` says what it estimates, on what it rests, and what it cannot say."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from carenotebook.effects.attended import FUTURE, Study
from carenotebook.effects.dose import KINK, TENS, WORDS, DoseResponse
from carenotebook.effects.propensity import BALANCED
from carenotebook.effects.sessionweights import SessionWeights
from carenotebook.results.estimate import Assumption
from carenotebook.results.words import p_value, significant

Method = Literal["naive", "landmark", "msm", "spline"]
METHODS: tuple[Method, ...] = ("naive", "landmark", "msm", "spline")

_TITLE = {
    "naive": "Naive comparison",
    "landmark": "People still in care at the landmark",
    "msm": "Effect of attending, by a marginal structural model",
    "spline": "Curve of the outcome along attendance",
}
_CAVEAT = {
    "naive": "This naive comparison mixes what sessions do with who comes to them: people who get "
    "worse may come less. It is no effect.",
    "landmark": "It speaks of people still in care at the landmark, not of those who had left.",
    "msm": "It is an effect only if everything that decides on attending and bears on the score "
    "was recorded, the last score among it.",
    "spline": "People who attend more differ otherwise too; the curve does not say what more "
    "sessions would do.",
}
_LEVEL = 0.05
_TERMS = {
    "attended": "one more session attended",
    "share_10_points": "ten points more attended",
    "above_threshold": "at or above the threshold",
    "no_show": "no-show instead of attended",
    "late_cancel": "late cancellation instead of attended",
    "early_cancel": "early cancellation instead of attended",
    "provider_cancel": "comparison: cancelled by the provider instead of attended",
    FUTURE: "negative control: ten points more attended after an earlier score",
    **WORDS,
    KINK: "kink at the threshold: change of slope, a session",
}


def in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """The same estimates, the terms as people would say them."""
    return frame.with_columns(term=pl.col("term").replace(_TERMS))


def by_tens(terms: pl.DataFrame) -> pl.DataFrame:
    """Terms along a share, the change of slope for ten points more of it."""
    kink = pl.col("term") == KINK
    figures = pl.col("estimate", "std_error", "conf_low", "conf_high")
    tens = pl.when(kink).then(figures / 10).otherwise(figures)
    return terms.with_columns(tens, term=pl.col("term").replace(KINK, TENS))


def heading(method: Method, instrument: str, when: str, made: Study) -> str:
    """The title, which names the method."""
    dose = "sessions attended" if made.estimand == "per_session" else "share attended"
    return f"{_TITLE[method]}: {instrument} at {when} by {dose}"


def caveat(method: Method) -> str:
    """One sentence that a layman understands."""
    return _CAVEAT[method]


def estimand_of(method: Method, instrument: str, when: str, made: Study) -> str:
    """What is estimated, as a sentence."""
    more = (
        "one more of the sessions due attended"
        if made.estimand == "per_session"
        else "ten points more of the sessions due attended"
    )
    given = ", ".join(["the baseline score", *made.adjust])
    whom = {
        "naive": "among those who have a score then",
        "landmark": "up to the landmark, among people still in care then who have a score later",
        "msm": "were everybody followed to attend so, nobody leaving and all measured",
        "spline": "among those who have a score then",
    }[method]
    return (
        f"Mean difference in {instrument} {when} after the baseline score for {more}, "
        f"{whom}, given {given}."
    )


def assumptions(
    method: Method,
    frame: pl.DataFrame,
    weighting: SessionWeights | None,
    curve: DoseResponse | None,
) -> tuple[Assumption, ...]:
    """What the method rests on, with what these data say of it."""
    found = [_nothing_else(method, frame)]
    if weighting is not None:
        found += [*_weighted(weighting), _kinds(weighting)]
    else:
        found.append(Assumption("Who has a score at the horizon does not depend on how they are."))
    found.append(_provider(frame))
    return (*found, *(curve.basis.assumptions[1:] if curve is not None else ()))


def _nothing_else(method: Method, frame: pl.DataFrame) -> Assumption:
    """Confounding, with the negative control that can show it."""
    text = (
        "Given the last score and the history, nothing unrecorded decides on attending."
        if method == "msm"
        else "Given what was adjusted for, how people are does not decide on attending."
    )
    control = frame.filter(pl.col("term") == FUTURE).to_dicts()
    if not control:
        return Assumption(text, "too few earlier scores for the negative control")
    p, estimate = control[0]["p_value"], control[0]["estimate"]
    said = (
        f"negative control: ten points more of later sessions go with {significant(estimate)} "
        f"points on an earlier score, {p_value(p)}; it should be none"
    )
    if method == "msm":
        return Assumption(text, f"{said} without weights, which are there to remove it")
    return Assumption(text, said, holds=None if p >= _LEVEL else False)


def _weighted(weighting: SessionWeights) -> list[Assumption]:
    worst = [float(np.abs(weighting.balance[c].to_numpy()).max()) for c in ("before", "after")]
    low = float(weighting.overlap["propensity_low"].to_numpy().min())
    high = float(weighting.overlap["propensity_high"].to_numpy().max())
    return [
        Assumption(
            "The models of attending, staying and being measured are right.",
            f"largest standardised difference between sessions attended and lost {worst[0]:.2f} "
            f"before, {worst[1]:.2f} after weighting",
            holds=worst[1] <= BALANCED,
        ),
        Assumption(
            "Any session could have been attended, or lost, by anyone.",
            f"chances of attending mostly {low:.0%} to {high:.0%}; weights truncated at "
            f"percentiles 0.1 and 99.9, largest {weighting.largest:.1f} before that; they leave "
            f"{weighting.effective:.0%} of the size",
        ),
    ]


def _kinds(weighting: SessionWeights) -> Assumption:
    text = "In which way a session is lost is told by the last score and the history too."
    if weighting.kinds is not None:
        return Assumption(text, f"kinds of loss are not told apart: {weighting.kinds}")
    return Assumption(text, "kinds of loss have weights of their own, from models in sequence")


def _provider(frame: pl.DataFrame) -> Assumption:
    """Sessions that the provider cancels are lost whatever the client's state."""
    text = "A session lost matters, whoever lost it; sessions lost to the provider show it unmixed."
    row = frame.filter(pl.col("term") == "provider_cancel").to_dicts()
    if not row:
        return Assumption(text, "too few sessions lost to the provider")
    low, high = (significant(row[0][k]) for k in ("conf_low", "conf_high"))
    return Assumption(
        text,
        f"one lost to the provider instead of attended goes with {significant(row[0]['estimate'])} "
        f"points, 95 % CI {low} to {high}",
    )
