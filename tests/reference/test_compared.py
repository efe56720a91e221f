"""Every figure of the reference table (scripts and citations: compared.py, further.py, r/)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import compared
import further

GROUPS = compared.GROUPS | further.GROUPS


@pytest.mark.parametrize("group", GROUPS)
def test_every_figure_is_that_of_its_reference(group):
    rows = list(GROUPS[group]())

    assert rows
    assert [r for r in rows if not r.agrees] == []
