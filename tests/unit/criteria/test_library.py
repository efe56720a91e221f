"""The published presets: each loads, says where it was seen, and carries its safeguards."""

import re

import pytest

from carenotebook import criteria as c
from carenotebook.criteria import nodes, syntax

PRESETS = c.library()


def test_every_published_rule_of_the_standards_is_there():
    kinds = sorted(r.kind for r in PRESETS.values())
    assert kinds == ["cautionary"] * 3 + ["housekeeping"] + ["model"] * 3


@pytest.fixture(params=PRESETS)
def preset(request):
    return PRESETS[request.param]


def test_a_preset_has_a_source_and_safeguards(preset):
    assert "not checked" in preset.source, "none was seen in its primary source"
    assert preset.safeguards
    assert all(len(s.split()) > 3 for s in preset.safeguards)


def test_a_preset_reads_as_plain_english_and_ends_in_a_review(preset):
    said = preset.explain()
    assert not re.search(r"_|\(\)|[<>=]{2}|None|Param", said), said
    assert "It ends in a review, never in a discharge." in said


def test_a_preset_counts_only_what_is_the_clients(preset):
    never = {"was_not_brought", "provider_cancel", "technical_failure", "excused", "unknown"}
    counted = {
        outcome
        for node in syntax.walk(preset.when.node)
        if isinstance(node, nodes.Appointments)
        for outcome in node.outcome
    }
    assert not counted & never


def test_a_preset_can_be_saved_and_loaded(preset, tmp_path):
    assert c.load(preset.save(tmp_path / "x.rule.yml")) == preset
