"""Rules as data: saved, loaded, hashed; whatever does not belong is refused with its place."""

import hashlib
import json

import pytest

from carenotebook import criteria as c
from carenotebook.core.errors import RuleError

HEAD = "carenotebook_rule: 1\nname: x\n"
CARE = "{term: days_in_care, op: '>=', value: 1}"

SILENCE = c.Rule("silence", (c.missed(within="90d") >= 3) & (c.days_since_heard() >= 30))
SILENCE_HASH = "9a664d15a7d0fc3b5481eebd4c43c22faa013ce7a8016a3deccaffc82b637089"


@pytest.fixture
def loaded(tmp_path):
    def load(text):
        path = tmp_path / "draft.rule.yml"
        path.write_text(text, encoding="utf-8")
        return c.load(path)

    return load


@pytest.fixture
def refused(loaded):
    def check(text, *words):
        with pytest.raises(RuleError) as caught:
            loaded(text)
        assert "draft.rule.yml" in str(caught.value)
        for word in words:
            assert word in str(caught.value)

    return check


def test_save_and_load_give_the_rule_back(any_expression, tmp_path):
    rule = c.Rule("Entwurf für Ärger: 1", any_expression, source="local", grace="2w")
    back = c.load(rule.save(tmp_path / "x.rule.yml"))
    assert back == rule
    assert (back.hash, back.grace, back.source) == (rule.hash, "2w", "local")
    assert repr(back) == repr(rule)


def test_a_published_rule_keeps_its_kind_and_safeguards(tmp_path):
    said = ("Talk first.", "Offer: times")
    rule = c.Rule("x", c.missed() >= 1, kind="cautionary", safeguards=said)
    back = c.load(rule.save(tmp_path / "x.rule.yml"))
    assert (back.kind, back.safeguards) == ("cautionary", said)


def test_the_hash_is_sha256_of_the_canonical_json_of_the_tree():
    missed = {"appointments": {"outcome": ["no_show", "late_cancel"], "within": "90d"}}
    tree = {
        "all": [
            {"term": missed, "op": ">=", "value": 3},
            {"term": {"days_since_heard": {}}, "op": ">=", "value": 30},
        ]
    }
    whole = {"language": 1, "grace": "7d", "when": tree}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    assert SILENCE.hash == hashlib.sha256(text.encode()).hexdigest() == SILENCE_HASH


def test_the_hash_leaves_out_what_has_no_meaning():
    same = [
        c.Rule("another name", SILENCE.when, source="a paper", kind="model", safeguards=["Talk."]),
        c.Rule("x", c.all_of(c.missed(within="90d") >= 3, c.days_since_heard() >= 30.0)),
        c.Rule(
            "x",
            (c.appointments(outcome=["late_cancel", "no_show", "no_show"], within="90d") >= 3)
            & (c.days_since_heard() >= 30),
        ),
    ]
    assert {r.hash for r in same} == {SILENCE.hash}


def test_the_hash_changes_with_the_meaning():
    missed, silent = c.missed(within="90d") >= 3, c.days_since_heard() >= 30
    others = [
        c.Rule("silence", missed & silent, grace="14d"),
        c.Rule("silence", (c.missed(within="91d") >= 3) & silent),
        c.Rule("silence", (c.missed(within="90d") > 3) & silent),
        c.Rule("silence", (c.missed(within="90d") >= 4) & silent),
        c.Rule("silence", (c.no_shows(within="90d") >= 3) & silent),
        c.Rule("silence", missed | silent),
        c.Rule("silence", missed & ~silent),
        c.Rule("silence", missed & silent.for_at_least("1d")),
        c.Rule("silence", missed),
    ]
    assert len({SILENCE.hash, *(r.hash for r in others)}) == len(others) + 1


def test_rules_are_equal_by_name_and_meaning():
    twin = c.Rule("silence", SILENCE.when)
    assert twin == SILENCE
    assert len({SILENCE, twin}) == 1
    assert c.Rule("other", SILENCE.when) != SILENCE


def test_a_term_without_arguments_may_stand_as_a_word(loaded):
    rule = loaded(f"{HEAD}when: {CARE}\n")
    assert rule.hash == c.Rule("x", c.days_in_care() >= 1).hash


def test_an_unknown_term_is_refused_with_its_place_and_the_nearest(refused):
    refused(
        f"{HEAD}when:\n  all:\n  - {CARE}\n  - term: {{apointments: {{outcome: no_show}}}}\n"
        "    op: '>='\n    value: 3\n",
        "when.all[1].term",
        "unknown term 'apointments'",
        "did you mean 'appointments'?",
    )


def test_an_unknown_term_without_a_neighbour_is_refused_with_what_is_known(refused):
    refused(f"{HEAD}when: {{term: zzzz, op: '>=', value: 1}}", "'zzzz'", "known: appointments")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("{al: []}", ["when", "unknown form 'al'", "did you mean 'all'?"]),
        ("{all: []}", ["when.all", "at least one expression"]),
        (f"{{all: {CARE}}}", ["when.all", "a list of expressions"]),
        (f"{{not: [{CARE}]}}", ["when.not", "not a list"]),
        (f"{{all: [{CARE}], any: []}}", ["unknown key 'any'"]),
        ("{term: days_in_care, value: 1}", ["when", "op is missing"]),
        ("{term: days_in_care, op: '=>', value: 1}", ["'=>' is not a comparison", ">="]),
        ("{term: {measure: {}}, op: '>=', value: 1}", ["when.term.measure", "instrument is miss"]),
        (
            "{term: {contacts: {witin: 9d}}, op: '>=', value: 1}",
            ["when.term.contacts", "'witin'", "did you mean 'within'?"],
        ),
        ("{term: {contacts: {within: 9}}, op: '>=', value: 1}", ["when.term.contacts", "no unit"]),
        ("{term: {contacts: {purpose: 5}}, op: '>=', value: 1}", ["when.term.contacts.purpose"]),
        ("{term: {contacts: {delivered: 'yes'}}, op: '>=', value: 1}", ["delivered is True, F"]),
        ("{term: {barriers: {reason: money}}, op: '>=', value: 1}", ["when.term.barriers", "cost"]),
        ("{term: [days_in_care], op: '>=', value: 1}", ["when.term", "not a list"]),
        ("{term: {contacts: {}, days_in_care: {}}, op: '>=', value: 1}", ["found 2 keys"]),
        ("{term: consecutive_missed, op: '>=', value: three}", ["must be a number"]),
        ("{term: consecutive_missed, op: '>=', value: [1]}", ["must be a number"]),
        ("{term: consecutive_missed, op: '>=', value: .nan}", ["must be a number"]),
        (f"{{term: consecutive_missed, op: '>=', value: {'9' * 400}}}", ["must be a number"]),
        (f"{{term: consecutive_missed, op: '>=', value: {'9' * 5000}}}", ["too large"]),
        ("{term: consecutive_missed, op: '>=', value: {a: 1}}", ["unknown key 'a'"]),
        ("{term: consecutive_missed, is_in: 3}", ["when.is_in", "a list of values"]),
        ("{term: days_in_care, op: '==', value: 3}", ["when", "for an instant or never"]),
        (f"{{at_least: {{k: 5, of: [{CARE}]}}}}", ["when.at_least", "could never hold"]),
        (f"{{at_least: {{of: [{CARE}]}}}}", ["when.at_least", "k is missing"]),
        (f"{{for_at_least: {{duration: 1mo, of: {CARE}}}}}", ["when.for_at_least", "vary in leng"]),
        ("{improved: SRS}", ["when.improved", "no published reliable change"]),
        ("{improved: [PHQ-9]}", ["when.improved", "must be a name"]),
        ("{is_unknown: 5}", ["when.is_unknown"]),
        (
            "{term: {attribute: {column: end_reason}}, op: '==', value: a}",
            ["looks into the future"],
        ),
        ("{1: 2}", ["when"]),
        ("", ["when", "not nothing"]),
    ],
)
def test_what_does_not_belong_is_refused_with_its_place(refused, when, words):
    refused(f"{HEAD}when: {when}", *words)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "carenotebook_rule: 1"),
        ("- a\n- b", "carenotebook_rule: 1"),
        ("only text", "carenotebook_rule: 1"),
        (f"name: x\nwhen: {CARE}", "carenotebook_rule: 1"),
        (f"carenotebook_rule: 2\nname: x\nwhen: {CARE}", "language 1 only"),
        (f"carenotebook_rule: true\nname: x\nwhen: {CARE}", "language 1 only"),
        (f"carenotebook_rule: 1\nwhen: {CARE}", "name"),
        (f"carenotebook_rule: 1\nname: 5\nwhen: {CARE}", "name"),
        (HEAD, "'when' is missing"),
        (f"{HEAD}treshold: 3\nwhen: {CARE}", "'treshold'"),
        (f"{HEAD}grace: 7\nwhen: {CARE}", "grace"),
        (f"{HEAD}grace: 1mo\nwhen: {CARE}", "vary in length"),
        (f"{HEAD}kind: best\nwhen: {CARE}", "model"),
        (f"{HEAD}safeguards: talk\nwhen: {CARE}", "safeguards"),
        (f"{HEAD}when: {CARE}\nwhen: {CARE}", "line 4: 'when' stands twice"),
        (f"{HEAD}when: [a, b", "line 3: this is not YAML"),
        (f"{HEAD}when: {CARE}\n---\na: 1", "not YAML"),
        (f"{HEAD}\twhen: 3", "not YAML"),
        (f"{HEAD}when: \x00", "not YAML"),
    ],
)
def test_what_is_no_rule_is_refused(refused, text, word):
    refused(text, word)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{0}']]",
        "!!python/object/apply:os.system ['touch {0}']",
        "!!python/object/new:os.system ['touch {0}']",
        "!!python/name:os.system ''",
    ],
)
def test_nothing_in_a_file_is_ever_executed(refused, tmp_path, tag):
    made = tmp_path / "made"
    refused(f"{HEAD}when: {tag.format(made)}", "line 3: this is not YAML")
    assert not made.exists()


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}when: {{all: [&a {CARE}, *a]}}",
        f"{HEAD}when: &a {{all: [*a]}}",
        f"{HEAD}when: {{all: [&a {CARE}, &b {{all: [*a, *a]}}, &c {{all: [*b, *b]}}]}}",
    ],
)
def test_aliases_are_refused_as_they_could_stand_for_an_endless_rule(refused, text):
    refused(text, "line 3: aliases")


def test_a_rule_nested_without_end_is_refused(refused):
    refused(f"{HEAD}when: {'{not: ' * 5000}1{'}' * 5000}", "nested too deeply")


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(RuleError, match="there is no such file"):
        c.load(tmp_path / "none.rule.yml")
    binary = tmp_path / "binary.rule.yml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match="it is not text in UTF-8"):
        c.load(binary)


def test_a_parameter_survives_a_file(loaded):
    rule = loaded(f"{HEAD}when: {{term: consecutive_missed, op: '>=', value: {{param: k}}}}")
    assert rule == c.Rule("x", c.consecutive_missed() >= c.param("k"))


def test_a_rule_without_safeguards_is_not_saved_as_a_model(tmp_path):
    rule = c.Rule("bare", c.missed() >= 1, kind="model")
    with pytest.raises(RuleError, match="safeguards"):
        rule.save(tmp_path / "bare.rule.yml")
