"""The notebooks that the cards open."""

import re
from pathlib import Path

import pytest

from carenotebook.core.errors import OptionError
from carenotebook.jupyter.templates import TEMPLATES, folder, notebook


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_there_with_what_it_reads_and_without_outputs(name):
    cells = notebook(name)["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert [c for c in cells if c.get("outputs")] == []
    source = "".join(line for c in cells for line in c["source"])
    for file in TEMPLATES[name].data:
        assert (folder() / file).is_file()
        assert file.rpartition("/")[2] in source


def test_every_data_file_is_one_templates():
    read = {file for template in TEMPLATES.values() for file in template.data}
    assert read == {f"data/{p.name}" for p in (folder() / "data").iterdir()}


def test_every_notebook_has_a_card_and_a_copy_of_its_own():
    assert sorted(t.file for t in TEMPLATES.values()) == sorted(
        p.name for p in folder().glob("*.ipynb")
    )
    assert len({t.copy for t in TEMPLATES.values()}) == len(TEMPLATES)


def test_the_cards_are_the_templates_in_the_same_order():
    source = Path(__file__).parents[3] / "widgets" / "src" / "plugin" / "templates.ts"
    cards = re.findall(r'^    name: "([^"]+)",$', source.read_text(encoding="utf-8"), re.MULTILINE)

    assert cards == list(TEMPLATES)


def test_there_is_no_other_template():
    with pytest.raises(OptionError, match="template"):
        notebook("../secret")
