"""`decision`: a rule as what triggers an action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from carenotebook.appraise.evidence import reviews_of
from carenotebook.appraise.looks import listed, looks
from carenotebook.appraise.net_values import (
    CELLS,
    COUNTS,
    EVERYONE,
    NOBODY,
    Benefit,
    sums_by_client,
    table,
    worth,
)
from carenotebook.core.durations import say_duration
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.criteria.flags import TELLING
from carenotebook.criteria.protocol_replay import ProtocolReplay
from carenotebook.criteria.replay import Replay
from carenotebook.describe.seen import ends_are_known
from carenotebook.privacy import Privacy, Released, release
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, from_to, number, percent, significant

Action = Literal["review", "outreach"]

_FIGURES = ("net", "estimate", "conf_low", "conf_high")
_LONGEST_STEP = 0.01
_NO_ENDING = (
    "decision(): action={!r} is not one that a rule may trigger. An ending helps none of those "
    "whom it meets, so no threshold makes it worth its harm, and a criterion ends in a "
    "clinician's review. Take action='review' or action='outreach'."
)


@dataclass(frozen=True, repr=False, eq=False)
class Decision(Result):
    """What `decision` returns.

    Attributes
    ----------
    replays : tuple of Replay
    action, horizon, every : str
        As given to `decision`.
    benefit : tuple of float, or None
        The share of those who stay away whom the action is taken to bring back, and its interval.
        None: no estimate, and then nothing here is called a benefit.
    source : str
        Where that estimate comes from.
    frame : polars.DataFrame
        Exact figures.
    left_out, left_out_clients : int
        Looks that could not be followed, and their clients.
    """

    replays: tuple[Replay, ...]
    action: Action
    horizon: str
    every: str
    benefit: Benefit | None
    source: str
    frame: pl.DataFrame
    left_out: int
    left_out_clients: int

    @property
    def what(self) -> str:
        """What a net value is called: a benefit only where the action's is estimated."""
        return "triage" if self.benefit is None else "benefit"

    @property
    def title(self) -> str:
        """Names the action, and whether it is triage or benefit."""
        kind = "Triage" if self.benefit is None else "Net benefit"
        return f"{kind}: a rule as the trigger for {self.action}"

    def tidy(self) -> pl.DataFrame:
        """One row a model and threshold, exact.

        Returns
        -------
        polars.DataFrame
            model (a rule's name, "everyone", "nobody"), threshold, net_triage or net_benefit (per
            look), estimate (standardised) with conf_low and conf_high, true_positives (looks with
            the client on the list, who then stays away), false_positives, events (looks after which
            the client stays away), looks, clients, and clients with a look of each kind.
        """
        return self.frame.rename({"net": f"net_{self.what}"})

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown: they follow from the rounded counts.

        A rule is hidden where its number of flags is hidden elsewhere, where few clients have a
        look of a kind, or where its list differs from that of an earlier rule by few clients.
        """
        gate = privacy or Privacy()
        hidden = {r.rule.name for r in self.replays if r.states().hides_flagged(gate)}
        hidden |= _alike(self.replays, gate) | {
            r.rule.name for r in self.replays if r.intervals.is_empty()
        }
        telling = pl.col("model").is_in(list(hidden)).cast(pl.Int64)
        shown = release(
            self.frame.with_columns(telling.alias(TELLING)),
            gate,
            clients=("clients", *CELLS, TELLING),
            counts=COUNTS,
            values=_FIGURES,
            derive=lambda rows: _refigured(rows, gate, self.benefit),
        ).frame.drop(*CELLS, TELLING)
        named = shown.with_columns(unit=pl.lit("value"), net=pl.col("net") * 1000)
        return Released(named.rename({"net": f"net_{self.what}_per_1000"}), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """What the list is worth at each threshold, what it rests on, and the caveat."""
        gate = privacy or Privacy()
        return "\n".join(_summary(self, self.released(gate).frame, gate))


def decision(  # noqa: PLR0913 - what a decision rests on
    replays: Replay | ProtocolReplay | Sequence[Replay | ProtocolReplay],
    action: Action = "review",
    *,
    horizon: str = "8w",
    every: str = "4w",
    thresholds: Sequence[float] = (2, 3, 5, 10, 20),
    benefit: float | Benefit | None = None,
    source: str = "",
    draws: int = 500,
    seed: int = 0,
) -> Decision:
    """Judge a rule as what triggers an action, by how much action staff accept for what it brings.

    For seeing whether a list of a rule's beats seeing to everyone or to nobody, at a workload that
    a service would accept. Not for endings, which are refused, and not for choosing a threshold: a
    service knows what it accepts before it looks.

    Parameters
    ----------
    replays : Replay or ProtocolReplay, or a sequence of them
        Rules replayed on one cohort; of a protocol, its last stage.
    action : {"review", "outreach"}
    horizon : str
        Who attends no session for so long after a look stays away (unless care ended in it by
        agreement or death); that is whom the action is for.
    every : str
        The staff look at the list so often since an episode is first seen.
    thresholds : sequence of float
        How many actions are accepted for one extra re-engagement; without a `benefit`, for one
        client found who stays away. Each above 1.
    benefit : float or (float, float, float), optional
        The share of those who stay away whom the action brings back, or that share with its 95 %
        interval. Without it the result is called triage, not benefit: it says how well a list finds
        those who stay away, not what comes of it.
    source : str
        Where the benefit was estimated. Required with it.
    draws : int
        Bootstrap samples of clients.
    seed : int

    Returns
    -------
    Decision

    Raises
    ------
    OptionError
        For an ending or any other action, and for options that cannot be used.
    MissingDataError
        If the cohort does not say when episodes end.

    Notes
    -----
    Triage: TP / n - FP / n * p / (1 - p) with p = 1 / threshold (Vickers AJ, Elkin EB (2006) Med
    Decis Making 26:565-574), standardised by the share who stay away (Kerr KF et al. (2016) J Clin
    Oncol 34:2534-2540). Benefit: b * TP / n - (TP + FP) / n * p (Vickers AJ, Kattan MW, Sargent D
    (2007) Trials 8:14), standardised by what perfect foresight would bring. Percentile bootstrap by
    client, with the benefit drawn from its interval.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> found = cn.replay(c.Rule("missed", c.missed(within="90d") >= 2), cohort)
    >>> cn.appraise.decision(found, "outreach", draws=20).what
    'triage'
    """
    given = replays if isinstance(replays, Sequence) else (replays,)
    chosen = tuple(reviews_of(r, "decision()") for r in given)
    _check(chosen, action, thresholds, draws)
    taken = _checked_benefit(benefit, source)
    if not ends_are_known(chosen[0].cohort):
        raise MissingDataError(
            "decision() needs to know who is in care: pass episodes= or episode_end= to the reader."
        )
    looked = looks(chosen[0].cohort, every, horizon)
    followed, lost = looked.drop_nulls("away"), looked.filter(pl.col("away").is_null())
    models = {r.rule.name: listed(followed, r) for r in chosen}
    models |= {n: pl.Series([n == EVERYONE] * followed.height) for n in (EVERYONE, NOBODY)}
    sums, accepted = sums_by_client(followed, models), sorted(set(thresholds))
    frame = table(sums, list(models), accepted, taken, draws, seed)
    clients = lost["client_id"].n_unique()
    return Decision(chosen, action, horizon, every, taken, source, frame, lost.height, clients)


def _check(
    replays: tuple[Replay, ...], action: str, thresholds: Sequence[float], draws: int
) -> None:
    if not replays:
        raise OptionError("decision() needs a replay or several: pass cn.replay(rule, cohort).")
    if any(r.cohort is not replays[0].cohort for r in replays):
        raise OptionError("decision(): replay all rules on the same cohort to compare them.")
    names = [r.rule.name for r in replays]
    if len({*names, EVERYONE, NOBODY}) < len(names) + 2:
        raise OptionError("decision(): rules need names of their own, and not everyone or nobody.")
    if action not in ("review", "outreach"):
        raise OptionError(_NO_ENDING.format(action))
    if not thresholds or not all(t > 1 for t in thresholds) or draws < 1:
        raise OptionError("decision(): thresholds are above 1, and draws 1 or more.")


def _checked_benefit(benefit: float | Benefit | None, source: str) -> Benefit | None:
    if benefit is None:
        return None
    taken = benefit if isinstance(benefit, tuple) else (benefit,) * 3
    if len(taken) != 3 or not 0 <= taken[1] <= taken[0] <= taken[2] <= 1 or taken[0] == 0:
        raise OptionError(
            "decision(): benefit is a share above 0 and up to 1, or (share, conf_low, conf_high)."
        )
    if not source.strip():
        raise OptionError("decision(): say in source= where the benefit was estimated.")
    return taken


def _alike(replays: tuple[Replay, ...], gate: Privacy) -> set[str]:
    """Rules whose flags differ from those of an earlier one by few clients."""
    known: list[pl.DataFrame] = []
    alike = set()
    for one in replays:
        mine = one.intervals.select("client_id").unique()
        apart = [
            mine.join(o, on="client_id", how="anti").height
            + o.join(mine, on="client_id", how="anti").height
            for o in known
        ]
        if any(gate.few(n) for n in apart):
            alike.add(one.rule.name)
        else:
            known.append(mine)
    return alike


def _refigured(rows: pl.DataFrame, gate: Privacy, benefit: Benefit | None) -> pl.DataFrame:
    """Net values from the rounded counts; bounds no finer than these, and outwards."""
    counts = {c: rows[c].cast(pl.Float64).fill_null(np.nan).to_numpy() for c in COUNTS}
    thresholds = rows["threshold"].to_numpy()
    found = [
        worth({c: v[i] for c, v in counts.items()}, t, None if benefit is None else benefit[0])
        for i, t in enumerate(thresholds)
    ]
    step = pl.max_horizontal(_LONGEST_STEP, gate.round_to / pl.col("events"))
    low, high = pl.col("conf_low"), pl.col("conf_high")
    return rows.with_columns(
        pl.Series("net", [float(n) for n, _ in found]).fill_nan(None),
        pl.Series("estimate", [float(s) for _, s in found]).fill_nan(None),
        conf_low=(low / step).floor() * step,
        conf_high=(high / step).ceil() * step,
    )


def _summary(result: Decision, frame: pl.DataFrame, gate: Privacy) -> Iterator[str]:
    length, often = say_duration(result.horizon), say_duration(result.every)
    rows = frame.iter_rows(named=True)
    first = {r["model"]: r for r in reversed(list(rows))}
    yield (
        f"{result.title}. Staff look every {often} at who is in care; the action is for those who "
        f"then attend nothing for {length}."
    )
    if not first[EVERYONE]["looks"]:
        yield f"No look could be followed for {length}, or too few to show."
    else:
        whole = first[EVERYONE]
        share = percent(whole["events"] / whole["looks"])
        yield (
            f"Looks: {about(whole['looks'], gate)} at {about(whole['clients'], gate)} clients, "
            f"{share} of them followed by staying away. Left out, because they could not be "
            f"followed: {_left_out(result, gate)}."
        )
    for replay in result.replays:
        yield _list_line(first[replay.rule.name], result, gate)
        mine = frame.filter(pl.col("model") == replay.rule.name, ~pl.col(SUPPRESSED))
        yield from (_worth_line(r, frame, result) for r in mine.iter_rows(named=True))
    yield from _standing(result)


def _left_out(result: Decision, gate: Privacy) -> str:
    if gate.few(result.left_out_clients):
        return few(gate)
    return f"{about(gate.round(result.left_out), gate)} looks"


def _list_line(row: Mapping[str, Any], result: Decision, gate: Privacy) -> str:
    if row[SUPPRESSED]:
        return f"{row['model']}: hidden ({few(gate)})."
    found, on = row["true_positives"], row["true_positives"] + row["false_positives"]
    per = "nobody who stays away is on it" if not found else f"{on / found:.1f} for each found"
    return (
        f"{row['model']}: {about(on, gate)} times on the list for {result.action}, "
        f"{about(found, gate)} of them followed by staying away ({per})."
    )


def _worth_line(row: Mapping[str, Any], frame: pl.DataFrame, result: Decision) -> str:
    accepted = number(row["threshold"])
    for_one = "client found" if result.benefit is None else "extra re-engagement"
    lead = f"- {accepted} accepted for one {for_one}:"
    if row["estimate"] is None:
        return f"{lead} no list is worth it, not even a perfect one."
    whole = frame.filter(pl.col("model") == EVERYONE, pl.col("threshold") == row["threshold"]).row(
        0, named=True
    )
    against = "hidden" if whole["estimate"] is None else significant(whole["estimate"])
    return (
        f"{lead} {significant(row['estimate'])} of the most that could be had (95 % CI "
        f"{from_to(row['conf_low'], row['conf_high'])}); everyone {against}, nobody 0."
    )


def _standing(result: Decision) -> Iterator[str]:
    if result.benefit is None:
        yield (
            f"This is triage: how well a list finds those who stay away. What {result.action} "
            "would change for them was not estimated, so nothing here says that it helps."
        )
    else:
        share, low, high = result.benefit
        interval = "taken as known" if low == high else f"95 % CI {percent(low)} to {percent(high)}"
        yield (
            f"Taken from {result.source}: {result.action} brings back {percent(share)} of those "
            f"who would stay away ({interval}), all alike. The net benefit rests on that."
        )
    yield (
        "Intervals: bootstrap by client. History was made under the rules and the outreach of its "
        "time: some who came back did so because somebody acted."
    )
