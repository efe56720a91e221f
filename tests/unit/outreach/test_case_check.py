"""What is wrong with a case file is said with file and line, and never by a traceback."""

import copy
from importlib import resources

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from carenotebook import outreach
from carenotebook.core.errors import CaseError
from carenotebook.outreach.case_files import _checked

START = (resources.files("carenotebook.outreach") / "content" / "new_case.yml").read_text("utf-8")
LINES = START.splitlines()
TREE = yaml.safe_load(START)


def problems(text):
    return _checked(text, "mine.yml", "mine")[1]


def line_of(part, text=START):
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("to: called", "to: nowhere", "to: nowhere", "no scene 'nowhere'"),
        ("to: moved", "to: flag", "  flag:", "a cycle"),
        ("    ending: Silence", "", "  ended:", "dead end"),
        ("        to: moved", "        to: ended", "  moved:", "no choice leads to 'moved'"),
        ("text: Ring the client.", "text: ''", "text: ''", "some text is needed"),
        ("title: The call", "titel: The call", "titel", "no 'titel'"),
        ("reads: [two_misses]", "reads: [three]", "reads: [three]", "no rule 'three'"),
        ("chose: flag.ring", "chose: flag.write", "if: {chose", "no choice 'flag.write'"),
        ("chose: flag.ring", "chose: flag.sign", "      wait:", "can never be chosen"),
        ("view: sound", "view: right", "view: right", "must be one of sound"),
        ("outcome: attended", "outcome: came", "outcome: came", "outcome"),
        ('start: "2026-01-12', 'start: "2026-01-42', '"2026-01-42', "start"),
        ('op: ">="', 'op: "=>"', "when:", "not a comparison"),
        ("within: 90d", "within: 3mo", "when:", "month"),
        ("delivered: true}", "delivred: true}", "delivred", "no column 'delivred'"),
        ('at: "2026-02-05 18:00"\n    text: The', 'at: "2026-01-05 18:00"\n    text: The',
         "to: moved", "before 'called'"),
        ("minutes: 20", "minutes: [20", "minutes: [20", "not YAML"),
        ("minutes: 20", "minutes: !!python/name:os.system x", "!!python", "Tags|minutes"),
        ("minutes: 20", "minutes: !run x", "!run", "tags"),
        ("title: Two empty chairs", 'title: "\\e[2J"', "title:", "control character"),
        ("mode: guided", "mode: guided\nmode: open", "mode: open", "stands twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(old, new, at, said):
    text = START.replace(old, new, 1)
    assert text != START
    found = problems(text)
    assert found
    lines = text.splitlines()
    near = [p for p in found if any(w in p.message for w in said.split("|"))]
    assert near, [str(p) for p in found]
    expected = line_of(at, text)
    assert any(abs(p.line - expected) <= 2 for p in near), [str(p) for p in near]
    assert all(1 <= p.line <= len(lines) + 1 for p in found)


def test_a_rule_that_needs_a_missing_table_is_told():
    text = START.replace("  contacts: []            # an empty list: nothing happened\n", "")
    term = "{appointments: {outcome: [no_show, late_cancel], within: 90d}}"
    text = text.replace(term, "days_since_heard").replace("value: 2", "value: 30d")
    assert any("contacts" in p.message for p in problems(text))


def test_a_dead_end_that_only_conditions_make_is_told():
    text = START.replace(
        "        text: Offer an evening.",
        "        if: {chose: flag.sign}\n        text: Offer an evening.",
    )
    text = text.replace("if: {chose: flag.ring}", "if: {not: {chose: flag.ring}}")
    assert any("can be a dead end" in p.message for p in problems(text))


def test_an_alias_is_not_read():
    text = START.replace("topics: [first steps]", "topics: &a [first steps]").replace(
        "codes: [APA 10.10]", "codes: *a"
    )
    assert "aliases" in problems(text)[0].message


@pytest.mark.parametrize("text", ["", "[]", "null", "a: b", "- 1", "{" * 3000, "\x00", "&a [*a]"])
def test_what_is_no_case_has_a_place_too(text):
    found = problems(text)
    assert found
    assert all(p.file == "mine.yml" and p.line >= 1 for p in found)


def test_a_problem_is_raised_with_file_and_line(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(START.replace("to: called", "to: nowhere"), encoding="utf-8")
    with pytest.raises(CaseError, match=r"mine\.yml, line \d+: there is no scene 'nowhere'"):
        outreach.load_case(path)
    assert "no such file" in outreach.check_case(tmp_path / "other.yml")[0].message
    path.write_bytes(b"\xff\xfe")
    assert "UTF-8" in outreach.check_case(path)[0].message


WORDS = st.sampled_from(
    ["", "[", "{", ": ", "- ", "*x", "&x ", "!t ", "null", "9" * 400, "\t", "'", "if"]
)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from("drsi"), WORDS),
        min_size=1,
        max_size=4,
    )
)
def test_mutated_text_gives_problems_with_a_place_or_a_case(mutations):
    lines = list(LINES)
    for n, kind, word in mutations:
        at = n % len(lines)
        if kind == "d":
            del lines[at]
        elif kind == "r":
            lines[at] = lines[at].partition(":")[0] + ": " + word
        elif kind == "s":
            lines[at], lines[-1 - at] = lines[-1 - at], lines[at]
        else:
            lines.insert(at, "  " + word)
    held(problems("\n".join(lines)), len(lines))


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}),
    st.just({"not": {"not": {}}}), st.sampled_from(["flag", "flag.ring", "2026-13-01 09:00"]),
)  # fmt: skip


def places(tree, place=()):
    children = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in children:
        yield (*place, key)
        yield from places(value, (*place, key))


@settings(max_examples=40)
@given(st.sampled_from(sorted(places(TREE), key=str)), VALUES, st.booleans())
def test_mutated_data_gives_problems_with_a_place_or_a_case(place, value, gone):
    tree = yaml.safe_load(START)
    inner = tree
    for key in place[:-1]:
        inner = inner[key]
    if gone:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    held(problems(text), text.count("\n") + 1)


SHIPPED = {
    f.name: yaml.safe_load(f.read_text("utf-8"))
    for f in (resources.files("carenotebook.outreach") / "content" / "cases").iterdir()
}


def put(tree, place, value):
    for key in place[:-1]:
        tree = tree[key]
    tree[place[-1]] = value


def value_at(tree, place):
    for key in place:
        tree = tree[key]
    return tree


@settings(max_examples=40)
@given(st.data())
def test_a_published_case_with_its_parts_mixed_up_gives_problems_with_a_place_or_can_be_played(
    data,
):
    """Parts change places, so that most of what comes out looks right and is not."""
    tree = copy.deepcopy(SHIPPED[data.draw(st.sampled_from(sorted(SHIPPED)))])
    for _ in range(data.draw(st.integers(1, 3))):
        all_places = sorted(places(tree), key=str)
        here, there = (data.draw(st.sampled_from(all_places)) for _ in range(2))
        value = data.draw(st.one_of(st.just(copy.deepcopy(value_at(tree, there))), VALUES))
        put(tree, here, value)
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    case, found = _checked(text, "mine.yml", "mine")
    held(found, text.count("\n") + 1)
    assert (case is None) == bool(found)
    if case is not None:
        assert all(play.ended for play in outreach.every_play(case))


def held(found, last):
    for problem in found:
        assert problem.file == "mine.yml"
        assert 1 <= problem.line <= last + 1
        assert problem.message.strip()
