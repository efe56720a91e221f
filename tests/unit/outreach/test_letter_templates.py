"""A letter's wording is data that somebody sent: it is checked, and can do nothing."""

import os
import unicodedata
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from carenotebook import outreach
from carenotebook.core.errors import LetterError
from carenotebook.outreach.letter_jinja import Inserted, render
from carenotebook.outreach.letter_read import LARGEST, read_template

DAY = date(2026, 3, 17)
START = outreach.letters()["alternatives_offer"].text
LINES = START.splitlines()


def problems(text):
    return read_template(text, "mine", "mine.md")[1]


def with_line(line, before="With warm wishes,"):
    """The start with a line of its own, and the number of that line."""
    return START.replace(before, f"{line}\n\n{before}"), LINES.index(before) + 1


@pytest.mark.parametrize(
    "payload",
    [
        "{{ first_name.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ first_name['__class__'] }}",
        "{{ first_name|attr('__class__') }}",
        "{{ first_name.format(x) }}",
        "{{ '{0.__class__}'.format(first_name) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ range(10**9)|list }}",
        "{{ 'a' * 10**9 }}",
        "{{ 2 ** 10 ** 10 }}",
        "{{ first_name ~ writer }}",
        "{{ first_name|upper }}",
        "{{ [first_name] }}",
        "{{ first_name if writer else phone }}",
        "{{ open('/etc/passwd').read() }}",
        "{% include '/etc/passwd' %}",
        "{% extends 'letter.html.j2' %}",
        "{% import 'os' as os %}",
        "{% from 'os' import environ %}",
        "{% macro x() %}{{ x() }}{% endmacro %}",
        "{% set x = 1 %}",
        "{% with x = 1 %}{% endwith %}",
        "{% call x() %}{% endcall %}",
        "{% block x %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape false %}{% endautoescape %}",
        "{% do x %}",
        "{% debug %}",
        "{% if first_name == 'x' %}{% endif %}",
        "{% if first_name is string %}{% endif %}",
        "{% if first_name %}{% elif writer %}{% endif %}",
        "{% for x in tried %}{% for y in tried %}{{ y }}{% endfor %}{% endfor %}",
        "{% for x in tried recursive %}{{ loop(x) }}{% endfor %}",
        "{% for x in tried if x %}{% endfor %}",
        "{% for x in range(9) %}{% endfor %}",
        "{% for x, y in tried %}{% endfor %}",
        "{% for tried in tried %}{% endfor %}",
        "{% for first_name in tried %}{% endfor %}",
        "{% for x in first_name %}{{ x }}{% endfor %}",
        "{{ tried }}",
        "{{ loop }}",
        "{{ nobody }}",
        "{{ safe_channel }}",
        "{{ True }}",
        "{{",
        "{% if first_name %}",
        "{{ " + "(" * 5000 + "x" + ")" * 5000 + " }}",
        "{% if " + "not " * 3000 + "first_name %}{% endif %}",
        "{% if first_name %}" * 40 + "{% endif %}" * 40,
    ],
)
def test_whatever_is_more_than_inserting_facts_is_refused_with_its_line(payload):
    text, line = with_line(payload)
    found = problems(text)
    assert found
    nested = len(payload) > 1000
    assert nested or any(line <= p.line <= text.count("\n") + 1 for p in found), found
    assert all(p.message.isprintable() for p in found)


@pytest.mark.parametrize(
    "body",
    [
        "{{ name.__class__ }}",
        "{{ name.key }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ name.upper() }}",
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ self._TemplateReference__context.environment }}",
        "{{ name.__init__.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{% for x in range(9) %}{{ x }}{% endfor %}",
        "{{ namespace(x=1) }}",
        "{{ name|tojson }}",
        "{{ 'secret' }}",
    ],
)
def test_the_sandbox_holds_even_where_the_check_of_the_wording_is_left_out(body, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_MACHINE", "quagga")
    try:
        told = render(body, {"name": Inserted.of("name", "Robin")})
    except (TemplateError, TypeError):  # a TypeError where there is no loader to load from
        return
    assert told.text.strip() == ""
    assert not any(v and v in told.text for v in os.environ.values())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<script>alert(1)</script>", "HTML has no place"),
        ("[here](https://example.org)", "links and pictures"),
        ("![a](b)", "links and pictures"),
        ("| a | b |", "no tables"),
        ("> so", "no quotation"),
        ("    code", "no code"),
        ("```", "no code"),
        ("1. one", "write a list with '- '"),
        ("### deeper", "use # once"),
        ("##narrow", "leave a space"),
        ("# A second title", "one title"),
        ("**open", "bold is opened"),
        ("Words {: nothing_such }", "there is no mark 'nothing_such'"),
        ("{: reason } words", "at the end of a heading"),
        ("words {: reason }\nand more words", "at the end of a heading"),
        ("You failed to attend.", "Better: you were not able to come"),
        ("This is your FINAL\u00a0warning.", "threat"),
        ("As you are aware, we wrote.", "passive-aggressive"),
        ("It is important that you reply.", "preaches"),
        ("We note your non-attendance.", "blame"),
        ("You don't have to; we didn\u2019t know. You didn\u2019t attend.", "blame"),
    ],
)
def test_what_a_letter_should_not_hold_is_named_with_its_line(line, said):
    text, number = with_line(line)
    near = [p for p in problems(text) if said in p.message]
    assert [p.line for p in near] == [number], [str(p) for p in problems(text)]


def test_what_is_wrong_in_form_and_in_tone_is_told_at_once():
    text, number = with_line("{{ writer.name }} You failed to attend.")
    assert {p.line for p in problems(text)} == {number}
    assert len(problems(text)) == 3


def test_a_phrase_that_runs_over_a_line_is_found():
    text, number = with_line("We had to write because you\nfailed\nto attend.")
    assert (number + 1) in [p.line for p in problems(text) if "failed to" in p.message]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{: reason }", "", "missing: the reason"),
        ("{: tried }", "", "missing: what was tried"),
        ("{: support }", "", "missing: the support on offer"),
        ("{: options }", "", "missing: the options"),
        ("{: referral }", "", "missing: where else help"),
        ("{: urgent_help }", "", "missing: urgent help"),
        ("{: may_stop }", "", "missing: that it is all right"),
        ("{% for line in urgent %}\n- {{ line }}\n", "{% for line in urgent %}\n- us\n",
         "urgent help: insert urgent in what is marked"),
        ("{% for choice in options %}\n- {{ choice }}\n{% endfor %}",
         "{% if heard %}\n{% for choice in options %}\n- {{ choice }}\n{% endfor %}\n{% endif %}",
         "insert options"),
        ("# Some other ways we could go on", "# Your therapy sessions", "gives the reader away"),
        ("subject: A letter for you", "subject: Your treatment", "the subject: 'treatment*'"),
        ("kind: alternatives_offer", "kind: farewell", "no such kind"),
        ("language: en", "language: tlh", "words to check in: en"),
        ("version: 1", "version: one", "version"),
        ("title: Offer of other ways to go on\n", "", "lacks title"),
        ("version: 1", "version: 1\nfacts: {writer: {what: me}}", "is there already"),
        ("version: 1", "version: 1\napproved: {by: me, on: today, sha256: x}", "2026-03-02"),
        ("version: 1", "version: 1\ncolour: red", "has no 'colour'"),
        ("version: 1", "version: [1", "not YAML"),
        ("version: 1", "version: !!python/object:os.system {}", "version"),
        ("---\ncarenotebook", "carenotebook", "begins with ---"),
    ],
)  # fmt: skip
def test_what_a_letter_lacks_is_named_with_where_to_add_it(old, new, said):
    text = START.replace(old, new, 1)
    assert text != START
    found = problems(text)
    assert any(said in p.message for p in found), found
    last = text.count("\n") + 1
    assert all(p.file == "mine.md" and 1 <= p.line <= last for p in found)


def test_a_letter_too_large_is_refused_at_once():
    assert "more than 20,000" in problems(START + "a" * LARGEST)[0].message


def test_facts_of_ones_own_can_be_declared_and_used():
    text = START.replace("version: 1\n", "version: 1\nfacts:\n  bus: {what: the bus to take}\n", 1)
    text = text.replace("With warm wishes,", "The bus is {{ bus }}.\n\nWith warm wishes,")
    letter = outreach.read_letter(text)
    assert letter.facts["bus"].required
    draft = letter.draft(letter.example() | {"bus": ""}, on=DAY)
    assert draft.open == ("bus",)
    assert "The bus is [write here: the bus to take]." in draft.text


WORDS = st.sampled_from(
    ["", "{{", "}}", "{% for x in tried %}", "{% endfor %}", "{: reason }", "# ", "- ", "---", "**",
     "{#", "#}", "{{ tried }}", "{% raw %}", "<b>", "*x", "!t ", "\x00", "\ue000", "\ue0010", "\t"]
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from("drsi"), WORDS),
        min_size=1,
        max_size=4,
    )
)
def test_a_mutated_letter_gives_problems_with_a_place_or_a_letter(mutations):
    lines = list(LINES)
    for n, kind, word in mutations:
        at = n % len(lines)
        if kind == "d":
            del lines[at]
        elif kind == "r":
            lines[at] = lines[at].partition(" ")[0] + " " + word
        elif kind == "s":
            lines[at], lines[-1 - at] = lines[-1 - at], lines[at]
        else:
            lines.insert(at, word)
    held("\n".join(lines))


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.text(), st.text().map(lambda t: f"---\n{t}\n---\n{t}")))
def test_any_text_gives_problems_with_a_place_or_a_letter(text):
    held(text)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="{}%: #-*ab\n|.x()[]'_", max_size=60))
def test_any_body_gives_problems_with_a_place_or_a_letter(body):
    top, _, rest = START.partition("---\n# ")
    held(f"{top}---\n# {body}\n{rest}")


def held(text):
    template, found = read_template(text, "mine", "mine.md")
    assert (template is None) == bool(found)
    lines = len(text.replace("\r", "\n").split("\n")) + 1
    for problem in found:
        assert problem.file == "mine.md"
        assert 1 <= problem.line <= lines
        assert problem.message.strip()
    if template is not None:
        draft = template.draft(on=DAY)
        assert not draft.ready
        assert draft.html.startswith("<!doctype html>")


class Seen(HTMLParser):
    """The tags and the words of a page's body."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.inside = [], [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(attrs)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside != "style":
            self.words.append(data)


VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["<script>alert(1)</script>", "&lt;b&gt;", "{{ writer }}", "{% include 'x' %}", "# Title",
         "- item", "**bold**", "{: contest }", "\ue0000\ue001", "a\n\n# Title\n\n- item", "</p>"]
    ),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(name=VALUES, tried=st.lists(VALUES, max_size=3))
def test_what_is_put_in_is_shown_as_it_is_and_changes_nothing_around_it(name, tried):
    letter = outreach.letters()["welcome_back"]
    plain = Seen(letter.draft(letter.example(), on=DAY).html)
    try:
        draft = letter.draft(letter.example() | {"first_name": name, "good": "x"}, on=DAY)
        more = outreach.letters()["alternatives_offer"].draft({"tried": tried}, on=DAY)
    except LetterError:
        letters = "".join([name, *tried])
        assert any(unicodedata.category(c)[0] == "C" for c in letters)
        return
    page = Seen(draft.html)
    outside = [t for t in page.tags if t[0] != "mark"]
    assert outside == [t for t in plain.tags if t[0] != "mark"]
    told = " ".join("".join(page.words).split())
    shown = " ".join(name.split())
    assert f"Dear {shown}," in told if shown else "[write here: " in told
    items = max(1, sum(bool(t.split()) for t in tried))
    assert more.html.count("<li>") == items + len(
        ("support", "options", "ways", "referral", "urgent")
    )
    assert not any(s in page.tags for s in ("script", "img", "a"))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_is_open_for_exactly_what_is_missing(data):
    name = data.draw(st.sampled_from(["review_notice", "stopping", "quiet_note"]))
    letter = outreach.approve_letter(name, "Clinical lead", DAY)
    missing = data.draw(st.sets(st.sampled_from(sorted(letter.facts))))
    facts = {k: v for k, v in letter.example().items() if k not in missing}
    draft = letter.draft(facts, on=DAY)
    needed = {k for k in missing if letter.facts[k].required}
    assert set(draft.open) == needed
    assert draft.ready == (not needed)
    assert ("Draft" in draft.text) == bool(needed)


def test_headings_of_a_page_never_skip_a_level():
    for letter in outreach.letters().values():
        levels = [
            int(b.kind[1])
            for b in letter.draft(letter.example(), on=DAY).blocks
            if b.kind[0] == "h"
        ]
        assert levels[0] == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
