"""Around a criterion: case studies that teach what surrounds an ending of care.

Public names are imported when they are first used.

>>> from carenotebook import outreach
>>> play = outreach.load_case("camera_off").play()
>>> play.scene.title
'A name on the list'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULE_OF = {
    "case_schema": "case_check",
    "cases": "case_files",
    "check_case": "case_files",
    "compare_plays": "case_compare",
    "debrief": "case_print",
    "every_play": "case_graph",
    "group_results": "case_group",
    "handout": "case_print",
    "load_case": "case_files",
    "load_play": "case_export",
    "new_case": "case_files",
    "play_from_dict": "case_export",
    "play_to_dict": "case_export",
    "read_case": "case_files",
    "save_play": "case_export",
    "seminar": "case_print",
}

__all__ = [
    "case_schema",
    "cases",
    "check_case",
    "compare_plays",
    "debrief",
    "every_play",
    "group_results",
    "handout",
    "load_case",
    "load_play",
    "new_case",
    "play_from_dict",
    "play_to_dict",
    "read_case",
    "save_play",
    "seminar",
]

if TYPE_CHECKING:
    from carenotebook.outreach.case_check import case_schema as case_schema
    from carenotebook.outreach.case_compare import compare_plays as compare_plays
    from carenotebook.outreach.case_export import load_play as load_play
    from carenotebook.outreach.case_export import play_from_dict as play_from_dict
    from carenotebook.outreach.case_export import play_to_dict as play_to_dict
    from carenotebook.outreach.case_export import save_play as save_play
    from carenotebook.outreach.case_files import cases as cases
    from carenotebook.outreach.case_files import check_case as check_case
    from carenotebook.outreach.case_files import load_case as load_case
    from carenotebook.outreach.case_files import new_case as new_case
    from carenotebook.outreach.case_files import read_case as read_case
    from carenotebook.outreach.case_graph import every_play as every_play
    from carenotebook.outreach.case_group import group_results as group_results
    from carenotebook.outreach.case_print import debrief as debrief
    from carenotebook.outreach.case_print import handout as handout
    from carenotebook.outreach.case_print import seminar as seminar


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'carenotebook.outreach' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
