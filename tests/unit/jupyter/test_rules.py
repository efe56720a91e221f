"""What the extension is told of a rule file."""

import pytest

from carenotebook import criteria as c
from carenotebook.core.errors import RuleError
from carenotebook.jupyter.rules import describe_rule


@pytest.mark.parametrize("rule", c.library().values(), ids=c.library())
def test_a_rule_is_told_in_full(rule, tmp_path):
    told = describe_rule(rule.save(tmp_path / "x.rule.yml").read_text(encoding="utf-8"))
    assert told["hash"] == rule.hash
    assert told["safeguards"] == list(rule.safeguards)
    assert len(told["clauses"]) == len(rule.clauses)
    assert rule.explain().startswith(told["lead"])
    assert rule.explain().endswith(told["note"])


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "name: x", "carenotebook_rule: 1\nname: x\nwhen: !!python/name:os.system x"],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(RuleError):
        describe_rule(text)
