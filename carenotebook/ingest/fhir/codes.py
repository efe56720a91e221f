"""Codes of FHIR, LOINC and HL7 version 3, and what they mean here.

Sources: the code systems of FHIR R4 and R5 (appointmentstatus, encounter-status,
appointment-cancellation-reason, communication-category, communication-topic,
virtual-service-type), HL7 v2 table 0276, HL7 v3 ActCode and ParticipationMode, and LOINC for
the panels 44249-1 (PHQ-9) and 69737-5 (GAD-7) with their answer list LL358-3.
"""

from __future__ import annotations

CANCELLATION = "appointment-cancellation-reason"
"""How the code system of cancellation reasons ends."""

DECEASED = "pat-dec"
REASONS = {
    "pat": "not_given",
    "pat-crs": "not_given",
    "pat-cpp": "not_given",
    "pat-swl": "scheduling",
    "pat-fb": "other",
    "pat-lt": "other",
    "pat-mv": "other",
    "pat-preg": "other",
    "pat-ucp": "other",
    "oth-fin": "cost",
}
"""Cancellation code to `reason`, which is the client's: what is not their doing tells none."""

MOVABLE = ("pat", "oth")
"""How reasons begin that give way where another appointment replaces the cancelled one."""

UNMOVED = (DECEASED, "pat-mt")
WAIT_LIST = "pat-swl"

KINDS = {"FOLLOWUP": "follow_up", "CHECKUP": "review"}
"""HL7 v2 0276 to `kind`; ROUTINE, WALKIN and EMERGENCY do not tell one."""

MODALITIES = {
    "PHONE": "phone",
    "VIDEOCONF": "video",
    "PHYSICAL": "in_person",
    "AMB": "in_person",
    "HH": "in_person",
    "FLD": "in_person",
    "zoom": "video",
    "ms-teams": "video",
    "whatsapp": "video",
    "Telephone": "phone",
    "Video": "video",
    "In-person": "in_person",
}
"""Code to `modality`. VR (virtual) tells neither video nor telephone and stays unknown."""

STAYS = ("IMP", "ACUTE", "NONAC", "OBSENC", "SS")
"""Encounter classes of someone who is in hospital."""

EMERGENCY = "EMER"

SEEN = ("triaged", "in-progress", "onleave", "on-hold", "finished", "discharged", "completed")
"""Encounter statuses (R4, R5) that say that the client was seen."""

PURPOSES = {
    "reminder": "reminder",
    "appointment-reminder": "reminder",
    "outreach": "outreach",
    "attendance_conversation": "attendance_conversation",
    "check_in": "check_in",
    "reschedule": "reschedule",
    "notice": "notice",
    "referral": "referral",
}
"""Code of a Communication's topic or category to `purpose`; any other code is ``other``."""

ENDED = ("finished", "cancelled")
NOT_BEGUN = ("planned", "waitlist")

TOTALS = {"44261-6": "PHQ-9", "70274-6": "GAD-7"}
ITEM_9 = "44260-8"
ITEMS = {
    "PHQ-9": (
        "44250-9",
        "44255-8",
        "44259-0",
        "44254-1",
        "44251-7",
        "44258-2",
        "44252-5",
        "44253-3",
        ITEM_9,
    ),
    "GAD-7": ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
}
ANSWERS = {"LA6568-5": "0", "LA6569-3": "1", "LA6570-1": "2", "LA6571-9": "3"}
"""Not at all, several days, more than half the days, nearly every day."""
