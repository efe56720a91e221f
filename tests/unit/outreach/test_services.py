"""A directory of services: every row accepted or set aside, every place in a list explained."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carenotebook import outreach
from carenotebook.core.errors import DataError, MappingError, OptionError
from carenotebook.outreach.referral_needs import WEIGHTS
from carenotebook.outreach.referral_schema import COLUMNS

DAY = date(2026, 3, 17)


def written(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    return path


def directory(path, text):
    """A directory from a table with bars; every service can be rung."""
    lines = [[c.strip() for c in line.split("|")] for line in text.strip().splitlines()]
    out = io.StringIO()
    csv.writer(out).writerows([[*lines[0], "phone"], *([*x, "01632 960 100"] for x in lines[1:])])
    return outreach.read_directory(written(path / "services.csv", out.getvalue()))


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",English,,,,,01632 960 1,", "name", "is blank"),
        ("Talk,,,,,,01632 960 1,", "languages", "is blank"),
        ("Talk, ; ;,,,,,01632 960 1,", "languages", "is blank"),
        ("Talk,English,,,,,,", None, "has no phone, email or website"),
        ("Talk,English,,-1,,,1,", "cost", "is below the lowest possible value"),
        ("Talk,English,,1e9,,,1,", "cost", "is above the highest possible value"),
        ("Talk,English,,much,,,1,", "cost", "is not a number"),
        ("Talk,English,,,1.5,,1,", "waiting_days", "is not a whole number"),
        ("Talk,English,by pigeon,,,,1,", "modality", "'by pigeon' is not in the vocabulary"),
        ("Talk,English,,,,perhaps,1,", "availability", "'perhaps' is not in the vocabulary"),
        ("Talk,English,,,,,1,2026-02-30", "last_checked", "is not a day, written 2026-03-02"),
        ("Talk,English,,,,,1,3/2/26", "last_checked", "is not a day, written 2026-03-02"),
        ("T\x1b[2J,English,,,,,1,", "name", "holds a character that is not to be read"),
        ("T\u202e,English,,,,,1,", "name", "holds a character that is not to be read"),
        (f"{'T' * 401},English,,,,,1,", "name", "has more than 400 characters"),
        (",,,,,,,", None, "row is blank"),
        ("Talk,English", None, "row has 2 fields, the header has 8"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_its_reason(row, column, reason, tmp_path):
    header = "name,languages,modality,cost,waiting_days,availability,phone,last_checked"
    good = "Other,English;Welsh,video; phone,0,3,open,01632 960 2,2026-03-01"
    read = outreach.read_directory(written(tmp_path / "s.csv", f"{header}\n{good}\n{row}\n"))
    assert read.services["name"].to_list() == ["Other"]
    assert read.rejected.select("table", "row", "column", "reason").rows() == [
        ("services", 2, column, reason)
    ]
    assert "Talk" not in repr(read) + repr(read.rejected)


def test_both_of_a_repeated_name_are_set_aside(tmp_path):
    text = "name,languages,phone\nTalk,English,1\ntalk ,English,2\nOther,English,3\n"
    read = outreach.read_directory(written(tmp_path / "s.csv", text))
    assert read.services["name"].to_list() == ["Other"]
    assert read.rejected["reason"].to_list() == ["is repeated"] * 2


def test_columns_of_another_name_are_mapped_and_others_left_out(tmp_path):
    path = written(tmp_path / "s.csv", "Service;Spoken;Tel;Fax\nTalk;English;1;2\n")
    read = outreach.read_directory(path, {"name": "Service", "languages": "Spoken", "phone": "Tel"})
    assert read.services.height == 1
    assert read.ignored == ("Fax",)
    with pytest.raises(DataError, match="needs name, languages"):
        outreach.read_directory(path)
    with pytest.raises(MappingError, match="Did you mean 'languages'"):
        outreach.read_directory(path, {"language": "Spoken"})
    with pytest.raises(MappingError, match="no such column"):
        outreach.read_directory(path, {"name": "Nothing"})


CELL = st.one_of(
    st.sampled_from(
        ["", "Talk", "English; Spanish", "video", "phone;;", "0", "-3", "1e400", "nan", "open",
         "2026-03-01", "0000-00-00", "yes", '"', "a\nb", "\x00", ";", "=1+1", "\u202e", "9" * 30]
    ),
    st.text(max_size=8),
)  # fmt: skip


HEADERS = st.permutations(sorted(COLUMNS)).map(
    lambda names: [*dict.fromkeys(["name", "languages", "phone", *names])][:10]
)


@settings(max_examples=60, deadline=None)
@given(
    names=st.one_of(HEADERS, st.lists(CELL, min_size=10, max_size=10)),
    rows=st.lists(st.lists(CELL, min_size=10, max_size=10), max_size=6),
    needs=st.fixed_dictionaries({}, optional={
        "language": st.just("English"), "cost": st.floats(0, 100), "licence_area": st.just("X"),
        "modality": st.lists(st.sampled_from(["video", "in_person"])), "area": st.just("North"),
        "expertise": st.lists(st.text(max_size=3), max_size=3), "like": st.just(["Talk"]),
    }),
)  # fmt: skip
def test_any_table_gives_a_directory_or_a_clear_error(names, rows, needs, tmp_path_factory):
    out = io.StringIO()
    csv.writer(out).writerows([names, *rows])
    path = tmp_path_factory.mktemp("fuzz") / "s.csv"
    path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
    try:
        read = outreach.read_directory(path)
    except DataError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert message.startswith(str(path))
        return
    aside = set(read.rejected["row"])
    assert len(aside) == read.rejected.height
    assert read.rejected.filter(pl.col("reason").is_null()).is_empty()
    assert read.services.height + read.rejected.height >= sum(
        any(c.strip() for c in r) for r in rows
    )
    assert read.services.schema == {c: column.dtype for c, column in COLUMNS.items()}
    found = outreach.match_services(read, needs, on=DAY)
    assert len(found.matches) == read.services.height
    assert found.page().html().startswith("<!doctype html>")
    held(found)


def held(found):
    """What holds of every match."""
    ranked = found.of("ranked")
    assert all(0 <= m.score <= 1 for m in ranked)
    assert [m.score for m in ranked] == sorted((m.score for m in ranked), reverse=True)
    for m in ranked:
        total = sum(p.weight for p in m.parts)
        told = sum(p.value * p.weight for p in m.parts) / total if total else 0
        assert m.score == pytest.approx(told, abs=1e-6)  # a score is rounded to six digits
        assert all(p.why for p in m.parts)
    assert all(m.against and m.score is None for m in (*found.of("left_out"), *found.of("ask")))
    assert all(m.rank is None and m.score is None for m in found.of("crisis"))
    tidy = found.tidy()
    assert set(tidy["service"]) == {m.name for m in found.matches}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'"', b"name\n\x00", b",,,\n1,2"])
def test_what_is_no_csv_is_a_clear_error(content, tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(str(path))):
        outreach.read_directory(path)
    with pytest.raises(DataError, match="there is no such file"):
        outreach.read_directory(tmp_path / "none.csv")


SERVICES = """
name   | languages        | modality         | cost | areas | licence_areas | availability | waiting_days | expertise
Both   | English; Spanish | in_person; video | 20   | North | Wales         | open         | 10           | grief; trauma
Online | English          | video            | 0    |       | England       | open         | 0            | trauma
Unsaid | English          | video            |      |       |               | open         |              |
Full   | English          | in_person        | 0    | South | England       | closed       |              | grief
"""  # noqa: E501 - a table


@pytest.mark.parametrize(
    ("needs", "ranked", "ask", "left_out"),
    [
        ({}, ["Online", "Both", "Unsaid"], [], ["Full"]),
        ({"language": "spanish"}, ["Both"], [], ["Online", "Unsaid", "Full"]),
        ({"cost": 0}, ["Online"], ["Unsaid"], ["Both", "Full"]),
        ({"cost": 20}, ["Online", "Both"], ["Unsaid"], ["Full"]),
        # In person, a licence where the client sits online is not asked for.
        ({"licence_area": "England"}, ["Online", "Both"], ["Unsaid"], ["Full"]),
        ({"licence_area": "England", "modality": ["video"]}, ["Online"], ["Unsaid"],
         ["Both", "Full"]),
        ({"licence_area": "Wales", "modality": ["video"]}, ["Both"], ["Unsaid"],
         ["Online", "Full"]),
        ({"language": "Urdu"}, [], [], ["Both", "Online", "Unsaid", "Full"]),
    ],
)  # fmt: skip
def test_a_hard_need_leaves_out_and_what_is_not_known_is_asked(
    needs, ranked, ask, left_out, tmp_path
):
    found = outreach.match_services(directory(tmp_path, SERVICES), needs, on=DAY)
    got = [[m.name for m in found.of(s)] for s in ("ranked", "ask", "left_out")]
    assert got == [ranked, ask, left_out]
    assert all(m.why for m in found.matches)


@pytest.mark.parametrize(
    ("needs", "name", "told"),
    [
        ({"expertise": ["Grief", "sleep"]}, "Both", ("expertise", 0.5, "1 of 2 wished for: Grief")),
        ({"like": ["grief", "trauma"]}, "Both", ("like", 1, "2 of 2 listed for the present")),
        ({"like": ["grief", "trauma"]}, "Online", ("like", 0.5, "1 of 2 listed for the present")),
        ({"like": ["grief"]}, "Unsaid", ("like", 0, "what it knows about is not known")),
        ({"modality": ["in_person"]}, "Online", ("modality", 0, "meets only by video")),
        ({"modality": ["phone", "video"]}, "Both", ("modality", 1, "meets by video")),
        ({"area": "north"}, "Both", ("area", 1, "in north")),
        ({"area": "South"}, "Online", ("area", 1, "met online, from anywhere")),
        ({"waiting_days": 20}, "Both", ("waiting", 0.5, "10 days of waiting, against 20")),
        ({}, "Unsaid", ("waiting", 0, "the waiting time is not known")),
        ({"cost": 40}, "Both", ("cost", 0.5, "costs 20 of up to 40")),
        ({"cost": 0}, "Online", ("cost", 1, "free")),
    ],
)
def test_each_part_of_a_score_says_what_it_is_and_why(needs, name, told, tmp_path):
    part, value, why = told
    found = outreach.match_services(directory(tmp_path, SERVICES), needs, on=DAY)
    (match,) = (m for m in found.matches if m.name == name)
    (got,) = (p for p in match.parts if p.name == part)
    assert got.value == value
    assert got.why.startswith(why)
    assert got.weight == WEIGHTS[part]


def test_weights_are_arguments_and_ties_keep_the_order_of_the_directory(tmp_path):
    services = directory(tmp_path, SERVICES)
    none = dict.fromkeys(WEIGHTS, 0)
    found = outreach.match_services(services, {"expertise": ["grief"]}, weights=none, on=DAY)
    assert [(m.rank, m.name) for m in found.of("ranked")] == [
        (1, "Both"), (1, "Online"), (1, "Unsaid")
    ]  # fmt: skip
    only = none | {"expertise": 1}
    found = outreach.match_services(services, {"expertise": ["trauma"]}, weights=only, on=DAY)
    assert [(m.rank, m.name, m.score) for m in found.of("ranked")] == [
        (1, "Both", 1), (1, "Online", 1), (3, "Unsaid", 0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("needs", "weights"),
    [
        ({"languages": "English"}, None),
        ({"language": ["English"]}, None),
        ({"cost": "20"}, None),
        ({"cost": float("nan")}, None),
        ({"cost": -1}, None),
        ({"modality": ["owl"]}, None),
        ({"waiting_days": 0}, None),
        ({"expertise": 3}, None),
        ({}, {"expertise": -1}),
        ({}, {"price": 1}),
        ({}, {"cost": float("inf")}),
    ],
)
def test_a_need_or_a_weight_that_cannot_be_is_refused(needs, weights):
    with pytest.raises(OptionError, match=r"needs|weights"):
        outreach.match_services(outreach.example_directory(), needs, weights=weights)


def test_where_nothing_fits_it_says_so_and_what_to_relax(tmp_path):
    services = directory(tmp_path, SERVICES)
    found = outreach.match_services(services, {"language": "Spanish", "cost": 10}, on=DAY)
    assert found.of("ranked") == ()
    assert found.relax == {"language": 2, "cost": 1}
    assert "No service meets the needs" in found.summary()
    assert "language: 2 more; cost: 1 more" in found.summary()
    assert "We have not found a place that fits yet" in found.page().text()
    none = outreach.match_services(services, {"language": "Urdu", "cost": 0}, on=DAY)
    assert none.relax == {"language": 2}


def test_services_for_a_crisis_are_never_ranked_and_always_shown():
    services = outreach.example_directory()
    for needs in ({}, {"language": "Urdu"}, {"cost": 0, "modality": ["video"]}):
        found = outreach.match_services(services, needs, on=DAY)
        assert [m.name for m in found.of("crisis")] == [
            "Night Line (made up)", "Harbour Emergency Team (made up)"
        ]  # fmt: skip
        page = found.page(0)
        assert "Night Line" in page.text()
        assert page.sections[0].heading == "At any time, if you need help at once"


@pytest.mark.parametrize(
    ("checked", "stale"),
    [("2026-03-17", False), ("2025-09-18", False), ("2025-09-17", True), ("", True),
     ("2026-03-18", True)],
)  # fmt: skip
def test_an_entry_is_stale_after_180_days_or_if_it_was_never_checked(checked, stale, tmp_path):
    text = f"name,languages,phone,last_checked\nTalk,English,1,{checked}\n"
    read = outreach.read_directory(written(tmp_path / "s.csv", text))
    found = outreach.match_services(read, on=DAY)
    assert found.matches[0].stale is stale
    assert ("Ring first" in found.summary()) is stale
    assert read.stale(DAY).height == stale


def test_the_clients_list_holds_nothing_of_the_client_and_is_escaped(tmp_path):
    text = "name,languages,phone,about\n<b>Talk</b>,English,1,<script>alert(1)</script>\n"
    read = outreach.read_directory(written(tmp_path / "s.csv", text))
    needs = {"expertise": ["zebulonism"], "like": ["quagga"], "area": "Erewhon"}
    page = outreach.match_services(read, needs, on=DAY).page()
    for told in (page.text(), page.html()):
        assert not re.search("zebulonism|quagga|Erewhon|score|rank", told)
    assert "<script>" not in page.html()
    assert "&lt;b&gt;Talk&lt;/b&gt;" in page.html()


def test_a_match_fills_the_facts_of_a_letter():
    found = outreach.match_services(outreach.example_directory(), {"language": "Polish"}, on=DAY)
    letter = outreach.letters()["review_notice"]
    facts = letter.example() | {"referral": found.lines(), "urgent": found.urgent_lines()}
    draft = letter.draft(facts, on=DAY)
    assert "Riverside Drop-in (made up): 01632 960 111" in draft.text.replace("\n  ", " ")
    assert {f.about for f in draft.check()} == {"approval"}


def test_the_made_up_directory_is_plainly_made_up():
    services = outreach.example_directory().services
    assert services["name"].str.contains("made up").all()
    phones = services["phone"].drop_nulls()
    assert phones.str.starts_with("01632 960 ").all()
    sites = services["website"].drop_nulls().to_list() + services["email"].drop_nulls().to_list()
    assert all(s.endswith(("example.org", "example.com")) for s in sites)
    assert outreach.example_directory().rejected.is_empty()


@settings(max_examples=30, deadline=None)
@given(
    order=st.permutations(range(14)), wanted=st.sets(st.sampled_from(["trauma", "grief", "sleep"]))
)
def test_the_order_of_the_directory_settles_ties_and_nothing_else(order, wanted):
    services = outreach.example_directory()
    moved = replace(services, services=services.services[list(order)])
    needs = {"expertise": sorted(wanted), "cost": 60}
    one, other = (outreach.match_services(d, needs, on=DAY) for d in (services, moved))
    assert {m.name: (m.status, m.rank, m.score) for m in one.matches} == {
        m.name: (m.status, m.rank, m.score) for m in other.matches
    }
    place = {name: i for i, name in enumerate(moved.services["name"])}
    for earlier, later in pairwise(other.of("ranked")):
        assert earlier.score > later.score or place[earlier.name] < place[later.name]


def test_what_is_no_directory_is_refused_with_what_reads_one():
    with pytest.raises(OptionError, match=r"read_directory\(path\)"):
        outreach.match_services("nope.csv")
