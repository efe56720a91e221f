"""E-values against published ones."""

from math import e

import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError


def strengths(*args, **kwargs):
    return cn.effects.e_value(*args, **kwargs).tidy()["estimate"].to_list()


def test_the_published_example():
    # VanderWeele & Ding 2017: maternal smoking, RR 3.9 (1.8 to 8.7).
    assert strengths(3.9, 1.8, 8.7) == pytest.approx([7.263, 3.000], abs=5e-4)


def test_a_protective_ratio_is_as_strong_as_its_inverse():
    assert strengths(0.8, 0.71, 0.91) == pytest.approx(strengths(1 / 0.8, 1 / 0.91, 1 / 0.71))


def test_an_interval_that_holds_the_value_needs_no_confounder():
    assert strengths(1.4, 0.9, 2.1)[1] == 1.0
    assert strengths(1.4, 1.2, 2.1, true=1.3)[1] == 1.0


def test_without_an_interval_the_limit_is_not_known():
    assert strengths(2.0)[1] is None


def test_odds_and_hazards_of_a_common_outcome_are_brought_to_risks():
    # The square root; and (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)).
    assert strengths(4.0, measure="OR") == pytest.approx(strengths(2.0))
    assert strengths(4.0, measure="OR", rare=True) == pytest.approx(strengths(4.0))
    hazard = (1 - 0.5**0.56**0.5) / (1 - 0.5 ** (1 / 0.56) ** 0.5)
    assert strengths(0.56, measure="HR") == pytest.approx(strengths(hazard))


def test_differences():
    assert strengths(0.0, -0.1, 0.1, measure="SMD") == [1.0, 1.0]
    assert strengths(1, 0.5, 2, "SMD") == pytest.approx(strengths(e**0.91, e**0.455, e**1.82))
    doubled = strengths(0.2, 0.1, 0.3, "RD", baseline_risk=0.2)
    assert doubled == pytest.approx(strengths(2, 1.5, 2.5))


def test_a_value_other_than_no_effect():
    assert strengths(3.9, 1.8, 8.7, true=1.3) == pytest.approx(strengths(3.0, 1.8 / 1.3, 8.7 / 1.3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"estimate": -1.0}, "above 0"),
        ({"estimate": 2.0, "conf_low": 2.5}, "conf_low"),
        ({"estimate": float("nan")}, "numbers"),
        ({"estimate": 0.1, "measure": "RD"}, "baseline_risk"),
        ({"estimate": 0.9, "measure": "RD", "baseline_risk": 0.2}, "0 to 1"),
        ({"estimate": 2.0, "measure": "IRR"}, "measure"),
        ({"estimate": "2.0"}, "are numbers"),
        ({"estimate": 2.0, "conf_low": "1.5"}, "are numbers"),
        ({"estimate": 2.0, "true": "1"}, "are numbers"),
    ],
)
def test_what_cannot_be_is_refused(call, says):
    with pytest.raises(OptionError, match=says):
        cn.effects.e_value(**call)


def test_it_says_what_it_cannot_say():
    found = cn.effects.e_value(3.9, 1.8, 8.7)

    assert "7.26" in found.summary()
    assert "selection" in found.summary()
    assert "7.26" in found.plot().alternative


def test_an_interval_that_holds_no_effect_needs_no_confounder():
    assert "already holds" in cn.effects.e_value(0.8, 0.6, 1.1).summary()
    assert "nothing to explain away" in cn.effects.e_value(1, 0.6, 1.1).summary()
