"""What can be put into a synthetic cohort, and what is refused."""

from dataclasses import FrozenInstanceError, replace
from datetime import datetime

import pytest

from carenotebook.core.errors import OptionError
from carenotebook.synthetic.truth import (
    Attendance,
    Attribute,
    Endings,
    GroupEffect,
    Messages,
    Obstacle,
    Pauses,
    Policy,
    Safeguards,
    Service,
    Symptoms,
    Truth,
)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Attendance(no_show=1.5), "Attendance.no_show"),
        (lambda: Attendance(late_cancel="often"), "Attendance.late_cancel"),
        (lambda: Attendance(unknown=True), "Attendance.unknown"),
        (lambda: Attendance(severity_ratios=(1.0, 1.0)), "Attendance.severity_ratios"),
        (lambda: Attendance(site_ratios=()), "Attendance.site_ratios"),
        (lambda: Attendance(reliability=((1.0, 0.5),)), "Attendance.reliability"),
        (lambda: Symptoms(phq_sd=-1.0), "Symptoms.phq_sd"),
        (lambda: Symptoms(phq_mean=float("nan")), "Symptoms.phq_mean"),
        (lambda: Symptoms(item_9_present=(0, 0, 0, 0, 2)), "Symptoms.item_9_present"),
        (lambda: Endings(silence_end_days=(50, 40)), "Endings.silence_end_days"),
        (lambda: Service(planned_sessions=(0, 4)), "Service.planned_sessions"),
        (lambda: Service(clients_per_therapist=0), "Service.clients_per_therapist"),
        (lambda: Policy(no_show_ratio=-0.1), "Policy.no_show_ratio"),
        (lambda: Policy(kind="ban"), "policy.kind"),
        (lambda: Policy(start=datetime(2024, 1, 1)), "Policy.start"),  # noqa: DTZ001
        (lambda: Messages(delivered=-0.1), "Messages.delivered"),
        (lambda: Safeguards(accepted=0.7, declined=0.7), "Safeguards.declined"),
        (lambda: Pauses(client_break_days=7), "Pauses.client_break_days"),
        (lambda: Attribute("language", ("a", "b"), (0.5, 0.6)), "Attribute.shares"),
        (lambda: Obstacle("weather"), "Obstacle.reason"),
        (lambda: Truth(timezone="Europe/Nowhere"), "Truth.timezone"),
        (lambda: Truth(as_of=datetime(2024, 1, 1)), "Truth.as_of"),  # noqa: DTZ001
        (lambda: Truth(attendance=Policy()), "Truth.attendance"),
        (lambda: Truth(intake_weeks=0), "Truth.intake_weeks"),
        (lambda: Truth(groups=(GroupEffect("language", "Elvish"),)), "Truth.groups"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(make, named):
    with pytest.raises(OptionError, match=named):
        make()


def test_truth_is_frozen_and_compares_by_value():
    truth = Truth()
    with pytest.raises(FrozenInstanceError):
        truth.timezone = "UTC"
    assert truth == Truth()
    assert truth != replace(truth, policy=Policy(no_show_ratio=0.9))


def test_the_realised_ratio_of_the_policy_counts_those_who_do_not_enforce_it():
    assert Policy(no_show_ratio=0.5, enforcement=0.8).realised_ratio == pytest.approx(0.6)
