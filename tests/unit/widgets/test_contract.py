"""The TypeScript types are those of the Python dataclasses."""

import pytest

from carenotebook.core.errors import OptionError
from carenotebook.widgets._builder_messages import BUILDER_COMMANDS, Look, Toggle
from carenotebook.widgets._case_messages import CASE_COMMANDS, Bring, Turn
from carenotebook.widgets._messages import LONGEST, read_command
from carenotebook.widgets._typescript import COMMANDS, EVENTS, TARGET, contract


def test_the_types_in_the_front_end_are_up_to_date():
    assert TARGET.read_text(encoding="utf-8") == contract(), (
        "Run: python -m carenotebook.widgets._typescript"
    )


def test_a_command_is_read_with_its_types():
    sent = {"kind": "toggle", "id": "v-1", "clause": 2, "on": True}
    assert read_command(sent, BUILDER_COMMANDS) == Toggle("v-1", clause=2, on=True)
    assert (
        read_command({"kind": "look", "id": "v-2", "tab": "when", "by": ""}, BUILDER_COMMANDS).tab
        == "when"
    )
    assert Look.kind == "look"


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "toggle",
        {"kind": "exec", "id": "v-1", "code": "import os"},
        {"kind": "toggle", "id": "v-1", "clause": 2},
        {"kind": "toggle", "id": "v-1", "clause": True, "on": True},
        {"kind": "toggle", "id": "v-1", "clause": 2, "on": "yes"},
        {"kind": "toggle", "id": "v-1", "clause": 2, "on": True, "more": 1},
        {"kind": "look", "id": "v-1", "tab": "secrets", "by": ""},
        {"kind": "rename", "id": "v-1", "name": "x" * (LONGEST + 1)},
        {"kind": ["toggle"], "id": "v-1"},
    ],
)
def test_what_is_no_command_is_refused_without_being_repeated(sent):
    with pytest.raises(OptionError) as refused:
        read_command(sent, BUILDER_COMMANDS)
    assert "import os" not in str(refused.value)
    assert "secrets" not in str(refused.value)


def test_a_widget_obeys_only_its_own_commands():
    turn = {"kind": "turn", "id": "v-1", "page": "debrief"}
    assert read_command(turn, CASE_COMMANDS) == Turn("v-1", page="debrief")
    with pytest.raises(OptionError):
        read_command(turn, BUILDER_COMMANDS)
    with pytest.raises(OptionError):
        read_command({"kind": "undo", "id": "v-1"}, CASE_COMMANDS)


def test_only_what_is_meant_to_be_long_may_be_long():
    sent = {"kind": "bring", "id": "v-1", "text": "x" * (LONGEST + 1)}
    assert len(read_command(sent, CASE_COMMANDS).text) == LONGEST + 1
    with pytest.raises(OptionError):
        read_command({**sent, "text": "x" * (Bring.longest + 1)}, CASE_COMMANDS)


def test_no_two_messages_share_a_kind_or_a_name():
    for messages in (COMMANDS, EVENTS):
        assert len({m.kind for m in messages}) == len({m.__name__ for m in messages})
        assert len({m.kind for m in messages}) == len(messages)
