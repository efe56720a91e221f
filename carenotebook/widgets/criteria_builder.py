"""`CriteriaBuilder`: a rule that is built, understood and changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.errors import CareNotebookError, OptionError, RuleError
from carenotebook.criteria.rule import Rule, library
from carenotebook.privacy import Privacy
from carenotebook.widgets import _draft as drafts
from carenotebook.widgets import _fallback as kept
from carenotebook.widgets._base import CareWidget, bundle
from carenotebook.widgets._builder_messages import (
    BUILDER_COMMANDS,
    Add,
    Change,
    Headline,
    Look,
    Menu,
    Move,
    Notice,
    Redo,
    Remove,
    Rename,
    Start,
    Toggle,
    Undo,
)
from carenotebook.widgets._document import document, unfitness
from carenotebook.widgets._fields import changed
from carenotebook.widgets._figures import Figures, sentence
from carenotebook.widgets._menu import choices, entries, groupings
from carenotebook.widgets._messages import Command, Event, Option, Progress, Ready
from carenotebook.widgets._tabs import clause_bars, group_intervals, month_bars

EMPTY = "No clauses yet. Start from a published rule, or add what would make you concerned."
GROUP = "group"


class CriteriaBuilder(CareWidget):
    """Build a review rule and see at once whom it would have put up for a clinician's review.

    For prototyping a criterion on past data in JupyterLab. It shows aggregates through one gate;
    for client-level answers replay `value` yourself.

    Parameters
    ----------
    cohort : Cohort
    rule : Rule, optional
        The rule to open, with all of its nesting. Without one, an empty rule.
    privacy : Privacy, optional
        The gate for everything that is shown, differences between two figures included.

    Attributes
    ----------
    value : Rule or None
        The rule as it stands; None while no clause is on. Setting it changes the view, and the
        change can be undone there.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> builder = CriteriaBuilder(cohort, c.Rule("silence", c.days_since_heard() >= 30))
    >>> builder.value.name
    'silence'
    >>> builder.value = c.library()["ruh"]
    """

    _esm: ClassVar[str] = bundle("criteria_builder.js")
    _css: ClassVar[str] = bundle("criteria_builder.css")
    commands = BUILDER_COMMANDS

    def __init__(
        self, cohort: Cohort, rule: Rule | None = None, privacy: Privacy | None = None
    ) -> None:
        check_cohort(cohort, "CriteriaBuilder")
        super().__init__()
        self._figures = Figures(cohort, privacy or Privacy())
        self._history = drafts.History((drafts.draft_of(_checked(rule)),))
        self._menu = entries(cohort, self._figures.privacy)
        self._looks: dict[str, str] = {"clauses": ""}

    @property
    def value(self) -> Rule | None:
        return self._history.now.rule()

    @value.setter
    def value(self, rule: Rule | None) -> None:
        self._replace(drafts.draft_of(_checked(rule)))

    def obey(self, command: Command) -> None:
        match command:
            case Ready():
                self._tell_menu()
                self._tell_document(command.id)
                self.start(self._work)
            case Look():
                self._looks.pop(command.tab, None)
                self._looks[command.tab] = command.by
                self.start(self._work)
            case Undo():
                self._turn(self._history.undone(), command.id)
            case Redo():
                self._turn(self._history.redone(), command.id)
            case _:
                self._replace(self._edited(command), command.id)

    def _edited(self, command: Command) -> drafts.Draft:  # noqa: PLR0911 - one case a command
        draft = self._history.now
        match command:
            case Toggle(clause=clause, on=on):
                return drafts.toggled(draft, clause, on=on)
            case Change(clause=clause, field=field, value=value):
                return changed(draft, clause, field, value)
            case Move(clause=clause, way=way):
                return drafts.moved(draft, clause, way)
            case Remove(clause=clause):
                return drafts.removed(draft, clause)
            case Add(choice=choice, group=group):
                return self._added(choice, group)
            case Start(preset=preset):
                return drafts.draft_of(_preset(preset))
            case Rename(name=name) if name.strip():
                return replace(draft, name=name.strip())
        raise RuleError("A rule needs a name.")

    def _added(self, choice: str, group: int) -> drafts.Draft:
        if choice == GROUP:
            return drafts.added_group(self._history.now, group)[0]
        found = [e for e in self._menu if e.value == choice]
        if not found:
            raise RuleError("There is no such clause in the menu.")
        return drafts.added(self._history.now, group, found[0].make.node)[0]

    def _replace(self, draft: drafts.Draft, answers: str = "") -> None:
        self._turn(self._history.then(draft), answers)

    def _turn(self, history: drafts.History, answers: str) -> None:
        with self._lock:
            self._history = history
            self.advance()
        self._tell_document(answers)
        self.start(self._work)

    def _tell_document(self, answers: str) -> None:
        self.tell(document(self._revision, answers, self._history))

    def _tell_menu(self) -> None:
        cohort = self._figures.cohort
        presets = tuple(Option(name, rule.name) for name, rule in library().items())
        label = self._figures.privacy.label
        shown = choices(self._menu, cohort)
        self.tell(Menu(self._revision, shown, presets, groupings(cohort), label))

    def _work(self, revision: int) -> Iterator[Event]:
        """The sentence first, then the tab that was looked at last, then the others."""
        try:
            rule = self.value
        except RuleError:
            return
        if rule is None:
            yield Headline(revision, EMPTY, "", "")
            yield from (Notice(revision, tab, EMPTY) for tab in self._looks)  # type: ignore[arg-type]
            return
        yield Headline(revision, *sentence(self._figures, rule))
        looks = list(reversed(self._looks.items()))
        for done, (tab, by) in enumerate(looks, 1):
            yield Progress(revision, done, len(looks) + 1)
            yield self._tab(revision, rule, tab, by)

    def _tab(self, revision: int, rule: Rule, tab: str, by: str) -> Event:
        if tab == "when":
            return month_bars(revision, self._figures, rule)
        if tab == "clauses":
            return clause_bars(revision, self._figures, rule)
        offered = [o.value for o in groupings(self._figures.cohort)]
        if not offered:
            needs = "Groups need client attributes: pass clients= to the reader."
            return Notice(revision, "groups", needs)
        return group_intervals(revision, self._figures, rule, by if by in offered else offered[0])

    def fallback(self) -> str:
        try:
            rule = self.value
            if rule is None:
                return f"<p>{EMPTY}</p>"
            said = sentence(self._figures, rule)
            bars = clause_bars(self._revision, self._figures, rule)
        except CareNotebookError:
            return "<p>This rule cannot be replayed as it stands.</p>"
        picture = kept.bars_image(bars.title, bars.bars, bars.largest)
        return kept.page(
            (*said, *rule.explain().split("\n"), unfitness(rule)[0]), picture, bars.table
        )


def _checked(rule: Any) -> Rule | None:
    if rule is not None and not isinstance(rule, Rule):
        raise OptionError("CriteriaBuilder opens a Rule, as c.Rule(...) or c.load(...) makes it.")
    return rule


def _preset(name: str) -> Rule:
    rules = library()
    if name not in rules:
        raise RuleError("There is no published rule of that name.")
    return rules[name]
