"""Pages for reflection: complete, kind, readable, and with room to write."""

import re

import pytest

from carenotebook import outreach
from carenotebook.core.errors import OptionError

PAGES = [(row["occasion"], row["reader"]) for row in outreach.reflections().iter_rows(named=True)]
FOR_CLIENTS = 9.0
"""Years of reading age: the lower end of what is usually advised for letters about health."""


def _said(page):
    parts = (t for s in page.sections for t in (s.heading, *s.paragraphs, *s.items))
    return [page.title, page.lead, *(p for p in parts if p)]


def test_each_occasion_has_a_page_for_each_reader():
    occasions = {o for o, _ in PAGES}
    assert occasions == {"before_rule", "missed_run", "ending"}
    assert set(PAGES) == {(o, r) for o in occasions for r in ("therapist", "team", "client")}


@pytest.mark.parametrize(("occasion", "reader"), PAGES)
def test_a_page_asks_and_leaves_room(occasion, reader):
    page = outreach.reflection(occasion, reader)
    prompts = [item for s in page.sections for item in s.items]
    assert len(prompts) >= 5
    assert all("?" in p for p in prompts)
    html = page.html()
    assert html.count('class="line"') == 2 * len(prompts)
    assert all(p.replace("'", "&#39;") in html for p in prompts)
    assert "<script" not in html
    assert "://" not in html
    text = page.text()
    assert text.count("....") >= len(prompts)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("occasion", sorted({o for o, _ in PAGES}))
def test_the_clients_page_is_in_plain_words_that_neither_blame_nor_threaten(occasion):
    said = _said(outreach.reflection(occasion, "client"))
    assert outreach.reading_age(said).years <= FOR_CLIENTS
    text = " ".join(said).lower()
    rules = [r for r in outreach.tone_rules() if r.tone in ("blame", "threat")]
    patterns = {r.say: re.escape(r.say.lower()).replace(r"\*", r"\w*") for r in rules}
    assert [say for say, pattern in patterns.items() if re.search(rf"\b{pattern}\b", text)] == []


def test_a_page_for_nobody_or_no_occasion_is_refused():
    with pytest.raises(OptionError, match="occasion='monday'"):
        outreach.reflection("monday")
    with pytest.raises(OptionError, match="reader='payer'"):
        outreach.reflection("ending", "payer")
