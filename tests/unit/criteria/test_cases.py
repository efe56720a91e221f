"""`Rule.check`: unit tests of a rule, written as tiny histories."""

from datetime import UTC, datetime

import pytest

from carenotebook import criteria as c
from carenotebook.core.errors import MissingDataError, OptionError, RuleError

RULE = c.Rule("silence", c.days_since_attended() >= 30)
HISTORY = {
    "episodes": [{"started_at": "2024-01-01"}],
    "appointments": [{"start": "2024-01-05T10:00", "outcome": "attended"}],
}


def case(expected, **changes):
    given = {"tables": HISTORY, "expected": expected, "as_of": "2024-03-01", **changes}
    return c.Case("after the only session", **given)


def test_a_case_that_holds_passes():
    RULE.check([case([("2024-02-04T10:00", "2024-03-01")])])
    RULE.check([case([("2024-02-04T12:00+02:00", datetime(2024, 3, 1, tzinfo=UTC))])])


def test_a_case_that_expects_nothing_passes_where_nothing_is_found():
    RULE.check([case([], as_of="2024-02-04T10:00")])


def test_every_failure_is_named_with_what_was_expected_and_found():
    wrong = case([("2024-02-05", "2024-03-01")])
    with pytest.raises(RuleError) as caught:
        RULE.check([wrong, case([("2024-02-04T10:00", "2024-03-01")]), case([])])
    message = str(caught.value)
    assert "silence: 2 case(s) failed" in message
    assert message.count("after the only session: expected") == 2
    assert "[2024-02-05T00:00:00+00:00, 2024-03-01T00:00:00+00:00)" in message
    assert "found [2024-02-04T10:00:00+00:00, 2024-03-01T00:00:00+00:00)" in message
    assert "expected nothing" in message


def test_an_empty_list_makes_the_table_exist():
    rule = c.Rule("unwritten", c.contacts() < 1)
    tables = {**HISTORY, "contacts": []}
    rule.check([case([("2024-01-01", "2024-03-01")], tables=tables)])
    with pytest.raises(MissingDataError, match="contacts"):
        rule.check([case([("2024-01-01", "2024-03-01")])])


def test_several_clients_in_one_case_keep_apart():
    tables = {
        "episodes": [
            {"client_id": "a", "started_at": "2024-01-01"},
            {"client_id": "b", "started_at": "2024-01-11"},
        ]
    }
    expected = [("2024-01-31", "2024-03-01"), ("2024-02-10", "2024-03-01")]
    RULE.check([case(expected, tables=tables)])


@pytest.mark.parametrize(
    "tables",
    [
        {"apointments": []},
        {**HISTORY, "contacts": [{"at": "2024-01-02", "direction": "inbound", "who": "x"}]},
    ],
)
def test_what_is_no_table_or_column_is_refused(tables):
    with pytest.raises(OptionError, match="after the only session"):
        RULE.check([case([], tables=tables)])
