"""The Python that is shown for a rule makes that rule."""

import pytest

from carenotebook import criteria as c
from carenotebook.criteria.code import rule_code

MISSED = c.missed(within="90d") >= 3
SILENT = c.days_since_heard() >= "8w"
RULES = {
    **c.library(),
    "wrapped": c.Rule("wrapped", ~(MISSED & SILENT).for_at_least("14d"), grace="0d"),
    "double": c.Rule("double", ~~MISSED),
    "unknown": c.Rule("unknown", c.measure("PHQ-9").is_unknown() | (MISSED & SILENT).is_unknown()),
    "at least": c.Rule("at least", c.at_least(2, MISSED, SILENT, c.attribute("new") == True)),  # noqa: E712
    "values": c.Rule("values", c.attribute("language").is_in(["Welsh", "Polish"])),
    "params": c.Rule("params", c.missed(within=c.param("w")) >= c.param("k")),
    "filters": c.Rule(
        "filters", c.contacts("outbound", ["outreach", "notice"], delivered=True) >= 2
    ),
    "item": c.Rule('a "name"\nof two lines', c.item("PHQ-9", 9) >= 1, source="it's local"),
    "kinds": c.Rule("kinds", c.actions("risk_review", within="90d") < 1),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_running_it_makes_the_rule(rule):
    names = {}
    exec(rule_code(rule), names)  # noqa: S102 - our own text
    assert names["rule"] == rule
    assert names["rule"].grace == rule.grace
