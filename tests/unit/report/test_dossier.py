"""The dossier: what a committee is told, what it can write, and that it can be made again."""

import json
import re

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import DataError, OptionError
from carenotebook.report.manifest import read_manifest

WRITTEN = {
    "question": "Whom should a clinician ring first? 40 % of <nobody> says.",
    "dissent": ["One of us would rather ring everybody.", "One of us abstains."],
}
SECTIONS = (
    "question",
    "data",
    "rule",
    "attendance",
    "affected",
    "harms",
    "fairness",
    "safeguards",
    "alternatives",
    "unknown",
    "open",
    "after",
    "stopping",
    "dissent",
    "sign-off",
    "limits",
    "made",
    "annex",
)


@pytest.fixture(scope="module")
def cohort(small_group_tables):
    return cn.from_frames(**small_group_tables, episode_end="60d")


@pytest.fixture(scope="module")
def made(cohort):
    return cn.dossier(
        c.Rule("two misses", c.missed(within="90d") >= 2),
        cohort,
        "language",
        written=WRITTEN,
        stopping={"would_have_come_back": 0.1, "no_risk_review": 0.2, "largest_gap": 0.5},
        compare=[c.Rule("one miss", c.missed(within="90d") >= 1)],
        profile="BACP",
        declared={"way_back": "Ring us, any time."},
    )


@pytest.fixture(scope="module")
def larger():
    """Of a cohort in which most figures may be shown."""
    cohort, _ = cn.synthetic_cohort(clients=600, seed=1)
    stopping = {"would_have_come_back": 0.1, "severe_at_flag": 1, "worse_unflagged": 900}
    rule = c.Rule("two", c.missed(within="90d") >= 2)
    return cn.dossier(rule, cohort, "gender", stopping=stopping, compare=[])


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory):
    return made.save(tmp_path_factory.mktemp("dossier") / "dossier.html")


def test_every_part_that_a_committee_needs_is_there_and_in_order(made):
    assert tuple(re.findall(r'<section aria-labelledby="([^"]+)"', made.html())) == SECTIONS


def test_what_people_wrote_is_there_and_is_text(made):
    page = made.html()
    assert "40\N{NO-BREAK SPACE}% of &lt;nobody&gt; says." in page
    assert "One of us abstains." in page


def test_there_is_room_for_dissent_and_a_seat_for_lived_experience(made):
    page = made.html()
    assert "Lived experience (a client or former client)" in page
    dissent = page[page.index('id="dissent"') : page.index('id="sign-off"')]
    assert "lines to write on" in dissent


def test_an_unfit_rule_is_called_so_at_the_top_the_end_and_on_every_printed_page(made):
    page = made.html()
    assert page.count("Not fit for use") >= 3
    assert re.search(r"@bottom-center \{ content: \"Not fit for use", page)


def test_what_is_declared_and_whose_codes_apply_are_looked_at(made):
    rows = made.figures()["safeguards"]["rows"]
    assert "Way back" not in made.review.rule["lacking"]
    assert "APA" not in json.dumps(rows)


def test_a_stopping_rule_stands_beside_what_is_found_now(larger, made):
    told = {row["when"]: row["verdict"] for row in larger.figures()["stopping"]}
    assert list(told.values()) == ["Reached already", "Not reached", "Not reached"]
    assert {row["verdict"] for row in made.figures()["stopping"]} == {"Cannot be told"}
    page = made.html().replace("\N{NO-BREAK SPACE}", " ")
    assert all(row["when"] in page for row in made.figures()["stopping"])


def test_what_is_missing_is_said(cohort, made):
    assert "the safeguard 'Risk looked at'" in made.unfinished
    assert not any("question" in what for what in made.unfinished)
    bare = cn.dossier(c.Rule("two", c.missed(within="90d") >= 2), cohort, compare=[])
    assert [w.split(" ")[1] for w in bare.unfinished[:3]] == ["question", "column", "figure"]
    assert "Nobody has written this yet." in bare.html()


def test_long_tables_stand_at_the_end_and_nothing_is_left_out(made):
    body, annex = made.html().split('id="annex"')
    title = f"<caption>{made.review.blocks['audit'].title}</caption>".replace("'", "&#39;")
    assert title in annex
    assert title not in body
    tables = [n for n, b in made.review.blocks.items() if b.released is not None]
    shown = [n for n in tables if not made.review.blocks[n].released.frame.is_empty()]
    # The key figure of attendance stands at the top; it has no table of its own.
    assert made.html().count("<caption>") == len(shown) - 1 + 2, "all, limits and sign-off"


def test_small_cells_are_hidden_and_no_client_is_named(made, small_group_tables):
    out = made.html() + json.dumps(made.figures()) + made.summary()
    assert not [i for i in small_group_tables["clients"]["client_id"] if i in out]
    assert "Corn" + "ish" not in out
    assert "Hidden" in made.html()


def test_harms_follow_from_what_the_audit_shows(larger):
    figures = larger.figures()
    audit = {r["term"]: r for r in figures["audit"]["rows"] if r["split"] == "everyone"}
    harm = next(r for r in figures["harms"]["rows"] if "attended again" in r["harm"])
    came_back, episodes = audit["would_have_come_back"], audit["flagged_in_time"]["denominator"]
    assert harm["numerator"] == came_back["numerator"]
    assert harm["denominator"] == episodes
    exact = 1000 * harm["numerator"] / episodes
    assert harm["estimate"] == pytest.approx(exact, abs=1000 * 5 / episodes)  # a rounding step
    assert harm["conf_low"] < exact < harm["conf_high"]
    acting = [r for r in figures["harms"]["rows"] if r["side"] == "acting" and not r["needs"]]
    assert all(r["denominator"] == episodes for r in acting if not r["suppressed"])


def test_what_the_panel_counts_is_not_counted_again_in_the_services_conduct(made):
    terms = {row["term"] for row in made.figures()["practice"]["rows"]}
    assert terms.isdisjoint({"cancelled_by_the_service", "lost_to_technology"})
    assert "followed_up_after_a_miss" in terms


def test_it_is_made_again_from_its_manifest_to_the_byte(saved, cohort):
    found = cn.verify_dossier(saved, cohort)
    assert found.same, found
    assert found.dossier.html().encode() == saved.read_bytes()


def test_the_manifest_says_what_it_was_made_from(made, saved, cohort):
    manifest = read_manifest(saved.read_text(encoding="utf-8"), "it")
    assert manifest == json.loads(json.dumps(made.manifest))
    assert manifest["data"]["hash"] == cohort.content_hash
    assert manifest["criterion"]["hash"] == made.review.rule["hash"]
    assert manifest["versions"]["carenotebook"] == cn.__version__
    assert manifest["seeds"] == {"decision": 0, "misclassification": 0}
    assert manifest["options"]["written"]["question"] == [WRITTEN["question"]]


def test_a_change_of_the_page_is_found_and_its_place_named(saved, cohort, tmp_path):
    changed = tmp_path / "changed.html"
    page = saved.read_text(encoding="utf-8")
    changed.write_text(page.replace("One of us abstains.", "All agree.", 1), encoding="utf-8")
    found = cn.verify_dossier(changed, cohort)
    assert not found.same
    assert "'Dissent'" in found.summary()
    assert "changed after it was made" in found.summary()


def test_another_version_and_other_options_are_found(saved, cohort, tmp_path):
    page, other = saved.read_text(encoding="utf-8"), tmp_path / "other.html"
    first = page.replace("&#34;polars&#34;: &#34;", "&#34;polars&#34;: &#34;0.")
    other.write_text(first.replace("&#34;BACP&#34;", "&#34;ACA&#34;"), encoding="utf-8")
    told = cn.verify_dossier(other, cohort).summary()
    assert "versions differ: polars" in told
    assert "'Safeguards' says something else" in told
    assert "'Fairness'" not in told


def test_other_data_are_found_and_no_value_of_them_is_told(saved, small_group_tables):
    fewer = small_group_tables["appointments"].filter(pl.col("client_id").str.ends_with("1").not_())
    other = cn.from_frames(**{**small_group_tables, "appointments": fewer}, episode_end="60d")
    told = cn.verify_dossier(saved, other).summary()
    assert "data differ: hash" in told
    assert "'The data'" in told
    assert "changed after it was made" not in told


@pytest.mark.parametrize("form", ["protocol", "swept"])
def test_protocols_and_swept_rules_are_made_again_as_well(form, cohort, tmp_path):
    stages = [
        c.Stage("concern", c.missed(within="90d") >= 1, wait="7d"),
        c.Stage("review", c.missed() >= 2),
    ]
    if form == "protocol":
        made = cn.dossier(c.Protocol("in two steps", stages), cohort)
    else:
        rule = c.Rule("misses", c.missed() >= c.param("k"))
        made = cn.dossier(rule, cohort, compare=[], grid={"k": np.arange(2, 4)})
        assert made.manifest["options"]["grid"] == {"k": [2, 3]}
    found = cn.verify_dossier(made.save(tmp_path / "dossier.html"), cohort)
    assert found.same, found
    assert ("stages" if form == "protocol" else "sweep") in made.review.blocks


def test_what_is_no_dossier_is_refused(tmp_path, cohort):
    page = tmp_path / "page.html"
    page.write_text("<p>Nothing</p>")
    with pytest.raises(DataError, match="no manifest"):
        cn.verify_dossier(page, cohort)
    with pytest.raises(DataError, match="there is no such file"):
        cn.verify_dossier(tmp_path / "absent.html", cohort)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"written": {"opinion": "no"}}, "no place in a dossier"),
        ({"written": {"question": " "}}, "needs a text"),
        ({"stopping": {"discharges": 1}}, "is no figure"),
        ({"stopping": {"would_have_come_back": 30}}, "a share from 0 to 1"),
        ({"stopping": {"reviews_a_week": float("inf")}}, "a number of 0 or more"),
        ({"stopping": {"reviews_a_week": "few"}}, "a number of 0 or more"),
    ],
)
def test_a_wrong_option_is_refused(option, says, cohort):
    with pytest.raises(OptionError, match=says):
        cn.dossier(c.Rule("two", c.missed() >= 2), cohort, compare=[], **option)
