"""What is no cohort or no criterion is refused in words that name the function."""

import inspect

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import OptionError, RuleError
from carenotebook.report.review import review

RULE = c.Rule("three misses", c.missed(within="90d") >= 3)
BEFORE = {"rule": RULE, "criterion": RULE, "rules": [RULE, c.library()["ruh"]], "path": "x.html"}


def _parameters(name):
    made = getattr(cn, name)
    if not inspect.isfunction(made):
        return {}
    return inspect.signature(made).parameters


TAKE_A_COHORT = [
    name
    for name in cn.__all__
    if str(getattr(_parameters(name).get("cohort"), "annotation", "")).startswith("Cohort")
]


def _called(name, cohort):
    required = {
        n: BEFORE.get(n)
        for n, p in _parameters(name).items()
        if p.default is inspect.Parameter.empty and n != "cohort"
    }
    return getattr(cn, name)(**required, cohort=cohort)


def test_the_table_below_is_not_empty():
    assert {"attendance", "dossier", "replay", "verify_dossier"} <= set(TAKE_A_COHORT)


@pytest.mark.parametrize("wrong", ["appointments.csv", RULE], ids=["path", "rule"])
@pytest.mark.parametrize("name", TAKE_A_COHORT)
def test_what_is_no_cohort_is_refused_by_name(name, wrong):
    with pytest.raises(OptionError, match=rf"^{name}\(\) needs a Cohort: read one"):
        _called(name, wrong)


def test_a_prepared_cohort_is_refused_alike():
    with pytest.raises(OptionError, match=r"^Prepared\(\) needs a Cohort"):
        c.Prepared("appointments.csv")


@pytest.mark.parametrize("name", ["dossier", "replay"])
def test_swapped_arguments_are_refused_by_name(name):
    cohort, _ = cn.synthetic_cohort(clients=20, seed=1)
    with pytest.raises(RuleError, match=rf"^{name}\(\) needs a Rule or a Protocol"):
        getattr(cn, name)(cohort, RULE)


def test_one_rule_is_no_list_of_rules():
    cohort, _ = cn.synthetic_cohort(clients=20, seed=1)
    with pytest.raises(OptionError, match=r"^compare_rules\(\) needs a list of Rules"):
        cn.compare_rules(RULE, cohort)


@pytest.mark.parametrize("argument", ["unit", "adjust"])
def test_a_funnel_names_the_argument_whose_column_is_not_there(argument):
    cohort, _ = cn.synthetic_cohort(clients=20, seed=1)
    with pytest.raises(cn.CareNotebookError, match=f"{argument}='shoe'"):
        cn.funnel_plot(cohort, **{argument: "shoe"})


def test_a_mapping_that_is_not_there_lists_those_that_are_shipped():
    with pytest.raises(cn.CareNotebookError, match="ctn0094, nhs, practice, redcap"):
        cn.from_frames(pl.DataFrame({"client_id": ["a"]}), mapping="nhss")


@pytest.mark.parametrize("criterion", [RULE, c.Protocol("staged", [c.Stage("one", RULE.when)])])
def test_a_criterion_is_not_saved_where_it_would_not_be_read(criterion, tmp_path):
    with pytest.raises(OptionError, match=r"name a file \*\.(rule|protocol)\.yml"):
        criterion.save(tmp_path / "mine.txt")
    assert not list(tmp_path.iterdir())


def test_what_is_none_is_said_to_be_none():
    cohort, _ = cn.synthetic_cohort(clients=60, seed=1)
    known = cohort.appointments.filter(~pl.col("outcome").is_in(["unknown", "scheduled"]))
    bare = cn.from_frames(known.collect(), episode_end="60d")
    lines = review(bare, RULE).summary().splitlines()
    assert "Undecided at some time: none of the episodes" in lines
    assert "Rows rejected: none" in lines
    said = cn.replay(RULE, bare).summary().splitlines()
    assert "Past appointments of unknown outcome: none." in said
