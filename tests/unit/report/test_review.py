"""The report: what it shows, what it never shows, and whether everyone can read it."""

import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.report.review import review

VOID = {"meta", "link", "br", "hr", "img", "input"}
SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


class Page(HTMLParser):
    """Every tag with its attributes, and the text of cells and headings."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.texts, self.unbalanced = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append((tag, len(self.tags) - 1))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.unbalanced.append(tag)
            return
        self.open.pop()

    def handle_data(self, data):
        for _, index in self.open:
            self.texts[index] += data

    def all(self, *names):
        return [(a, t) for (n, a), t in zip(self.tags, self.texts, strict=True) if n in names]


@pytest.fixture(scope="module")
def reviewed(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d")
    rule = c.Rule("two <misses>", c.missed(within="90d") >= 2, safeguards=("Talk first.",))
    return review(cohort, rule, by=["language"])


@pytest.fixture(scope="module")
def page(reviewed):
    return Page(reviewed.html())


def test_it_is_well_formed_and_has_one_heading_of_the_first_rank(page):
    assert page.unbalanced == []
    assert page.open == []
    assert len(page.all("h1")) == 1


def test_headings_descend_one_rank_at_a_time(page):
    ranks = [int(n[1]) for n, _ in page.tags if re.fullmatch("h[1-6]", n)]
    assert all(b - a <= 1 for a, b in itertools.pairwise(ranks))


def test_it_has_landmarks_a_language_and_a_way_past_the_contents(page):
    assert page.all("html")[0][0]["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    first_link = page.all("a")[0][0]["href"]
    assert first_link == f"#{page.all('main')[0][0]['id']}"


def test_links_lead_to_ids_that_stand_once(page):
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a, _ in page.all("a")} <= set(ids)


def test_tables_have_captions_and_scoped_headings(page):
    tables = page.all("table")
    assert tables
    assert len(page.all("caption")) == len(tables)
    assert all(text.strip() for _, text in page.all("caption"))
    assert {a.get("scope") for a, _ in page.all("th")} == {"col", "row"}


def test_every_picture_has_a_name_and_a_text(page):
    pictures = page.all("svg")
    ids = {a["id"]: t for (_, a), t in zip(page.tags, page.texts, strict=True) if "id" in a}
    assert pictures
    for attributes, _ in pictures:
        assert attributes["role"] == "img"
        assert all(ids[i].strip() for i in attributes["aria-labelledby"].split())


def test_it_needs_nothing_from_anywhere(reviewed, page):
    assert "://" not in reviewed.html().replace(SVG_NAMESPACE, "").replace(
        'xmlns:xlink="http://www.w3.org/1999/xlink"', ""
    )
    assert page.all("script", "link", "img", "iframe", "object") == []
    assert not re.search(r"@import|url\((?!#)", reviewed.html())


def test_names_are_escaped(reviewed):
    assert "two &lt;misses&gt;" in reviewed.html()
    assert "<misses>" not in reviewed.html()


def test_no_client_is_named(reviewed, small_group_tables):
    out = reviewed.html() + json.dumps(reviewed.figures()) + reviewed.summary() + repr(reviewed)
    assert not [i for i in small_group_tables["clients"]["client_id"] if i in out]


def test_a_group_of_nine_clients_is_hidden_however_many_rows_it_has(reviewed, page):
    rows = reviewed.figures()["by_group_language"]["rows"]
    (small,) = (r for r in rows if "small groups" in r.values())
    assert "Cornish" not in json.dumps(reviewed.figures()) + reviewed.html()
    assert small["suppressed"]
    numbers = [v for v in small.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    assert numbers == []
    assert sum(r["suppressed"] for r in rows) >= 2, "the total would tell one hidden group"
    cells = [t.strip() for _, t in page.all("td")]
    assert "Hidden" in cells


def test_figures_are_json_and_are_those_of_the_page(reviewed, page):
    figures = json.loads(json.dumps(reviewed.figures(), allow_nan=False))
    shown = [t.replace(",", "") for _, t in page.all("td", "th")]
    for row in figures["tables"]["rows"]:
        at = shown.index(row["table"])
        assert {str(row["rows_in"]), str(row["clients"])} <= set(shown[at : at + 8])
    for row in figures["by_group_language"]["rows"]:
        if not row["suppressed"]:
            assert any(f"{row['numerator']} of {row['denominator']}" in cell for cell in shown)


def test_it_says_that_a_criterion_discharges_nobody_and_its_safeguards(page):
    text = page.texts[0]
    assert "discharges nobody" in text
    assert "Talk first." in text


def test_rows_read_are_accepted_or_rejected_and_raw_text_stays_out(small_group_tables):
    damaged = small_group_tables["appointments"].with_columns(
        outcome=pl.when(pl.int_range(pl.len()) < 20).then(pl.lit("Zenobia Q.")).otherwise("outcome")
    )
    cohort = cn.from_frames(appointments=damaged, episode_end="60d")
    found = review(cohort, c.Rule("two", c.missed() >= 2))
    figures = found.figures()
    (row,) = figures["tables"]["rows"]
    assert row["rows_in"] == row["accepted"] + row["rejected"]
    assert [r["rows"] for r in figures["rejected"]["rows"]] == [20]
    assert "Zenobia" not in found.html() + json.dumps(figures)


def test_few_rejected_rows_are_not_told_by_what_was_read(small_group_tables):
    """Seven rows, with a line break in what they hold."""
    damaged = small_group_tables["appointments"].with_columns(
        outcome=pl.when(pl.int_range(pl.len()) < 7)
        .then(pl.lit("Zeno\nQ. is here"))
        .otherwise("outcome")
    )
    cohort = cn.from_frames(appointments=damaged, episode_end="60d")
    found = review(cohort, c.Rule("two", c.missed() >= 2))
    (row,) = found.figures()["tables"]["rows"]
    assert row["suppressed"]
    assert row["rows_in"] is row["rejected"] is None
    assert row["accepted"] == 760
    assert "Rows rejected: some, too few to show" in found.summary()
    assert "Zeno" not in found.html() + json.dumps(found.figures())
    told = repr(cohort.describe())
    assert "Zeno" not in told
    assert "<11" in told


def test_what_lies_after_the_end_of_the_data_is_not_counted(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d", as_of="2020-01-01")
    found = review(cohort, c.Rule("one", c.missed() >= 1))
    assert found.summary().startswith("Clients with an appointment so far: 0 (no appointments)")


def test_groups_by_client_are_refused(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d")
    with pytest.raises(OptionError, match="list clients"):
        review(cohort, c.Rule("two", c.missed() >= 2), by=["client_id"])


def test_a_rule_without_its_data_is_refused_and_the_table_named(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d")
    with pytest.raises(MissingDataError, match="contacts"):
        review(cohort, c.Rule("silence", c.days_since_heard() >= 30))


def test_a_cohort_of_nine_clients_shows_no_figure_at_all(small_group_tables):
    few = {
        name: frame.filter(pl.col("client_id").str.starts_with("Q7C"))
        for name, frame in small_group_tables.items()
    }
    found = review(cn.from_frames(**few, episode_end="60d"), c.Rule("one", c.missed() >= 1))
    for name in ("tables", "attendance", "outcome_panel", "flagged", "states", "came_back"):
        for row in found.figures()[name]["rows"]:
            assert row["suppressed"] or not (row.get("clients") or row.get("estimate"))
    assert {t for _, t in Page(found.html()).all("strong")} >= {"Hidden"}


@pytest.mark.parametrize("misses", [0, 1000])
def test_a_rule_that_always_or_never_holds_has_a_report(misses, small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d")
    found = review(cohort, c.Rule("one", c.missed() >= misses), by=["language"])
    assert Page(found.html()).unbalanced == []


def test_a_cohort_in_which_nothing_happened_has_a_report(small_group_tables):
    nobody = small_group_tables["appointments"].clear()
    cohort = cn.from_frames(appointments=nobody, as_of="2025-06-01", episode_end="60d")
    found = review(cohort, c.Rule("one", c.missed() >= 1))
    assert found.summary().startswith("Clients with an appointment so far: 0 (no appointments)")
    assert Page(found.html()).unbalanced == []


def test_other_rules_and_other_values_stand_beside_the_rule(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="as_of")
    rule = c.Rule("misses", c.missed() >= c.param("k"))
    others = [c.Rule("four", c.missed() >= 4), c.Rule("silence", c.days_since_heard() >= 30)]
    found = review(cohort, rule, compare=others, grid={"k": [2, 3]})
    assert found.rule["name"] == "misses (k=2)"
    page = found.html()
    assert 'id="values"' in page
    assert 'id="rules"' in page
    figures = found.figures()
    assert [row["k"] for row in figures["sweep"]["rows"]] == ["2", "3"]
    assert [row["rule"] for row in figures["rules"]["rows"]] == ["misses (k=2)", "four"]
    assert "Not replayed: silence." in figures["rule_changes"]["summary"]


def test_what_is_not_asked_for_has_no_section(reviewed):
    html = reviewed.html()
    assert 'id="values"' not in html
    assert 'id="rules"' not in html


def test_who_is_put_up_for_review_stands_beside_the_others_but_for_columns_told_elsewhere():
    cohort, _ = cn.synthetic_cohort(clients=120, seed=1)
    found = review(cohort, c.Rule("two", c.missed(within="90d") >= 2), by=["language"])
    variables = {row["variable"] for row in found.figures()["table_one"]["rows"]}
    assert {"age_band", "PHQ-9, first score"} <= variables
    assert "language" not in variables
    assert found.blocks["table_one"].title in found.html()


def test_a_rule_beside_is_hidden_that_differs_by_few_from_a_shown_value_of_a_parameter():
    cohort, _ = cn.synthetic_cohort(clients=600, seed=2)
    swept = c.Rule("misses", c.missed() >= c.param("k"))
    # Differs from the second value by the few who missed three and were gone within two months.
    near = c.Rule("near", (c.missed() >= 3) & (c.days_in_care() >= 60))
    apart = cn.replay(c.Rule("three", c.missed() >= 3), cohort).first.join(
        cn.replay(near, cohort).first, on=["client_id", "episode"], how="anti"
    )
    assert 0 < apart["client_id"].n_unique() < cn.Privacy().min_cell
    alone = review(cohort, c.Rule("two", c.missed() >= 2), compare=[near])
    told = {r["rule"]: r["suppressed"] for r in alone.figures()["rules"]["rows"]}
    assert not told["near"]
    both = review(cohort, swept, compare=[near], grid={"k": [2, 3]})
    assert not any(r["suppressed"] for r in both.figures()["sweep"]["rows"])
    told = {r["rule"]: r["suppressed"] for r in both.figures()["rules"]["rows"]}
    assert told == {"misses (k=2)": False, "near": True}
    changes = [r for r in both.figures()["rule_changes"]["rows"] if r["rule"] == "near"]
    assert all(r["clients"] is None for r in changes)


def test_a_rule_beside_is_hidden_that_differs_by_few_from_a_clause_by_itself():
    cohort, _ = cn.synthetic_cohort(clients=600, seed=2)
    rule = c.Rule("silent", (c.missed() >= 3) & (c.days_since_heard() >= 30))
    near = c.Rule("near", (c.missed() >= 3) & (c.days_in_care() >= 60))
    figures = review(cohort, rule, compare=[near]).figures()
    assert figures["attrition"]["rows"][1]["clients_alone"] is not None
    told = {r["rule"]: r["suppressed"] for r in figures["rules"]["rows"]}
    assert told == {"silent": False, "near": True}
    other = c.Rule("silent", (c.missed() >= 2) & (c.days_since_heard() >= 30))
    told = review(cohort, other, compare=[near]).figures()["rules"]["rows"]
    assert not any(r["suppressed"] for r in told), "no clause of this one is near"


def test_a_rule_beside_is_hidden_that_differs_by_few_from_another_reading_of_unknowns():
    cohort, _ = cn.synthetic_cohort(clients=600, seed=2)
    rule = c.Rule("silent", (c.missed() >= 3) & (c.days_since_heard() >= 30))
    found = review(cohort, rule, compare=[c.Rule("any", c.missed() >= 1)])
    reading = found.blocks["unknown_outcomes"].result
    comparison = found.blocks["rule_changes"].result
    assert reading in comparison.beside
    told = reading.shown(found.privacy)
    assert len(told) == (~reading.released(found.privacy).frame["suppressed"]).sum()
    assert told.shape[1] == comparison.members.shape[1]
    flagged = found.blocks["flagged"].result.first.height
    assert np.unpackbits(told[0]).sum() == flagged, "unknowns ignored is the rule itself"


def test_with_many_columns_everyone_together_is_told_once():
    cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    by = ["language", "gender", "age_band", "deprivation_quintile"]
    figures = review(cohort, c.Rule("two", c.missed(within="90d") >= 2), by=by).figures()
    audits = [figures[f"audit_{column}"] for column in by]
    assert [any(r["split"] == "everyone" for r in a["rows"]) for a in audits] == [
        True,
        *[False] * 3,
    ]
    assert sum("Wrongly put up for review" in a["summary"] for a in audits) == 1
    assert all({r["split"] for r in a["rows"]} >= {c} for a, c in zip(audits, by, strict=True))


def test_what_is_declared_and_whose_codes_apply_stand_in_the_report(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d")
    rule = c.Rule("two", c.missed(within="90d") >= 2)
    bare = review(cohort, rule)
    said = review(cohort, rule, profile="BACP", declared={"way_back": "Ring us, any time."})
    assert "Way back" in bare.rule["lacking"]
    assert "Way back" not in said.rule["lacking"]
    codes = "".join(r["codes"] for r in said.figures()["safeguards"]["rows"])
    assert "BACP" in codes
    assert "APA" not in codes
    assert "Ring us, any time" in said.html()


def test_a_report_made_again_is_the_same_to_the_byte(small_group_tables):
    cohort = cn.from_frames(**small_group_tables, episode_end="60d")
    rule = c.Rule("two", c.missed(within="90d") >= 2)
    assert review(cohort, rule).html() == review(cohort, rule).html()
