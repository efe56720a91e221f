import re
from base64 import b64decode
from datetime import date
from html import unescape
from xml.etree import ElementTree as ET

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import OptionError
from carenotebook.plots import plot
from carenotebook.plots.attrition import attrition_chart
from carenotebook.plots.groups import groups_chart
from carenotebook.plots.incidence import incidence_chart
from carenotebook.plots.theme import DARK, LIGHT
from carenotebook.plots.timeline import timeline_chart
from carenotebook.privacy import Privacy, Released
from carenotebook.results.proportions import proportions, release_proportions

SVG = "{http://www.w3.org/2000/svg}"


def _groups():
    rows = pl.DataFrame(
        {
            "client_id": [str(i) for i in range(130)],
            "came": [i % 3 > 0 for i in range(130)],
            "site": ["North"] * 70 + ["South"] * 50 + ["A small site"] * 10,
        }
    )
    return release_proportions(proportions(rows, "came", by=["site"]), Privacy(), by=["site"])


def _incidence():
    days = list(range(0, 400, 7))
    shown = [d if d < 330 else None for d in days]
    frame = pl.DataFrame(
        {
            "day": days,
            "estimate": [None if d is None else d / 1000 for d in shown],
            "conf_low": [None if d is None else d / 1200 for d in shown],
            "conf_high": [None if d is None else d / 800 for d in shown],
            "at_risk": [None if d is None else 600 - d for d in shown],
            "suppressed": [d is None for d in shown],
        }
    )
    return Released(frame, Privacy())


def _attrition():
    frame = pl.DataFrame(
        {
            "clause": ["All clients", "missed 3 or more in 90 days", "silent for 30 days"],
            "clients": [4980, 610, None],
            "clients_alone": [None, 610, 1205],
            "suppressed": [False, False, True],
        }
    )
    return Released(frame, Privacy())


def _timeline():
    frame = pl.DataFrame(
        {
            "month": [date(2024, m, 1) for m in (1, 2, 3)],
            "clients": [20, None, 35],
            "suppressed": [False, True, False],
        }
    )
    return Released(frame, Privacy())


CHARTS = {
    "groups": lambda: groups_chart(_groups(), "Attended, by site"),
    "incidence": lambda: incidence_chart(_incidence(), "First flags & <others>"),
    "attrition": lambda: attrition_chart(_attrition(), "What each clause leaves"),
    "timeline": lambda: timeline_chart(_timeline(), "First flags a month"),
}


@pytest.fixture(scope="module", params=CHARTS)
def chart(request):
    return CHARTS[request.param]()


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 - drawn here


def texts(svg):
    return [t for e in parsed(svg).iter(f"{SVG}text") if (t := "".join(e.itertext()))]


def test_svg_has_a_name_and_says_in_words_what_it_shows(chart):
    root = parsed(chart.svg(inline=True))
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert title.text == chart.name_text
    assert desc.text == chart.alternative
    assert len(chart.alternative) > 40


def test_inline_colours_follow_the_theme_and_fall_back_to_light(chart):
    svg = chart.svg(inline=True)
    colours = re.findall(r'(?:fill|stroke)="([^"]+)"', svg)
    plain = {c for c in colours if c not in ("none", "transparent") and not c.startswith("url(")}
    assert plain
    assert all(re.fullmatch(r"var\(--cn-[a-z]+,#[0-9a-fA-F]{6}\)", c) for c in plain)
    assert "var(" not in chart.svg(inline=False)


def test_nothing_is_fetched_and_nothing_runs(chart):
    for markup in (chart.html(), chart.svg(inline=True), *images(chart.html())):
        assert not re.search(r"<script|<link|@import|href=|onload", markup)
        assert all(s.startswith("data:image/svg") for s in re.findall(r'src="([^"]+)"', markup))
        addresses = set(re.findall(r"https?://[^\"' >]+", markup))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def images(html):
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return [b64decode(f).decode() for f in found]


def test_a_theme_shows_one_of_two_images_and_the_light_one_needs_no_style(chart):
    html = chart.html()
    light, dark = images(html)
    assert LIGHT["ink"] in light
    assert DARK["ink"] in dark
    assert not set(re.findall("#[0-9a-fA-F]{6}", dark)) & {LIGHT["ink"], LIGHT["a"], LIGHT["b"]}
    # JupyterLab strips the style of a notebook that is not trusted, and keeps these.
    assert re.search(r'<img class="cn-dark"[^>]* style="display:none"', html)
    alternatives = re.findall(r'alt="([^"]*)"', html)
    assert [unescape(a) for a in alternatives] == [chart.alternative] * 2


def test_notebook_output_has_a_picture_and_text_for_every_front_end(chart):
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert bundle["text/html"] == chart.html()
    assert bundle["image/png"].startswith("iVBOR")
    assert chart.alternative in bundle["text/plain"]


def test_ids_of_two_charts_do_not_meet():
    pages = [CHARTS[n]().svg(inline=True) for n in CHARTS]
    ids = [i for page in pages for i in re.findall(r'\bid="([^"]+)"', page)]
    assert len(ids) == len(set(ids))
    for page in pages:
        used = set(re.findall(r"url\(#([^)]+)\)", page))
        assert used <= set(re.findall(r'\bid="([^"]+)"', page))


def test_it_stays_an_altair_chart(chart):
    import altair as alt

    assert isinstance(chart, alt.TopLevelMixin)
    again = chart.properties(spacing=30)
    assert again.alternative == chart.alternative


def test_hidden_rows_are_hatched_and_named_not_drawn():
    svg = CHARTS["groups"]().svg()
    shown = texts(svg)
    # The small site and the next smallest, or the total would tell.
    assert shown.count("Hidden") == 2
    assert "A small site" in shown
    assert len(re.findall(r'fill="url\(#cn-[0-9a-f]+-hatch\)"', svg)) == 2


def test_groups_print_their_n_and_interval():
    shown = texts(CHARTS["groups"]().svg())
    assert "45 of 70" in shown
    assert any(re.fullmatch(r"64\.3 % \(\d\d\.\d\N{EN DASH}\d\d\.\d\)", t) for t in shown)


def test_incidence_ends_where_too_few_remain_and_prints_who_is_at_risk():
    chart = CHARTS["incidence"]()
    shown = texts(chart.svg())
    assert "At risk" in shown
    assert "600" in shown
    assert "The curve ends where too few remain" in chart.alternative
    assert "day 399" not in chart.alternative


def test_attrition_prints_counts_and_what_is_hidden():
    shown = texts(CHARTS["attrition"]().svg())
    assert {"4,980", "610", "Hidden", "alone 1,205"} <= set(shown)


def test_an_empty_frame_is_drawn_not_raised():
    for draw, frame in ((groups_chart, _groups()), (incidence_chart, _incidence())):
        empty = Released(frame.frame.clear(), Privacy())
        assert "<svg" in draw(empty, "Nothing").svg()


def test_a_result_without_a_chart_is_refused():
    with pytest.raises(OptionError, match="There is no chart of a int"):
        plot(3)


def _contrast(one, other):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_have_contrast_of_level_aa(theme):
    for name in ("ink", "muted", "a", "b", "hatch"):
        assert _contrast(theme[name], theme["surface"]) >= 4.5, name


def test_the_chart_of_a_sweep_says_what_is_hatched():
    cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    rule = c.Rule("misses", c.missed(within="90d") >= c.param("k"))
    texts = [cn.sweep(rule, cohort, {"k": k}).plot().svg() for k in ([1, 100], [1])]
    assert ["Hatched: Hidden." in t for t in texts] == [True, False]
