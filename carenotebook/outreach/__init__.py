"""Around a criterion: check-ins, letters, where to go next, and case studies about ending care.

Nothing here sends anything to anybody.

Public names are imported when they are first used.

>>> from carenotebook import outreach
>>> play = outreach.load_case("camera_off").play()
>>> play.scene.title
'A name on the list'
"""

from typing import TYPE_CHECKING

from carenotebook.core.lazy import lazy_names

_MODULE_OF = {
    "CheckInNotice": "checkin_notice",
    "approve_letter": "letter_files",
    "case_schema": "case_check",
    "cases": "case_files",
    "check_case": "case_files",
    "checkin_answers": "checkin_sheet",
    "checkin_form": "checkin_paper",
    "read_checkin_forms": "checkin_sheet",
    "check_letter": "letter_files",
    "compare_plays": "case_compare",
    "debrief": "case_print",
    "draft_letter": "letter_draft",
    "every_play": "case_graph",
    "example_directory": "referral_directory",
    "group_results": "case_group",
    "handout": "case_print",
    "letters": "letter_files",
    "load_case": "case_files",
    "load_letter": "letter_files",
    "load_play": "case_export",
    "match_services": "referral_match",
    "new_case": "case_files",
    "new_letter": "letter_files",
    "play_from_dict": "case_export",
    "play_to_dict": "case_export",
    "read_case": "case_files",
    "read_directory": "referral_directory",
    "read_letter": "letter_files",
    "reading_age": "letter_reading",
    "reflection": "reflecting",
    "reflections": "reflecting",
    "save_play": "case_export",
    "seminar": "case_print",
    "tone_rules": "letter_language",
}

__all__ = [
    "CheckInNotice",
    "approve_letter",
    "case_schema",
    "cases",
    "check_case",
    "check_letter",
    "checkin_answers",
    "checkin_form",
    "compare_plays",
    "debrief",
    "draft_letter",
    "every_play",
    "example_directory",
    "group_results",
    "handout",
    "letters",
    "load_case",
    "load_letter",
    "load_play",
    "match_services",
    "new_case",
    "new_letter",
    "play_from_dict",
    "play_to_dict",
    "read_case",
    "read_checkin_forms",
    "read_directory",
    "read_letter",
    "reading_age",
    "reflection",
    "reflections",
    "save_play",
    "seminar",
    "tone_rules",
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
    from carenotebook.outreach.checkin_notice import CheckInNotice as CheckInNotice
    from carenotebook.outreach.checkin_paper import checkin_form as checkin_form
    from carenotebook.outreach.checkin_sheet import checkin_answers as checkin_answers
    from carenotebook.outreach.checkin_sheet import read_checkin_forms as read_checkin_forms
    from carenotebook.outreach.letter_draft import draft_letter as draft_letter
    from carenotebook.outreach.letter_files import approve_letter as approve_letter
    from carenotebook.outreach.letter_files import check_letter as check_letter
    from carenotebook.outreach.letter_files import letters as letters
    from carenotebook.outreach.letter_files import load_letter as load_letter
    from carenotebook.outreach.letter_files import new_letter as new_letter
    from carenotebook.outreach.letter_files import read_letter as read_letter
    from carenotebook.outreach.letter_language import tone_rules as tone_rules
    from carenotebook.outreach.letter_reading import reading_age as reading_age
    from carenotebook.outreach.referral_directory import example_directory as example_directory
    from carenotebook.outreach.referral_directory import read_directory as read_directory
    from carenotebook.outreach.referral_match import match_services as match_services
    from carenotebook.outreach.reflecting import reflection as reflection
    from carenotebook.outreach.reflecting import reflections as reflections

__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
