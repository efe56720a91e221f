"""Playing, comparing, exporting and counting cases."""

import csv
import io
import json

import numpy as np
import pytest

import carenotebook as cn
from carenotebook import outreach
from carenotebook.core.errors import CaseError, OptionError
from carenotebook.outreach.case_export import play_csv
from carenotebook.outreach.case_group import _choice_label, _scene_label
from carenotebook.outreach.case_print import play_page

BAD = '=1+1"</td><script>alert(1)</script>'


@pytest.fixture(scope="module")
def case():
    return outreach.load_case("camera_off")


def test_a_play_goes_on_and_back_without_changing_what_was(case):
    first = case.play()
    second = first.choose("open_record", "look first")
    assert first.path == ("flag",)
    assert second.path == ("flag", "two_records")
    assert second.steps[0].justification == "look first"
    assert second.back().path == first.path
    assert first.back() is not None
    assert first.back().path == ("flag",)
    with pytest.raises(OptionError, match="no such choice"):
        first.choose("nothing")
    with pytest.raises(OptionError, match="justification"):
        first.choose("sign", "x" * 4001)


def test_what_a_choice_corrects_changes_what_a_rule_says(case):
    before = case.play().choose("open_record")
    after = before.choose("correct_one")
    assert before.readings()[0].says == "true"
    assert after.readings()[0].says == "false"
    changed = after.changed()
    assert any("does not hold now" in sentence for sentence in changed.rules)
    assert after.record()[3][:2] == ("2026-01-22 17:00", "the client")
    assert "technical failure" in after.record()[3][2]
    assert case.play().changed() is None


def test_a_scene_sees_nothing_of_what_comes_later(case):
    late = "2026-02-02 08:35"
    assert all(when <= late for when, _, _ in case.play().record())


def test_a_condition_opens_a_choice_and_says_why(tmp_path):
    path = outreach.new_case(tmp_path / "mine.yml")
    text = path.read_text("utf-8")
    rule = "if: {rule: two_misses, says: true}"
    own = outreach.read_case(text.replace("if: {chose: flag.ring}", rule))
    play = own.play().choose("ring")
    assert [c.name for c in play.choices] == ["move", "wait"]
    assert "Two misses in three months" in play.changed().opened[0]
    shut = outreach.read_case(
        text.replace("if: {chose: flag.ring}", "if: {rule: two_misses, says: false}"), play=False
    )
    play = shut.play().choose("ring")
    assert [c.name for c in play.closed] == ["wait"]
    with pytest.raises(OptionError):
        play.choose("wait")


def test_an_open_play_calls_nothing_right_or_wrong(case):
    guided, open_ = (case.play(m).choose("sign") for m in ("guided", "open"))
    assert "hard to defend" in outreach.debrief(guided).text()
    assert "defend" not in outreach.debrief(open_).text()
    with pytest.raises(OptionError, match="open one"):
        outreach.load_case("enough").play("guided")


def test_two_ways_part_where_they_part(case):
    one = case.play().choose("open_record").choose("correct_one", "seen it")
    two = case.play().choose("open_record").choose("leave_it")
    page = outreach.compare_plays(one, two)
    assert "Two records of one hour" in page.sections[0].paragraphs[0]
    assert "seen it" in page.text()
    with pytest.raises(OptionError, match="two cases"):
        outreach.compare_plays(one, outreach.load_case("enough").play())


def test_what_is_saved_is_loaded_again_and_nothing_else(case, tmp_path):
    play = case.play().choose("open_record", BAD).choose("leave_it")
    path = outreach.save_play(play, tmp_path / "way.json")
    assert outreach.load_play(path).steps == play.steps
    data = json.loads(path.read_text("utf-8"))
    for change in (
        {"sha256": "0"},
        {"steps": [{"scene": "flag", "choice": "nothing"}]},
        {"steps": [{"scene": "ended", "choice": "sign"}]},
        {"steps": 3},
        {"mode": ["open"]},
        {"mode": "strict"},
        {"carenotebook_play": 2},
    ):
        path.write_text(json.dumps({**data, **change}), encoding="utf-8")
        with pytest.raises(CaseError):
            outreach.load_play(path)
    for text in ("", "[]", "{", '{"case": "../x"}', "[" * 100_000):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CaseError):
            outreach.load_play(path)


def test_what_a_player_writes_is_neither_run_nor_taken_for_a_formula(case):
    play = case.play().choose("open_record", BAD)
    page = play_page(play).html()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<script" not in play._repr_html_()
    rows = list(csv.reader(io.StringIO(play_csv(play))))
    assert rows[1][5] == f"'{BAD}"


def test_a_page_needs_nothing_from_elsewhere(case):
    page = outreach.handout(case, "facilitator").html()
    assert "http" not in page.replace("http-equiv", "")
    assert case.facilitator["after"][:40] in page
    assert case.facilitator["after"][:40] not in outreach.handout(case).html()
    assert outreach.seminar().text().count("minutes") >= 5


def plays(case, *ways):
    made = []
    for number, way in ways:
        play = case.play()
        for choice in way:
            play = play.choose(choice)
        made += [play] * number
    return made


def test_a_group_hides_small_numbers_and_what_tells_them(case):
    ways = (
        (20, ["open_record", "correct_one"]),
        (14, ["open_record", "correct_both"]),
        (15, ["call_now", "phone_instead"]),
        (3, ["sign", "own_it"]),
    )
    results = outreach.group_results(plays(case, *ways))
    shown = results.released().frame
    told = dict(zip(shown["choice"], shown["numerator"], strict=True))
    assert next(v for k, v in told.items() if "Press the button" in k) is None
    after_sign = shown.filter(shown["choice"].str.contains("Say what happened"))
    assert after_sign["numerator"].to_list() == [None]
    start = shown.filter(shown["scene"].str.contains("A name on the list"))
    assert start["suppressed"].sum() >= 2  # one hidden alone would follow from the total
    hidden = set(start.filter(start["suppressed"])["choice"])
    if any("Open the record" in c for c in hidden):
        records = shown.filter(shown["scene"].str.contains("Two records"))
        assert records["numerator"].null_count() == records.height
    assert "20" not in results.summary().replace("2026", "")
    assert results.tidy()["numerator"].sum() > 0
    assert results.plot() is not None
    assert results._repr_html_()


def test_a_small_class_is_wholly_hidden_unless_it_agrees_to_less(case):
    results = outreach.group_results(plays(case, (5, ["call_now"]), (4, ["open_record"])))
    assert results.released().frame["numerator"].null_count() == 2
    assert "fewer than 11" in results.summary()
    agreed = results.released(cn.Privacy(min_cell=2, round_to=1)).frame
    assert sorted(agreed["numerator"].to_list()) == [4, 5]
    with pytest.raises(OptionError):
        outreach.group_results([])


def test_what_was_cancelled_beforehand_stands_in_the_record_as_cancelled():
    play = outreach.load_case("enough").play()
    told = [what for when, _, what in play.record() if when == "2026-01-08 12:00"]
    assert told == ["appointment: early cancel"]


def cells_of(case):
    ends = [(s.name, None) for s in case.endings]
    return [(s.name, c) for s in case.scenes.values() for c in s.choices] + ends


def label(case, cell):
    scene, choice = cell
    ended = f"Ended: {case.scenes[scene].ending}"
    return _scene_label(case, scene), _choice_label(case, scene, choice) if choice else ended


def told_by(case, cells, shown):
    """Sums of cells that a reader knows: what is shown, totals, and that who comes in goes on."""
    at = np.array([c[0] for c in cells])
    into = np.array([c[1] and case.scenes[c[0]].choices[c[1]].to for c in cells])
    for scene in case.scenes:
        yield (at == scene).astype(float) - (into == scene)
        total = any(c[0] == scene and r["denominator"] is not None for c, r in shown.items())
        if total or scene == case.start.name:
            yield (at == scene).astype(float)
    for n, cell in enumerate(cells):
        if shown.get(cell, {"numerator": 0})["numerator"] is not None:
            yield np.eye(len(cells))[n]


@pytest.mark.parametrize("name", ["camera_off", "after_the_telling"])
def test_no_small_number_follows_from_all_that_is_shown(name):
    """Every group goes to an ending; a hidden choice must not be a sum of known ones."""
    case, rng = outreach.load_case(name), np.random.default_rng(1)
    ways, cells = list(outreach.every_play(case)), cells_of(outreach.load_case(name))
    small = 0
    for _ in range(8):
        weights = rng.dirichlet(np.full(len(ways), 0.3))
        group = [ways[i] for i in rng.choice(len(ways), rng.integers(20, 80), p=weights)]
        results = outreach.group_results(group)
        frame = results.released(cn.Privacy(min_cell=5, round_to=1)).frame
        rows = {(r["scene"], r["choice"]): r for r in frame.iter_rows(named=True)}
        exact = {(r["scene"], r["choice"]): r for r in results.tidy().iter_rows(named=True)}
        shown = {c: rows[label(case, c)] for c in cells if label(case, c) in rows}
        known = np.array(list(told_by(case, cells, shown)))
        rank = np.linalg.matrix_rank(known)
        for n, cell in enumerate(cells):
            true = exact.get(label(case, cell), {"numerator": 0})["numerator"]
            if cell in shown and shown[cell]["numerator"] is None and 0 < true < 5:
                small += 1
                assert np.linalg.matrix_rank(np.vstack([known, np.eye(len(cells))[n]])) > rank
    assert small > 10
