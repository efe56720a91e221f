"""What is wrong with a case file: shape, texts, graph, history, rules, each with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

from carenotebook.core.errors import CareNotebookError
from carenotebook.core.schema import dtypes
from carenotebook.outreach.case_build import build, rule_from
from carenotebook.outreach.case_graph import (
    MOST_PATHS,
    cycle_in,
    edges_of,
    every_play,
    reached_from,
)
from carenotebook.outreach.case_model import CaseStudy, Chose, RuleSays, instant, parts_of
from carenotebook.outreach.case_play import Play
from carenotebook.outreach.case_rules import cohort_at, read_rule_at
from carenotebook.outreach.case_shape import shape_problems
from carenotebook.outreach.case_text import Located, Place, Problem, read_plain

_OPEN_TABLES = ("clients",)


@cache
def case_schema() -> dict[str, Any]:
    """The JSON Schema of case files, for editors and other tools.

    Examples
    --------
    >>> case_schema()["title"]
    'A branching case study of carenotebook'
    """
    file = resources.files("carenotebook.outreach") / "content" / "case.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def checked(
    text: str, file: str, name: str, *, play: bool = True
) -> tuple[CaseStudy | None, list[Problem]]:
    """A case from text, and everything that is wrong with it.

    Parameters
    ----------
    text, file, name : str
        `file` is what problems call it, `name` what the case is called.
    play : bool
        Whether to build the cohort, replay the rules and walk every path as well.

    Returns
    -------
    case, problems
        The case is None where there are problems.
    """
    located = read_plain(text, file)
    if isinstance(located, Problem):
        return None, [located]
    problems = [*shape_problems(located, case_schema())] or [*_rules(located), *_columns(located)]
    if problems:
        return None, _ordered(problems)
    targets = [*_targets(located.data, located)]
    if targets:
        return None, _ordered(targets)
    case = build(located.data, name, text)
    problems = [*_graph(case, located)]
    if not problems and play:
        problems = [*_history(case, located)] or [*_played(case, located)]
    return (None, _ordered(problems)) if problems else (case, [])


def _ordered(problems: list[Problem]) -> list[Problem]:
    return sorted(set(problems))


def _rules(located: Located) -> Iterator[Problem]:
    for name, entry in located.data["rules"].items():
        try:
            rule_from(name, entry)
        except CareNotebookError as error:
            yield located.problem(("rules", name, "when"), f"rules.{name}: {error}")
        except RecursionError:
            yield located.problem(("rules", name), f"rules.{name}: it is nested too deeply.")


def _columns(located: Located) -> Iterator[Problem]:
    """Columns that no cohort has, in the history and in what choices add."""
    for place, table, rows in _tables(located.data):
        known = dtypes(table)
        for i, row in enumerate(rows):
            for column in row:
                if column not in known and table not in _OPEN_TABLES:
                    message = (
                        f"{table} has no column {column[:60]!r}; it may have: {', '.join(known)}."
                    )
                    yield located.problem((*place, i, column), message)


def _tables(data: Any) -> Iterator[tuple[Place, str, list[Any]]]:
    for table, rows in data["history"].items():
        yield ("history", table), table, rows
    for scene, entry in data["scenes"].items():
        for choice, c in entry.get("choices", {}).items():
            at: Place = ("scenes", scene, "choices", choice)
            for table, rows in c.get("adds", {}).items():
                yield (*at, "adds", table), table, rows
            if "amends" in c:
                yield (*at, "amends"), "appointments", c["amends"]


def _targets(data: Any, located: Located) -> Iterator[Problem]:
    """Scenes that end and go on, or do neither; scenes, rules and times that do not exist."""
    for name, scene in data["scenes"].items():
        place: Place = ("scenes", name)
        if not _exists(scene["at"]):
            yield located.problem((*place, "at"), f"scenes.{name}: there is no such day or time.")
        if ("choices" in scene) == ("ending" in scene):
            what = "has choices and an ending" if "ending" in scene else "is a dead end"
            yield located.problem(place, f"scenes.{name} {what}; give it choices or an ending.")
        for rule in scene.get("reads", []):
            if rule not in data["rules"]:
                yield located.problem((*place, "reads"), f"there is no rule {rule!r}.")
        for choice, entry in scene.get("choices", {}).items():
            yield from _choice((*place, "choices", choice), entry, data, located)


def _exists(at: str) -> bool:
    try:
        instant(at)
    except ValueError:
        return False
    return True


def _choice(place: Place, entry: Any, data: Any, located: Located) -> Iterator[Problem]:
    if entry["to"] not in data["scenes"]:
        yield located.problem((*place, "to"), f"there is no scene {entry['to']!r}.")
    if ("view" in entry) != (data["mode"] == "guided"):
        what = "lacks a view" if data["mode"] == "guided" else "has a view in an open case"
        yield located.problem(place, f"{place[1]}.{place[3]} {what}.")
    booked = {str(r.get("appointment_id")) for r in data["history"]["appointments"]}
    for i, row in enumerate(entry.get("amends", [])):
        if str(row["appointment_id"]) not in booked:
            message = "there is no appointment with that appointment_id in the history."
            yield located.problem((*place, "amends", i), message)
    yield from _condition(entry.get("if"), (*place, "if"), data, located)


def _condition(found: Any, place: Place, data: Any, located: Located) -> Iterator[Problem]:
    if found is None:
        return
    keys = set(found)
    if keys not in ({"chose"}, {"rule", "says"}, {"all"}, {"any"}, {"not"}):
        message = "a condition is one of: chose; rule with says; all; any; not."
        yield located.problem(place, message)
        return
    if "chose" in found:
        scene, _, choice = found["chose"].partition(".")
        if choice not in data["scenes"].get(scene, {}).get("choices", {}):
            yield located.problem(place, f"there is no choice {found['chose']!r}.")
    elif "rule" in found:
        if found["rule"] not in data["rules"]:
            yield located.problem(place, f"there is no rule {found['rule']!r}.")
    else:
        for key in keys:
            parts = [found[key]] if key == "not" else found[key]
            for part in parts:
                yield from _condition(part, (*place, key), data, located)


def _graph(case: CaseStudy, located: Located) -> Iterator[Problem]:
    edges = edges_of(case)
    cycle = cycle_in(edges)
    if cycle:
        trail = ", ".join(cycle)
        yield located.problem(("scenes", cycle[0]), f"a cycle: {trail} lead back to each other.")
        return
    reached = reached_from(case.start.name, edges)
    for scene in case.scenes.values():
        if scene.name not in reached:
            yield located.problem(("scenes", scene.name), f"no choice leads to {scene.name!r}.")
        for choice in scene.choices.values():
            if case.scenes[choice.to].at < scene.at:
                place = ("scenes", scene.name, "choices", choice.name, "to")
                yield located.problem(place, f"{choice.to!r} is before {scene.name!r} in time.")
    used = {r for s in case.scenes.values() for r in s.reads}
    conditions = (c.condition for s in case.scenes.values() for c in s.choices.values())
    parts = [p for condition in conditions for p in parts_of(condition)]
    used |= {p.rule for p in parts if isinstance(p, RuleSays)}
    for rule in case.rules:
        if rule not in used:
            yield located.problem(("rules", rule), f"no scene reads the rule {rule!r}.")
    for p in parts:
        if isinstance(p, Chose) and p.scene not in reached:
            yield located.problem(("scenes", p.scene), f"no choice leads to {p.scene!r}.")


def _history(case: CaseStudy, located: Located) -> Iterator[Problem]:
    """Rows that no reader would accept, each at its own line."""
    last = max(s.at for s in case.scenes.values())
    try:
        yield from _refused(cohort_at(case, last), "history", located)
    except CareNotebookError as error:
        yield located.problem(("history",), f"history: {error}")
        return
    for scene in case.scenes.values():
        for choice in scene.choices.values():
            if choice.writes:
                key = "adds" if choice.adds else "amends"
                place: Place = ("scenes", scene.name, "choices", choice.name, key)
                try:
                    cohort = cohort_at(case, last, ((scene.name, choice.name),))
                except CareNotebookError as error:
                    yield located.problem(place, f"{key}: {error}")
                    continue
                if cohort.rejected.height:
                    row = cohort.rejected.row(0, named=True)
                    message = f"{key}: a row of {row['table']} {row['reason']}."
                    yield located.problem((*place, row["table"]), message)


def _refused(cohort: Any, key: str, located: Located) -> Iterator[Problem]:
    for row in cohort.rejected.iter_rows(named=True):
        place: Place = (
            key,
            row["table"],
            row["row"] - 1,
            *([row["column"]] if row["column"] else []),
        )
        what = f"{row['table']}.{row['column']}" if row["column"] else row["table"]
        yield located.problem(place, f"{what} {row['reason']}.")


def _played(case: CaseStudy, located: Located) -> Iterator[Problem]:
    """Every scene with its rules, and every path: no dead end, nothing that never opens."""
    try:
        plays = list(islice(every_play(case), MOST_PATHS + 1))
        for scene in case.scenes.values():
            for rule in scene.reads:
                read_rule_at(case, rule, scene.name)
    except CareNotebookError as error:
        yield located.problem(("rules",), f"a rule cannot be read: {error}")
        return
    if len(plays) > MOST_PATHS:
        message = f"more than {MOST_PATHS:,} paths; nobody can review them."
        yield located.problem(("scenes",), message)
        return
    for here in {p.scene.name for p in plays if not p.ended}:
        message = f"scenes.{here} can be a dead end: no choice is open."
        yield located.problem(("scenes", here), message)
    yield from _never(case, plays, located)


def _never(case: CaseStudy, plays: list[Play], located: Located) -> Iterator[Problem]:
    visited = {s for p in plays for s in p.path}
    chosen = {made for p in plays for made in p.made}
    for scene in case.scenes.values():
        if scene.name not in visited:
            message = f"conditions keep {scene.name!r} out of reach."
            yield located.problem(("scenes", scene.name), message)
            continue
        for choice in scene.choices:
            if (scene.name, choice) not in chosen:
                place = ("scenes", scene.name, "choices", choice)
                yield located.problem(place, f"{scene.name}.{choice} can never be chosen.")
