"""A protocol as an object: what it refuses, its file, its words, its hash and its unit tests."""

import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import MissingDataError, OptionError, RuleError

WHEN = c.missed(within="90d") >= 2


def staged(**given):
    stages = [
        c.Stage(
            "concern",
            WHEN,
            requires=[
                "attendance_conversation",
                c.Requirement("alternative_offered", detail="time", response=["accepted"]),
            ],
            wait="14d",
        ),
        c.Stage("outreach", c.days_since_heard() >= 21, sticky=True),
        c.Stage("review", c.days_since_heard() >= 30, requires=["risk_review"]),
    ]
    return c.Protocol("staged", stages, **given)


REFUSED = {
    "no stage": (lambda: c.Protocol("x", []), "needs stages"),
    "not a stage": (lambda: c.Protocol("x", [WHEN]), "c.Stage"),
    "a stage alone": (lambda: c.Protocol("x", c.Stage("a", WHEN)), "list of stages"),
    "no name": (lambda: c.Protocol(" ", [c.Stage("a", WHEN)]), "needs a name"),
    "a stage without a name": (lambda: c.Stage("", WHEN), "needs a name"),
    "no expression": (lambda: c.Stage("a", c.missed()), "true or false"),
    "two of one name": (
        lambda: c.Protocol("x", [c.Stage("a", WHEN), c.Stage("a", WHEN)]),
        "'a'",
    ),
    "a wait for nothing": (
        lambda: c.Protocol("x", [c.Stage("a", WHEN, wait="7d")]),
        "nothing follows",
    ),
    "a calendar month": (lambda: c.Stage("a", WHEN, wait="1mo"), "vary in length"),
    "a number of days": (lambda: c.Stage("a", WHEN, wait=14), "no unit"),
    "an ending": (lambda: c.Stage("a", WHEN, requires=["ending"]), "clinician's review"),
    "an ending among others": (
        lambda: c.Requirement(["referral", "ending"]),
        "clinician's review",
    ),
    "no such action": (lambda: c.Stage("a", WHEN, requires=["talk"]), "talk"),
    "text": (lambda: c.Stage("a", WHEN, requires="supervision"), "takes a list"),
    "the same twice": (lambda: c.Stage("a", WHEN, requires=["notice", "notice"]), "twice"),
    "no such answer": (lambda: c.Requirement("notice", response="yes"), "response"),
    "nothing asked for": (lambda: c.Requirement(None), "needs a kind"),
    "a sticky that is none": (lambda: c.Stage("a", WHEN, sticky="no"), "sticky"),
    "a grace that is none": (lambda: staged(grace="soon"), "grace"),
    "a kind that is none": (lambda: staged(kind="good"), "kind"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_meaning_is_refused_with_the_reason(what):
    make, reason = REFUSED[what]
    with pytest.raises(RuleError, match=reason):
        make()


def test_it_is_saved_and_loaded_as_data(tmp_path):
    protocol = staged(source="a draft", grace="3d", safeguards=["Talk first."])
    path = protocol.save(tmp_path / "x.protocol.yml")
    back = c.load(path)
    assert back == protocol
    assert isinstance(back, c.Protocol)
    assert back.hash == protocol.hash
    assert [s.sticky for s in back.stages] == [False, True, False]
    assert back.stages[0].requires == protocol.stages[0].requires
    assert path.read_text(encoding="utf-8").startswith("carenotebook_protocol: 1\n")


def test_load_still_reads_rules(tmp_path):
    rule = c.Rule("two", WHEN)
    assert c.load(rule.save(tmp_path / "x.rule.yml")) == rule


def test_a_model_needs_safeguards(tmp_path):
    with pytest.raises(RuleError, match="safeguards"):
        staged(kind="model").save(tmp_path / "x.protocol.yml")


BROKEN = {
    "stages: 3": r"x\.yml: stages: a list",
    "{}": "'stages' is missing",
    "stages: [{name: a, when: {term: missd, op: '>=', value: 3}}]": r"stages\[0\]\.when\.term",
    "stages: [{name: a}]": r"stages\[0\]\.when",
    "stages: [{name: a, when: WHEN, until: 3}]": r"stages\[0\]: unknown key 'until'",
    "stages: [{name: a, when: WHEN, requires: [talk]}]": r"stages\[0\]\.requires\[0\]",
    "stages: [{name: a, when: WHEN, requires: [{detail: x}]}]": r"requires\[0\]: kind is missing",
    "stages: [{name: a, when: WHEN, requires: notice}]": r"stages\[0\]\.requires: a list",
    "stages: [{name: a, when: WHEN, wait: 30}]": r"stages\[0\]: stage 'a': wait",
    "stages: [{name: a, when: WHEN, sticky: 'yes'}]": r"stages\[0\]: stage 'a': sticky",
    "stages: [{when: WHEN}]": r"stages\[0\]",
    "stages: [{name: 3, when: WHEN}]": r"stages\[0\]",
    "stages: [3]": r"stages\[0\]",
    "stages: []": "needs stages",
    "stages: !!python/name:os.system": "not YAML",
    "when: WHEN": "unknown key 'when'",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_file_that_is_wrong_is_refused_with_the_place(text, tmp_path):
    when = "{term: days_in_care, op: '>=', value: 3}"
    head = "carenotebook_protocol: 1\nname: x\n"
    path = tmp_path / "x.yml"
    path.write_text(head + text.replace("WHEN", when).replace("{}", ""), encoding="utf-8")
    with pytest.raises(RuleError, match=BROKEN[text]) as caught:
        c.load(path)
    assert str(caught.value).startswith("x.yml: ")


def test_the_hash_is_of_the_meaning_not_of_names():
    one, other = staged(), staged(source="elsewhere")
    assert one.hash == other.hash
    assert one != other

    def alone(name, **given):
        stages = [c.Stage(name, WHEN, **{"wait": "1d", **given}), c.Stage("review", WHEN)]
        return c.Protocol("x", stages)

    assert alone("a").hash == alone("b").hash
    changed = [{"wait": "2d"}, {"sticky": True}, {"requires": ["notice"]}]
    assert len({alone("a", **g).hash for g in [{}, *changed]}) == 4


def test_it_explains_itself_in_words_and_ends_in_a_review():
    text = staged().explain()
    for words in (
        "1. concern: missed appointments in the last 90 days: 2 or more.",
        "an offer of an alternative (about time; answered: accepted)",
        "Then 14 days must pass.",
        "2. outreach",
        "It asks for nothing. Once begun, it lasts to the end of the episode.",
        "A clinician reviews the client. It is done once recorded: a risk review.",
        "never in a discharge",
    ):
        assert words in text


TABLES = {
    "episodes": [{"started_at": "2024-01-01"}],
    "appointments": [
        {"start": "2024-01-05", "outcome": "no_show"},
        {"start": "2024-01-08", "outcome": "no_show"},
    ],
    "actions": [{"at": "2024-01-10", "kind": "attendance_conversation"}],
}


def simple():
    stages = [
        c.Stage("concern", WHEN, requires=["attendance_conversation"], wait="7d"),
        c.Stage("review", c.days_since_attended() >= 10),
    ]
    return c.Protocol("simple", stages)


def test_its_unit_tests_say_what_was_expected_and_found():
    review = [("2024-01-17", "2024-02-01")]
    both = {"concern": [("2024-01-08", "2024-02-01")], "review": review}
    cases = [c.Case(n, TABLES, e, "2024-02-01") for n, e in (("one", review), ("both", both))]
    simple().check(cases)
    wrong = c.Case("off", TABLES, {"concern": review}, "2024-02-01")
    with pytest.raises(RuleError, match=r"off \(concern\): expected \[2024-01-17.*found \[2024-01"):
        simple().check([*cases, wrong])
    with pytest.raises(OptionError, match="no stage 'talk'"):
        simple().check([c.Case("odd", TABLES, {"talk": []}, "2024-02-01")])


def test_a_missing_table_or_column_is_named():
    cohort, _ = cn.synthetic_cohort(clients=5, seed=1)
    frames = {"appointments": cohort.appointments.collect(), "episode_end": "as_of"}
    with pytest.raises(MissingDataError, match=r"'concern'.*'actions'"):
        cn.replay(simple(), cn.from_frames(**frames))
    actions = cohort.actions.select("client_id", "at", "kind").collect()
    answered = c.Requirement("referral", response="accepted")
    protocol = c.Protocol("x", [c.Stage("review", WHEN, requires=[answered])])
    with pytest.raises(MissingDataError, match="response"):
        cn.replay(protocol, cn.from_frames(**frames, actions=actions))


def test_nothing_needs_actions_where_nothing_is_required():
    cohort, _ = cn.synthetic_cohort(clients=5, seed=1)
    alone = cn.from_frames(appointments=cohort.appointments.collect(), episode_end="as_of")
    protocol = c.Protocol("x", [c.Stage("a", WHEN, wait="7d"), c.Stage("review", WHEN)])
    assert cn.replay(protocol, alone).intervals["stage"].unique().sort().to_list() == [
        "a",
        "review",
    ]


def test_an_open_parameter_is_refused():
    cohort, _ = cn.synthetic_cohort(clients=5, seed=1)
    protocol = c.Protocol("x", [c.Stage("review", c.missed() >= c.param("k"))])
    with pytest.raises(RuleError, match="open parameters"):
        cn.replay(protocol, cohort)
