"""`review`: what a criterion would have done on a cohort, as figures and as a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from tqdm import tqdm

import carenotebook
from carenotebook.appraise.auditing import MOST_COLUMNS, Audit, audit
from carenotebook.appraise.baseline import default_columns, table_one
from carenotebook.appraise.compare import compare_rules
from carenotebook.appraise.deciding import decision
from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.ethics import EthicsReview, reviewed
from carenotebook.appraise.misclassified import misclassification
from carenotebook.appraise.obstacle_review import obstacles
from carenotebook.appraise.wording import told_of_groups
from carenotebook.core.cohort import check_cohort
from carenotebook.core.errors import MissingDataError, OptionError, RuleError
from carenotebook.criteria.protocol_replay import ProtocolReplay
from carenotebook.criteria.replay import replay
from carenotebook.criteria.rule import Rule
from carenotebook.criteria.sweeping import sweep
from carenotebook.describe.attendance import attendance
from carenotebook.describe.panel import outcome_panel
from carenotebook.describe.seen import ends_are_known
from carenotebook.privacy import Privacy, Released
from carenotebook.report.figures import Block, data_blocks, result_block
from carenotebook.report.layout import (
    AUDIT,
    DECISION,
    GROUP,
    STANDING,
    key_figures,
    page_of,
    warning,
)
from carenotebook.report.page import render

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.flags import FlagsByGroup
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.replay import Replay
    from carenotebook.criteria.sweep_result import Shown
    from carenotebook.results.result import Result

CAME_BACK_WITHIN = "8w"


@dataclass(frozen=True, repr=False)
class Review:
    """A criterion replayed on a cohort: released aggregates only, as figures or as a page.

    Attributes
    ----------
    data, rule : Mapping
        What was analysed, and by which rule.
    blocks : Mapping[str, Block]
        The results in the order of the report.
    privacy : Privacy
    """

    data: Mapping[str, Any]
    rule: Mapping[str, Any]
    blocks: Mapping[str, Block]
    privacy: Privacy

    def figures(self) -> dict[str, Any]:
        """Every figure of the report, as JSON can hold it."""
        return {
            "carenotebook": carenotebook.__version__,
            "standing": STANDING,
            "privacy": {"min_cell": self.privacy.min_cell, "round_to": self.privacy.round_to},
            "data": dict(self.data),
            "rule": dict(self.rule),
            **{name: b.figures() for name, b in self.blocks.items()},
        }

    def html(self) -> str:
        """The report: one HTML file that needs no script and makes no request."""
        return render(page_of(self))

    def summary(self) -> str:
        """The key figures in a few lines of text."""
        lines = [k.said() for k in key_figures(self)]
        told = [*lines, self._rejected(), warning(self.rule), STANDING]
        return "\n".join(text for text in told if text)

    def _rejected(self) -> str:
        """How many rows were rejected; "none" only where no table's number is hidden.

        0 may be shown (CMS), and the report's table shows it beside a hidden number, so that to
        tell none from a few gives nothing away that the table does not: not how few, nor whose.
        """
        read = self.blocks["tables"].released
        counts = [] if read is None else read.frame["rejected"].to_list()
        told = sum(n or 0 for n in counts)
        if told:
            return f"Rows rejected: about {told:,}; the report tells the reasons"
        return f"Rows rejected: {'some, too few to show' if None in counts else 'none'}"

    def __repr__(self) -> str:
        return f"Review({self.rule['name']!r}, {len(self.blocks)} results)"


def review(  # noqa: PLR0913 - what a report is asked for
    cohort: Cohort,
    rule: Rule | Protocol,
    by: Sequence[str] = (),
    *,
    compare: Sequence[Rule | Protocol] = (),
    grid: Mapping[str, Sequence[Any]] | None = None,
    profile: str | Sequence[str] | None = None,
    declared: Mapping[str, str] | None = None,
    progress: bool = False,
) -> Review:
    """Describe a cohort and replay a rule or a protocol on it, for a report.

    Parameters
    ----------
    cohort : Cohort
    rule : Rule or Protocol
    by : sequence of str
        Columns over which flags are compared: of `clients`, or therapist_id or site of `episodes`.
    compare : sequence of Rule
        Other rules to set beside this one.
    grid : mapping of str to values, optional
        For a rule with parameters: the values of each, as `carenotebook.sweep` takes them. The
        report is about the rule with the first value of each.
    profile, declared
        As for `carenotebook.ethics_review`: whose codes apply, and what the service declares.
    progress : bool
        True for a bar on standard error while it works, if that is a terminal.

    Raises
    ------
    MissingDataError
        If the rule needs a table or column that the cohort does not have.
    RuleError
        If a protocol is to be swept or compared.
    OptionError
        If groups are asked for by a column that is not there, or that names clients, or if
        `profile` or `declared` names something unknown.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> from carenotebook.report.review import review
    >>> cohort, _ = cn.synthetic_cohort(clients=60, seed=1)
    >>> found = review(cohort, c.Rule("three misses", c.missed(within="90d") >= 3))
    >>> found.figures()["rule"]["name"]
    'three misses'
    """
    check_cohort(cohort, "review()")
    swept = None if grid is None else sweep(_as_rule(rule), cohort, grid)
    rule = rule if swept is None else swept.run.filled(0)
    replayed = replay(rule, cohort)
    staged = replayed if isinstance(replayed, ProtocolReplay) else None
    found = replayed.reviews if isinstance(replayed, ProtocolReplay) else replayed
    # Of protocols neither is told, nor are they swept or compared.
    whole: dict[str, Any] = (
        {}
        if staged is not None
        else {"attrition": found.attrition(), "unknown_outcomes": found.unknowns()}
    )
    seen: tuple[Shown, ...] = tuple(whole.values())
    swept = None if swept is None else replace(swept, beside=seen)
    ethics = reviewed(rule, replayed, profile, declared=declared)
    computed: dict[str, Callable[[], Result]] = {
        "safeguards": lambda: ethics,
        **_recorded(ethics),
        **_described(cohort),
        "flagged": lambda: found,
        "by_month": found.by_month,
        **_beside_the_others(found, by),
        **({"attrition": lambda: whole["attrition"]} if staged is None else _stages(staged)),
        **{f"{GROUP}{column}": partial(_by_group, found, column) for column in by},
        **_audits(found, by),
        **_beside(rule, compare, cohort, seen if swept is None else (*seen, swept)),
        **({} if swept is None else {"sweep": lambda: swept}),
        **({DECISION: partial(decision, found)} if ends_are_known(cohort) else {}),
        "came_back": partial(found.came_back, within=CAME_BACK_WITHIN),
        "states": found.states,
        **({"unknown_outcomes": lambda: whole["unknown_outcomes"]} if staged is None else {}),
        "misclassification": partial(misclassification, replayed),
    }
    privacy = Privacy()
    return Review(
        data=_about_data(cohort),
        rule={**_about_rule(rule), "lacking": list(ethics.lacking)},
        blocks={**data_blocks(cohort, privacy), **_blocks(computed, privacy, progress=progress)},
        privacy=privacy,
    )


def _blocks(
    computed: Mapping[str, Callable[[], Result]], privacy: Privacy, *, progress: bool
) -> dict[str, Block]:
    """Each result as it may be shown, in order."""
    # disable=None: a terminal shows the bar, a file or a pipe gets nothing.
    steps = tqdm(computed.items(), "review", leave=False, disable=None if progress else True)
    blocks = {name: result_block(compute(), privacy) for name, compute in steps}
    for name in [n for n in blocks if n.startswith(f"{AUDIT}_")][1:]:
        blocks[name] = _groups_alone(blocks[name])
    return blocks


def _described(cohort: Cohort) -> dict[str, Callable[[], Result]]:
    """What is told of the cohort whatever the rule."""
    found: dict[str, Callable[[], Result]] = {
        "attendance_overall": partial(attendance, cohort, every=None),
        "attendance": partial(attendance, cohort),
        "outcome_panel": partial(outcome_panel, cohort),
    }
    if cohort.has("checkins", "barrier"):
        found["obstacles"] = partial(obstacles, cohort)
    return found


def _recorded(ethics: EthicsReview) -> dict[str, Callable[[], Result]]:
    found = ethics.recorded
    return {} if found is None else {"safeguards_recorded": lambda: found}


def _as_rule(rule: Rule | Protocol) -> Rule:
    if isinstance(rule, Rule):
        return rule
    raise RuleError("A protocol is neither swept nor compared with others; give a rule.")


def _beside(
    rule: Rule | Protocol,
    others: Sequence[Rule | Protocol],
    cohort: Cohort,
    seen: tuple[Shown, ...],
) -> dict[str, Callable[[], Result]]:
    """The rule beside others, and what each would change; `seen` is shown before them."""
    if not others:
        return {}
    found = compare_rules(map(_as_rule, [rule, *others]), cohort)
    found = replace(found, beside=seen)
    return {"rules": found.rules, "rule_changes": lambda: found}


def _beside_the_others(found: Replay, by: Sequence[str]) -> dict[str, Callable[[], Result]]:
    """Table 1, but for the columns of `by`: two tables of one column could tell more than one."""
    columns = [c for c in default_columns(found) if c not in by]
    if not columns and not found.cohort.has("measures"):
        return {}
    return {"table_one": partial(table_one, found, columns)}


def _audits(found: Replay, by: Sequence[str]) -> dict[str, Callable[[], Result]]:
    """One audit with every combination of few columns, or one a column."""
    if len(by) <= MOST_COLUMNS:
        return {AUDIT: partial(audit, found, by, horizon=CAME_BACK_WITHIN)}
    audits = (partial(audit, found, column, horizon=CAME_BACK_WITHIN) for column in by)
    return {f"{AUDIT}_{column}": one for column, one in zip(by, audits, strict=True)}


def _groups_alone(block: Block) -> Block:
    """An audit after the first: what it says of everyone together stands there already."""
    shown, result = block.released, block.result
    if shown is None or not isinstance(result, Audit):
        return block
    groups = Released(shown.frame.filter(pl.col("split") != EVERYONE), shown.privacy)
    return replace(block, text=told_of_groups(result, shown), released=groups)


def _stages(found: ProtocolReplay) -> dict[str, Callable[[], Result]]:
    return {"stages": found.flow, "stage_curves": found.curves, "waiting": found.waiting}


def _by_group(found: Replay, column: str) -> FlagsByGroup:
    if column == "client_id":
        raise OptionError("by='client_id' would list clients; compare groups of them instead.")
    try:
        return found.by_group(column)
    except MissingDataError as error:
        raise OptionError(str(error)) from None


def _about_data(cohort: Cohort) -> dict[str, Any]:
    return {
        "content_hash": cohort.content_hash,
        "as_of": f"{cohort.as_of:%Y-%m-%d}",
        "observed_from": cohort.observed_from and f"{cohort.observed_from:%Y-%m-%d}",
        "timezone": cohort.timezone,
        "notice": cohort.notice,
        "episode_end": cohort.episode_end,
        "episodes_recorded": cohort.has("episodes"),
        "policies": _policies(cohort),
    }


def _policies(cohort: Cohort) -> int:
    """How many are recorded; they are about services, so the exact number may be shown."""
    policies = cohort.policies
    return 0 if policies is None else policies.collect().height


def _about_rule(rule: Rule | Protocol) -> dict[str, Any]:
    return {
        "name": rule.name,
        "form": type(rule).__name__.lower(),
        "kind": rule.kind,
        "source": rule.source,
        "hash": rule.hash,
        "explanation": rule.explain(),
        "safeguards": [*rule.safeguards, *_required(rule)],
    }


def _required(rule: Rule | Protocol) -> list[str]:
    """What the stages of a protocol ask for, as sentences."""
    return [
        f"Recorded in the stage {stage.name!r}: {requirement.say()}."
        for stage in getattr(rule, "stages", ())
        for requirement in stage.requires
    ]
