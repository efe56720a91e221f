"""Pages for people to read, decide on and print: axe-core, narrow screens, and paper."""

import shutil
import subprocess

import pytest
from screens_for_tests import violations

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook import outreach

PDFTOTEXT = shutil.which("pdftotext")
SCREENS = {
    f"{scheme}, {width} px": {
        "bypass_csp": True,  # the pages allow no script, and axe-core is one
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 900},
    }
    for scheme in ("light", "dark")
    for width in (1280, 320)
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    rule = c.Rule("two misses", c.missed(within="90d") >= 2)
    stopping = {"would_have_come_back": 0.3}
    made = cn.dossier(rule, cohort, "gender", stopping=stopping, compare=[])
    home = tmp_path_factory.mktemp("pages")
    page = home / "reflection.html"
    page.write_text(outreach.reflection("ending", "client").html(), encoding="utf-8")
    return {"dossier": made.save(home / "dossier.html"), "reflection": page}


@pytest.mark.parametrize("page", SCREENS.values(), ids=SCREENS, indirect=True)
@pytest.mark.parametrize("name", ["dossier", "reflection"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page, pages, name):
    page.goto(pages[name].as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert violations(page, "html") == []
    widths = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.skipif(PDFTOTEXT is None, reason="no pdftotext: apt-get install poppler-utils")
def test_every_printed_page_of_an_unfit_rule_says_so(page, pages, tmp_path):
    page.goto(pages["dossier"].as_uri())
    paper = tmp_path / "dossier.pdf"
    page.pdf(path=str(paper), format="A4")
    told = subprocess.run([PDFTOTEXT, paper, "-"], capture_output=True, text=True, check=True)
    sheets = told.stdout.removesuffix("\f").split("\f")
    assert len(sheets) > 5
    assert all("Not fit for use" in sheet for sheet in sheets)
    assert "carenotebook_dossier" not in told.stdout, "the manifest is data, not for paper"
