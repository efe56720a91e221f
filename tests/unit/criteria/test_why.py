"""`Replay.why`: each clause at one instant of one client's episode."""

from datetime import datetime

import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import OptionError


def test_each_clause_has_its_truth_and_value(seven_episodes, rule):
    found = cn.replay(rule, seven_episodes).why("b", "2024-01-21")
    assert found.columns == ["clause", "truth", "value"]
    missed, silent = found.rows()
    assert missed == ("missed appointments since the episode began: 1 or more", "true", "2")
    assert silent[1:] == ("true", "20.0 days")


def test_a_clause_that_does_not_hold_is_false(seven_episodes, rule):
    found = cn.replay(rule, seven_episodes).why("e", "2024-01-06T12:00:00")
    assert found["truth"].to_list() == ["true", "false"]
    assert found["value"].to_list() == ["1", "5.5 days"]


def test_what_is_not_known_is_unknown(seven_episodes):
    rule = c.Rule("severe", (c.measure("PHQ-9") >= 10) & c.improved("PHQ-9"))
    replay = cn.replay(rule, seven_episodes)
    assert replay.why("b", "2024-02-01").select("truth", "value").rows() == [
        ("unknown", "unknown"),
        ("unknown", None),
    ]
    assert replay.why("a", "2024-02-01")["truth"].to_list() == ["true", "unknown"]


def test_the_second_episode_is_told_from_the_first(seven_episodes, rule):
    replay = cn.replay(rule, seven_episodes)
    assert replay.why("d", "2024-03-08")["value"].to_list() == ["1", "7.0 days"]


def test_an_instant_may_have_a_zone_and_is_utc_without_one(seven_episodes, rule):
    replay = cn.replay(rule, seven_episodes)
    same = [replay.why("b", at) for at in ("2024-01-21T02:00+02:00", datetime(2024, 1, 21))]  # noqa: DTZ001
    assert same[0].equals(same[1])


@pytest.mark.parametrize(
    ("client", "at"),
    [("d", "2024-02-25"), ("e", "2024-01-15"), ("a", "2024-04-10"), ("a", "2023-12-31")],
    ids=["between episodes", "at its end", "at as_of", "before it"],
)
def test_an_instant_outside_every_episode_is_refused(seven_episodes, rule, client, at):
    with pytest.raises(OptionError, match="no episode of that client is seen at that instant"):
        cn.replay(rule, seven_episodes).why(client, at)


def test_an_unknown_client_is_refused_without_being_named(seven_episodes, rule):
    with pytest.raises(OptionError) as caught:
        cn.replay(rule, seven_episodes).why("Zebra-17", "2024-02-01")
    assert "Zebra" not in str(caught.value)
