"""Criteria: terms over continuous time, rules, and their exact replay.

>>> from carenotebook import criteria as c
>>> rule = c.Rule("three misses", c.missed(within="90d") >= 3)
"""

from carenotebook.criteria.cases import Case
from carenotebook.criteria.files import load
from carenotebook.criteria.language import (
    Expression,
    Term,
    actions,
    all_of,
    any_of,
    appointments,
    at_least,
    attendance_rate,
    attended,
    attribute,
    barriers,
    consecutive_missed,
    contacts,
    days_in_care,
    days_since_attended,
    days_since_contact,
    days_since_heard,
    days_without_booking,
    deteriorated,
    early_cancels,
    improved,
    item,
    late_cancels,
    measure,
    measure_change,
    missed,
    no_shows,
    param,
    provider_cancels,
    scheduled,
    technical_failures,
    unanswered,
)
from carenotebook.criteria.prepared import Prepared
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.rule import Rule, library
from carenotebook.criteria.stage import Requirement, Stage

__all__ = [
    "Case",
    "Expression",
    "Prepared",
    "Protocol",
    "Requirement",
    "Rule",
    "Stage",
    "Term",
    "actions",
    "all_of",
    "any_of",
    "appointments",
    "at_least",
    "attendance_rate",
    "attended",
    "attribute",
    "barriers",
    "consecutive_missed",
    "contacts",
    "days_in_care",
    "days_since_attended",
    "days_since_contact",
    "days_since_heard",
    "days_without_booking",
    "deteriorated",
    "early_cancels",
    "improved",
    "item",
    "late_cancels",
    "library",
    "load",
    "measure",
    "measure_change",
    "missed",
    "no_shows",
    "param",
    "provider_cancels",
    "scheduled",
    "technical_failures",
    "unanswered",
]
