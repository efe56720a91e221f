"""`misclassification`: what if some no-shows were none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.evidence import reviews_of
from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.core.parts import Part
from carenotebook.criteria.flags import TELLING, States, states
from carenotebook.criteria.protocol_replay import ProtocolReplay, Reviews, replay_protocol
from carenotebook.criteria.replay import Replay, find_spans
from carenotebook.describe.groups import as_names, with_groups
from carenotebook.privacy import Privacy, Released, nested, release
from carenotebook.privacy.suppress import SUPPRESSED, hide
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, number

Recoding = Literal["technical_failure", "unknown"]

CHANGES = ("flagged", "gained", "lost")
ENDS = ("", "_lowest", "_highest")
COUNTS = tuple(f"{change}{end}" for change in CHANGES for end in ENDS)


@dataclass(frozen=True, repr=False, eq=False)
class Misclassification(Result):
    """What `misclassification` returns."""

    frame: pl.DataFrame
    replay: Replay
    by: tuple[str, ...]
    to: Recoding
    draws: int
    states: States

    @property
    def title(self) -> str:
        """What is recoded."""
        what = self.to.replace("_", " ")
        return f"Clients put up for review, were some no-shows recorded as {what}"

    def tidy(self) -> pl.DataFrame:
        """One row a share of no-shows, split and group, exact.

        Returns
        -------
        polars.DataFrame
            share (of no-shows that are recoded), split, group, clients, and over the draws the
            median, lowest and highest number of clients who are flagged (flagged, flagged_lowest,
            flagged_highest), who are flagged only so (gained...) and only as recorded (lost...).
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The counts as they may be shown.

        Hidden where any of them is small, where few are never flagged, where the number flagged is
        hidden elsewhere, or where it differs by few from that of a smaller share.
        """
        gate = privacy or Privacy()
        everyone = self.frame.filter(pl.col("split") == EVERYONE)
        nobody = self.replay.intervals.is_empty()
        telling = nobody or self.states.hides_flagged(gate)
        parts = [_released(everyone, pl.lit(value=telling), gate)]
        gone = parts[0].filter(SUPPRESSED)["share"].implode()
        for column in self.by:
            groups = self.replay.by_group(column).released(gate).frame
            seen = groups.filter(~pl.col(SUPPRESSED))[column].implode()
            known = pl.col("group").is_in(seen) & ~pl.col("share").is_in(gone)
            rows = self.frame.filter(pl.col("split") == column)
            parts.append(_released(rows, ~known, gate, groups=["group"]))
        text = pl.col("share").map_elements(_recoded_share, return_dtype=pl.String)
        whole = pl.concat(parts).with_columns(text.alias("share")).rename({"share": "recoded"})
        return Released(whole if self.by else whole.drop("split", "group"), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many would be flagged, gained and lost, share by share."""
        gate = privacy or Privacy()
        frame = self.released(gate).frame
        rows = frame.filter(pl.col("split") == EVERYONE) if self.by else frame
        lead = (
            f"If a share of no-shows had been recorded as {self.to.replace('_', ' ')}, drawn at "
            f"random {self.draws} times (median, and in brackets lowest and highest):"
        )
        close = (
            "Real errors are not random: they go with a therapist, a site, a bad line. Where they "
            "are more common than assumed here, so is what they change."
        )
        return "\n".join([lead, *(_line(r, gate) for r in rows.iter_rows(named=True)), close])


def misclassification(  # noqa: PLR0913 - what is recoded, how often, and for whom
    replay: Replay | ProtocolReplay,
    by: str | Sequence[str] = (),
    *,
    to: Recoding = "technical_failure",
    shares: Sequence[float] = (0.0, 0.05, 0.1, 0.2),
    draws: int = 5,
    seed: int = 0,
) -> Misclassification:
    """Recode a share of no-shows at random, replay the rule, and see whom it no longer flags.

    For judging how far a rule rests on how absences were written down. Not a correction: nobody
    knows which no-shows were none.

    Parameters
    ----------
    replay : Replay or ProtocolReplay
        Of a protocol, the last stage is looked at.
    by : str or sequence of str
        Columns of `clients` to split by; clients without a value are the group "missing".
    to : {"technical_failure", "unknown"}
        What the recoded no-shows become. How unknown outcomes are taken is the replay's choice.
    shares : sequence of float
        Shares of no-shows to recode, each from 0 to 1. Within a draw, what a smaller share recodes
        a larger one recodes, too.
    draws : int
        How often the no-shows are drawn.
    seed : int

    Returns
    -------
    Misclassification

    Raises
    ------
    OptionError
        If a share, the number of draws or `to` cannot be used.
    MissingDataError
        If a column of `by` is not there.

    Notes
    -----
    A probabilistic sensitivity analysis for outcome misclassification, one share at a time (Lash
    TL, Fox MP, Fink AK (2009) Applying Quantitative Bias Analysis to Epidemiologic Data).

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> found = cn.replay(c.Rule("missed", c.missed(within="90d") >= 2), cohort)
    >>> changed = cn.appraise.misclassification(found, shares=[0.1], draws=2).tidy()
    >>> changed["gained"].item()
    0
    """
    flags = reviews_of(replay, "misclassification()")
    if isinstance(replay, Reviews):
        raise OptionError("misclassification() needs the protocol's replay, not its reviews alone.")
    check_option("to", to, ("technical_failure", "unknown"))
    if not shares or not all(0 <= s <= 1 for s in shares) or draws < 1:
        raise OptionError("misclassification(): shares are from 0 to 1, and draws 1 or more.")
    names = as_names(by)
    clients = flags.episodes().select(pl.col("client_id").unique(maintain_order=True))
    asked = f"misclassification(by={list(names)})"
    people = with_groups(clients.lazy(), replay.cohort, names, (), asked).collect()
    ordered = sorted({float(s) for s in shares})
    flagged = pl.concat(_flagged(replay, to, ordered, draws, seed))
    grid = pl.DataFrame({"share": ordered}).join(pl.DataFrame({"draw": range(draws)}), how="cross")
    tables = [_counted(people, flags.first, flagged, grid, split) for split in (None, *names)]
    return Misclassification(pl.concat(tables), flags, names, to, draws, states(flags))


def _flagged(
    replay: Replay | ProtocolReplay, to: str, shares: Sequence[float], draws: int, seed: int
) -> Iterator[pl.DataFrame]:
    """Who is flagged under each share and draw, part by part, so that memory stays bounded."""
    for place, part in enumerate(replay.cohort.parts):
        appointments = part["appointments"].collect()
        chance = np.random.default_rng([seed, place])
        for draw in range(draws):
            drawn = pl.Series(chance.random(appointments.height))
            for share in shares:
                cohort = _recoded(replay.cohort, part, appointments, drawn < share, to)
                clients = _again(replay, cohort).select(pl.col("client_id").unique())
                yield clients.with_columns(share=pl.lit(share), draw=pl.lit(draw, pl.Int64))


def _again(replay: Replay | ProtocolReplay, cohort: Cohort) -> pl.DataFrame:
    """Whom the same rule or protocol flags in another cohort."""
    if isinstance(replay, ProtocolReplay):
        return replay_protocol(replay.protocol, cohort, replay.unknown).first
    return find_spans(replay.rule, cohort, replay.unknown)[0]


def _recoded(
    cohort: Cohort, part: Part, appointments: pl.DataFrame, chosen: pl.Series, to: str
) -> Cohort:
    outcome = pl.col("outcome")
    became = pl.when((outcome == "no_show") & chosen).then(
        pl.lit(to, appointments.schema["outcome"])
    )
    changed = appointments.with_columns(became.otherwise(outcome).alias("outcome"))
    return replace(cohort, parts=({**part, "appointments": changed.lazy()},))


def _counted(
    people: pl.DataFrame,
    first: pl.DataFrame,
    flagged: pl.DataFrame,
    grid: pl.DataFrame,
    column: str | None,
) -> pl.DataFrame:
    """Clients flagged, gained and lost under each share: median and ends over the draws."""
    group = pl.col(column) if column else pl.lit(EVERYONE)
    was = pl.col("client_id").is_in(first["client_id"].unique().implode())
    known = people.select("client_id", group=group, was=was)
    size = {"clients": pl.len().cast(pl.Int64), "recorded": pl.col("was").sum().cast(pl.Int64)}
    sizes = known.group_by("group").agg(**size) if column else known.select(group=group, **size)
    hit = flagged.join(known, on="client_id").group_by("share", "draw", "group")
    counts = hit.agg(flagged=pl.len().cast(pl.Int64), gained=(~pl.col("was")).sum().cast(pl.Int64))
    every = sizes.sort("clients", "group", descending=[True, False]).join(grid, how="cross")
    on = ["share", "draw", "group"]
    drawn = every.join(counts, on=on, how="left", maintain_order="left").with_columns(
        pl.col("flagged", "gained").fill_null(0)
    )
    told = drawn.with_columns(lost=pl.col("recorded") - pl.col("flagged") + pl.col("gained"))
    middle = {c: pl.col(c).median().round().cast(pl.Int64) for c in CHANGES}
    ends = {
        f"{c}_{name}": figure(pl.col(c))
        for c in CHANGES
        for name, figure in (("lowest", pl.Expr.min), ("highest", pl.Expr.max))
    }
    summed = told.group_by("share", "group", maintain_order=True).agg(
        pl.col("clients").first(), **middle, **ends
    )
    name = column or EVERYONE
    return (
        summed.with_columns(split=pl.lit(name))
        .sort("share", maintain_order=True)
        .select("share", "split", "group", "clients", *COUNTS)
    )


def _released(
    rows: pl.DataFrame, telling: pl.Expr, gate: Privacy, groups: Sequence[str] = ()
) -> pl.DataFrame:
    """The rows of one split; `telling` hides what is hidden elsewhere."""
    never = pl.col("clients") - pl.col("flagged_highest")
    guarded = rows.with_columns(telling.cast(pl.Int64).alias(TELLING), never=never)
    clients = ["clients", *COUNTS, "never", TELLING]
    margins = [["share"]] if groups else []
    marked = hide(guarded, gate, clients, margins)
    chains = [_chained(part, gate) for part in marked.partition_by("group", maintain_order=True)]
    told = pl.concat(chains or [_chained(marked, gate)]).sort("share", maintain_order=True)
    shown = release(told, gate, clients=clients, margins=margins, groups=groups)
    return shown.frame.drop(TELLING, "never").sort("share", maintain_order=True)


def _chained(rows: pl.DataFrame, gate: Privacy) -> pl.DataFrame:
    """Hidden too where a number differs by few from that of the nearest smaller share shown."""
    gone = rows[SUPPRESSED].to_list()
    hidden = nested(rows["flagged"].to_list(), gate, also=gone)
    least = pl.Series(TELLING, [int(h or g) for h, g in zip(hidden, gone, strict=True)])
    return rows.drop(SUPPRESSED).with_columns(least)


def _line(row: Mapping[str, Any], gate: Privacy) -> str:
    share = row["recoded"].capitalize()
    if row[SUPPRESSED]:
        return f"- {share}: hidden ({few(gate)})."
    told = {c: _said(row, c, gate) for c in CHANGES}
    of = f"{told['flagged']} of {number(row['clients'])} clients put up for review"
    if row["lost_highest"] == row["gained_highest"] == 0:
        return f"- {share}: {of}."
    return f"- {share}: {of}; {told['lost']} no longer, {told['gained']} newly."


def _said(row: Mapping[str, Any], change: str, gate: Privacy) -> str:
    low, high = (row[f"{change}_{end}"] for end in ("lowest", "highest"))
    if high == 0:
        return "none"
    middle = about(row[change], gate)
    return middle if low == high else f"{middle} ({number(low)} to {number(high)})"


def _recoded_share(share: float) -> str:
    return f"{100 * share:g} % recoded" if share else "as recorded"
