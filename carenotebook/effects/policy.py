"""What a policy did to everyone referred, with all that it moved elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError
from carenotebook.core.options import EVENTS, MISSED, SCHEDULED, check_option
from carenotebook.core.parts import CLIENT
from carenotebook.core.spoken import spoken
from carenotebook.effects.did import difference_in_differences
from carenotebook.effects.its import interrupted_time_series
from carenotebook.effects.policy_rows import client_rows, series_of, unit_rows
from carenotebook.effects.referred import ACROSS, AFTER, BEFORE, Referred, referred, starts_of
from carenotebook.effects.wedge import stepped_wedge
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Assumption, Estimate
from carenotebook.results.proportions import release_proportions, shares
from carenotebook.results.words import from_to, p_value, significant

Design = Literal["its", "did", "stepped_wedge"]
Every = Literal["1w", "1mo", "1q"]
_CALLER = "policy_effect()"
_MEASURES = (*EVENTS, "sessions")
_OPTIONS = {
    "its": ("family", "slope_change", "harmonics", "period", "covariance", "lags"),
    "did": ("method", "control", "inference", "draws", "seed"),
    "stepped_wedge": ("random",),
}
_FIGURES = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
_COUNTS = ("count", "referrals", "clients")
_MANY = 11
"""Appointments below which their number is not told."""
_SUMS = {"sessions": SCHEDULED, "missed": MISSED}


@dataclass(frozen=True, repr=False, eq=False)
class PolicyEffect(Estimate):
    """What `policy_effect` returns.

    Attributes
    ----------
    design : {"its", "did", "stepped_wedge"}
    measure : str
    model : Estimate
        What the frame-level method returns, with its diagnostics, placebo dates and chart.
    outcomes : polars.DataFrame
        The same design on each outcome, so that what moves from one to another shows: outcome,
        before and after (means a referral), the counts behind them (count_, referrals_, clients_
        with before and after), estimate, std_error, conf_low, conf_high, p_value; with "its" ratio,
        ratio_low, ratio_high; why (an outcome has no estimate, else null).
    panel : polars.DataFrame
        Where everyone stood at the end of follow-up: side ("before", "after"), state, and the
        columns of `carenotebook.results.proportions.COLUMNS`; shares sum to 1 on each side.
    """

    design: Design
    measure: str
    model: Estimate
    outcomes: pl.DataFrame
    panel: pl.DataFrame

    def tidy(self) -> pl.DataFrame:
        """The terms of the design's model.

        Returns
        -------
        polars.DataFrame
            "its": level_change and the others (logarithms, with ratios); "did": att;
            "stepped_wedge": average_effect and by exposure (differences a referred client).
        """
        return self.frame

    def released_outcomes(self, privacy: Privacy | None = None) -> Released:
        """`outcomes` as they may be shown: means from rounded counts, rare ones hidden.

        A sum over outcomes is hidden too where it would give a hidden one away.
        """
        gate = privacy or Privacy()
        hidden = self.basis.tells_too_much(gate)
        small = pl.lit(hidden)
        for side in (BEFORE, AFTER):
            small = small | gate.is_small(f"clients_{side}") | gate.is_small(f"count_{side}")
        frame = self.outcomes.with_columns(small.alias(SUPPRESSED))
        lost = frame.filter(SUPPRESSED)["outcome"].to_list()
        telling = [s for s, parts in _SUMS.items() if any(p in lost for p in parts)]
        frame = frame.with_columns(pl.col(SUPPRESSED) | pl.col("outcome").is_in(telling))
        rounded = [
            (gate.rounded(f"count_{s}") / gate.rounded(f"referrals_{s}")).alias(s)
            for s in (BEFORE, AFTER)
        ]
        counts = [f"{c}_{s}" for c in _COUNTS for s in (BEFORE, AFTER)]
        frame = frame.with_columns(rounded).drop(counts)
        blank = [c for c in frame.columns if c not in ("outcome", "why", SUPPRESSED)]
        shown = [pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)).alias(c) for c in blank]
        return Released(frame.with_columns(shown), gate)

    def released_panel(self, privacy: Privacy | None = None) -> Released:
        """`panel` as it may be shown; no total tells a hidden state."""
        return release_proportions(
            self.panel, privacy or Privacy(), ["side", "state"], category="state", groups=["side"]
        )

    def found(self, released: Released) -> list[str]:
        """The effect, then what happened to every outcome and to everyone."""
        lines = self.model.found(released)
        if released.hidden:
            return lines
        gate = released.privacy
        rows = self.released_outcomes(gate).frame.iter_rows(named=True)
        states = self.released_panel(gate).frame
        ended = states.filter(pl.col("state").str.starts_with("ended"))
        told = [_ended(side, ended.filter(side=side)) for side in (BEFORE, AFTER)]
        return [
            *lines,
            "All outcomes, a referred client (they show where misses went):",
            *(f"- {_outcome(r, self.design)}" for r in rows),
            f"Ended within follow-up: {'; '.join(told)}.",
        ]


def policy_effect(  # noqa: PLR0913 - what such a question can be told
    cohort: Cohort,
    policy: str | None = None,
    design: Design = "its",
    measure: str = "missed",
    *,
    follow_up: str = "12w",
    every: Every = "1mo",
    unit: Literal["site", "therapist_id"] = "site",
    options: Mapping[str, Any] | None = None,
) -> PolicyEffect:
    """What a policy did to everyone who was referred, within the same time of follow-up.

    For judging a cancellation policy, a fee, reminders or an ending rule. The count is of each
    outcome *a referred client*: a rate of attendance would rise when a policy turns no-shows into
    late cancellations, or ends the care of those who miss, and here both show. Each client is
    followed from referral for the same time; those whose follow-up lies across the start are left
    out ("its", "stepped_wedge") or not judged ("did"). Not for learning what the policy does to one
    client, nor where it came because of a bad month.

    Parameters
    ----------
    cohort : Cohort
        With `policies`.
    policy : str, optional
        Its name there; needed with several.
    design : {"its", "did", "stepped_wedge"}
        "its": it began for everyone at once. "did": some sites had it and others did not, or not
        yet. "stepped_wedge": it reached all sites in turn.
    measure : str
        "missed" (no-show or late cancellation), another outcome ("no_show", "attended", ...), or
        "sessions" (all that have a usable outcome).
    follow_up : str
        From referral (from the start of care, where `referred_at` is not known), such as "12w".
    every : {"1w", "1mo", "1q"}
        Clients are gathered by the week, month or quarter of their referral.
    unit : {"site", "therapist_id"}
        Of "did" and "stepped_wedge"; a column of `episodes` and of `policies`.
    options : mapping, optional
        For the design's own function: `carenotebook.effects.interrupted_time_series` (family,
        here "quasipoisson" by default, slope_change, harmonics, period, covariance, lags),
        `difference_in_differences` (method, control, here "not_yet" by default, inference, draws,
        seed) or `stepped_wedge` (random).

    Returns
    -------
    PolicyEffect

    Raises
    ------
    MissingDataError
        If the cohort has no policies, or no such unit.
    OptionError
        For an unknown policy, measure or option, a design that does not fit how the policy began,
        or too few periods on a side.

    Notes
    -----
    The clients of a period count as one point, so that what a client does twice is in its spread.
    Methods, and what they assume, are those of the design's own function.

    Where referrals reach further back than the records, only those who waited long are seen of the
    first periods, which bends the course before the policy. Say with the cohort's `observed_from`
    when the records begin; earlier referrals are then left out. In made-up services an effect of
    -0.50 came out as -0.61 without it and as -0.49 with it.

    Examples
    --------
    That keeping to a policy raises attendance by 30 % is a claim without a source. As a ratio it
    says 1.3 sessions attended a referred client, for one without the policy:

    >>> import carenotebook as cn
    >>> cohort, truth = cn.synthetic_cohort(clients=2000, seed=1)
    >>> effect = cn.policy_effect(cohort, measure="attended")
    >>> row = effect.tidy().row(0, named=True)
    >>> row["term"], row["ratio_low"] < 1.3 < row["ratio_high"]
    ('level_change', False)

    Here it is not among the ratios that the data allow. Where it is, look whether 1 is, too, and
    at `effect.model.detectable()`: data that allow both say little.
    """
    check_cohort(cohort, "policy_effect()")
    check_option("design", design, get_args(Design))
    check_option("measure", measure, _MEASURES)
    check_option("every", every, get_args(Every))
    chosen = dict(options or {})
    for name in chosen:
        check_option("options", name, _OPTIONS[design])
    length = duration_us(follow_up, "policy_effect(follow_up=)", zero=False)
    own = None if design == "its" else unit
    people = referred(cohort, starts_of(cohort, policy, own), own, length, every)
    rows, counts, fit = _designed(people, design, (own, every), chosen)
    model = fit(measure)
    return PolicyEffect(
        heading=f"What the policy did to {spoken(measure)}, a referred client",
        frame=model.frame,
        basis=_basis(model, people, rows, measure, follow_up),
        design=design,
        measure=measure,
        model=model,
        outcomes=_outcomes(_by_side(rows, counts), fit, model, measure),
        panel=_panel(rows),
    )


def _designed(
    people: Referred, design: Design, layout: tuple[str | None, str], chosen: dict[str, Any]
) -> tuple[pl.DataFrame, pl.DataFrame, Callable[[str], Estimate]]:
    """The clients who enter, counts of theirs, and the design as a function of the measure."""
    unit, every = layout
    if design == "its":
        found = series_of(people)
        points, start = found.points, found.start
        given = {"family": "quasipoisson"} | chosen

        def series(measure: str) -> Estimate:
            return interrupted_time_series(points, measure, "period", start, "clients", **given)

        return found.clients, found.counts, series
    if design == "stepped_wedge":
        clients = client_rows(people)

        def wedge(measure: str) -> Estimate:
            return stepped_wedge(clients, measure, str(unit), "period", "first", **chosen)

        return clients, clients, wedge
    rows, means, phase_in = unit_rows(people, str(unit), every)
    given = {"control": "not_yet", "phase_in": phase_in} | chosen

    def differences(measure: str) -> Estimate:
        return difference_in_differences(means, measure, str(unit), "period", "first", **given)

    return rows, rows, differences


def _outcomes(
    sides: dict[str, dict[str, int]], fit: Callable[[str], Estimate], model: Estimate, measure: str
) -> pl.DataFrame:
    """The same design on every outcome that occurs."""
    figures = [*_FIGURES, *(c for c in ("ratio", "ratio_low", "ratio_high") if c in model.frame)]
    found = []
    for name in _MEASURES:
        events = {s: sums[name] for s, sums in sides.items()}
        if not any(events.values()):
            continue
        told, why = _told(name, fit, model if name == measure else None)
        means = {s: n / sides[s]["referrals"] for s, n in events.items() if sides[s]["referrals"]}
        many = {f"{c}_{s}": sides[s][c] for c in ("clients", "referrals") for s in sides}
        found.append(
            {
                "outcome": name,
                **dict.fromkeys(sides),
                **means,
                **many,
                **{f"count_{s}": n for s, n in events.items()},
                **{f: told.get(f) for f in figures},
                "why": why,
            }
        )
    numbers = dict.fromkeys(["before", "after", *figures], pl.Float64)
    counts = [f"{c}_{s}" for c in _COUNTS for s in (BEFORE, AFTER)]
    schema = {"outcome": pl.String, **numbers, **dict.fromkeys(counts, pl.Int64), "why": pl.String}
    return pl.DataFrame(found, schema_overrides=schema)


def _by_side(rows: pl.DataFrame, counts: pl.DataFrame) -> dict[str, dict[str, int]]:
    """How many referrals, clients and events there are before and after."""
    found = {}
    for side in (BEFORE, AFTER):
        clients = rows.filter(side=side)[CLIENT]
        events = counts.filter(side=side).select(pl.col(_MEASURES).sum()).row(0, named=True)
        found[side] = {"referrals": len(clients), "clients": clients.n_unique(), **events}
    return found


def _panel(rows: pl.DataFrame) -> pl.DataFrame:
    """Where everyone stood at the end of follow-up, on each side."""
    followed = rows.filter(pl.col("side") != ACROSS)
    known = shares(followed, "state", ["side"], CLIENT)
    return known.with_columns(pl.col("side", "state").cast(pl.String)).sort("side", "state")


def _told(
    name: str, fit: Callable[[str], Estimate], known: Estimate | None
) -> tuple[dict[str, Any], str | None]:
    try:
        model = fit(name) if known is None else known
    except OptionError as error:
        return {}, str(error)
    return model.frame.row(0, named=True), None


def _basis(
    model: Estimate, people: Referred, rows: pl.DataFrame, measure: str, follow_up: str
) -> Any:
    others = people.frame.height - rows.height
    aside = {"followed across the start, or at an end of the series": others}
    aside |= {k: n for k, n in model.basis.left_out.items() if not k.startswith("no ")}
    what = spoken(measure)
    return replace(
        model.basis,
        estimand=f"Effect of the policy on {what} a referred client within {follow_up} of "
        f"referral, everyone counted who has an episode. {model.basis.estimand}",
        rows=rows.height,
        unit="rows",
        clusters={"clients": rows[CLIENT].n_unique(), **model.basis.clusters},
        left_out={k: n for k, n in (people.left_out | aside).items() if n},
        missing=_missing(people.unresolved),
        assumptions=(
            *model.basis.assumptions,
            Assumption("The policy does not change who is referred, nor who begins care."),
        ),
        residual_df=None,
    )


def _missing(unresolved: int) -> str:
    if not unresolved:
        return "Every past appointment within follow-up has a usable outcome."
    many = f"About {5 * round(unresolved / 5)}" if unresolved >= _MANY else "A few"
    return f"{many} past appointments without a usable outcome are in no count."


def _ended(side: str, states: pl.DataFrame) -> str:
    shown = states.filter(~pl.col(SUPPRESSED)).iter_rows(named=True)
    told = [f"{_plain(r['state'])} {100 * r['estimate']:.1f} %" for r in shown]
    hidden = ["others hidden"] if states[SUPPRESSED].any() else []
    return f"{side}: {', '.join([*told, *hidden]) or 'nobody'}"


def _plain(state: str) -> str:
    return spoken(state.removeprefix("ended_"))


def _outcome(row: Mapping[str, Any], design: str) -> str:
    """A released row of `outcomes` in words."""
    name = spoken(str(row["outcome"]))
    if row[SUPPRESSED]:
        return f"{name}: hidden, for want of cases"
    means = f"{name}: {significant(row['before'])} before, {significant(row['after'])} after"
    kind, low, high = ("ratio", "ratio_low", "ratio_high")
    if design != "its" or row.get("ratio") is None:
        kind, low, high = ("estimate", "conf_low", "conf_high")
    if row[kind] is None:
        return f"{means}; no estimate"
    inside = "" if row[low] is None else f" (95 % CI {from_to(row[low], row[high])})"
    chance = "" if row["p_value"] is None else f", {p_value(row['p_value'])}"
    label = "ratio" if kind == "ratio" else "difference"
    return f"{means}; {label} {significant(row[kind])}{inside}{chance}"
