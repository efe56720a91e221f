"""A case study from plain data whose shape has been checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from carenotebook.criteria.rule import Rule, rule_of
from carenotebook.outreach.case_model import (
    THE_CLIENT,
    CaseRule,
    CaseStudy,
    Choice,
    Chose,
    Condition,
    Every,
    Not,
    Rows,
    RuleSays,
    Says,
    Scene,
    Some,
    instant,
)

_ASK = "What do you do?"


def rule_from(name: str, entry: Mapping[str, Any]) -> Rule:
    """The criterion of a case's rule; see `carenotebook.criteria.load` for its language."""
    grace = {"grace": entry["grace"]} if "grace" in entry else {}
    return rule_of({"carenotebook_rule": 1, "name": name, "when": entry["when"], **grace})


def build(data: Mapping[str, Any], name: str, text: str) -> CaseStudy:
    """The case of checked data; `text` is what it was read from."""
    return CaseStudy(
        name=name,
        title=_line(data["title"]),
        summary=_prose(data["summary"]),
        minutes=data["minutes"],
        mode=data["mode"],
        **{k: tuple(_line(t) for t in data[k]) for k in ("topics", "aims", "codes", "prompts")},
        history=_rows(data["history"]),
        rules={
            n: CaseRule(n, _line(r["words"]), rule_from(n, r)) for n, r in data["rules"].items()
        },
        scenes={n: _scene(n, s) for n, s in data["scenes"].items()},
        rubric=tuple({k: _prose(v) for k, v in r.items()} for r in data["rubric"]),
        facilitator={k: _prose(v) for k, v in data["facilitator"].items()},
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _scene(name: str, given: Mapping[str, Any]) -> Scene:
    return Scene(
        name=name,
        title=_line(given["title"]),
        at=instant(given["at"]),
        text=_prose(given["text"]),
        reads=tuple(given.get("reads", ())),
        client=given.get("client", THE_CLIENT),
        ask=_line(given.get("ask", _ASK)),
        choices={n: _choice(n, c) for n, c in given.get("choices", {}).items()},
        ending=_line(given["ending"]) if "ending" in given else None,
        reflect=_prose(given["reflect"]) if "reflect" in given else None,
    )


def _choice(name: str, given: Mapping[str, Any]) -> Choice:
    return Choice(
        name=name,
        text=_line(given["text"]),
        to=given["to"],
        then={k: _prose(v) for k, v in given["then"].items()},
        condition=_condition(given["if"]) if "if" in given else None,
        view=given.get("view"),
        adds=_rows(given.get("adds", {})),
        amends=tuple(dict(r) for r in given.get("amends", ())),
    )


def _condition(given: Mapping[str, Any]) -> Condition:
    if "chose" in given:
        scene, _, choice = given["chose"].partition(".")
        return Chose(scene, choice)
    if "rule" in given:
        says: dict[Any, Says] = {True: "true", False: "false"}
        return RuleSays(given["rule"], says.get(given["says"], "unknown"))
    if "not" in given:
        return Not(_condition(given["not"]))
    kind, key = (Every, "all") if "all" in given else (Some, "any")
    return kind(tuple(_condition(p) for p in given[key]))


def _rows(tables: Mapping[str, Any]) -> Rows:
    return {t: tuple(dict(r) for r in rows) for t, rows in tables.items()}


def _line(text: str) -> str:
    return " ".join(text.split())


def _prose(text: str) -> str:
    """Paragraphs, each on one line: in YAML's folded style (>-) a blank line begins a new one."""
    return "\n\n".join(_line(p) for p in text.split("\n") if p.strip())
