"""`Truth`: every parameter and effect behind a synthetic cohort.

Rows named in the docstrings are those of the evidence table that the project keeps on attendance;
figures without a source are chosen so that the effect can be seen, and claim nothing of real care.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from zoneinfo import available_timezones

from carenotebook.core.errors import OptionError
from carenotebook.core.options import POLICY_KINDS, check_option
from carenotebook.synthetic.checks import Checked, count, number, probability, ratio
from carenotebook.synthetic.populations import (
    ATTRIBUTES,
    GROUPS,
    OBSTACLES,
    Attribute,
    GroupEffect,
    Obstacle,
)

__all__ = [
    "Attendance",
    "Attribute",
    "Endings",
    "GroupEffect",
    "Messages",
    "Obstacle",
    "Pauses",
    "Policy",
    "Safeguards",
    "Service",
    "Symptoms",
    "Truth",
]


@dataclass(frozen=True)
class Service(Checked):
    """How the service works. None of this has a source: a plausible online service.

    `refilled` is the chance that a session which had to be moved takes a slot that another client
    has freed with notice, where the therapist has one before the new time.
    """

    clients_per_therapist: int = count(60)
    fortnightly: float = probability(0.25)
    planned_sessions: tuple[int, int] = (12, 18)
    session_minutes: int = count(50)
    review_every: int = count(6)
    video: float = probability(0.85)
    phone: float = probability(0.10)
    wait_days: tuple[int, int] = (7, 70)
    returns_to_service: float = probability(0.22)
    gap_days: tuple[int, int] = (60, 300)
    refilled: float = probability(0.8)


@dataclass(frozen=True)
class Attendance(Checked):
    """What becomes of a session that somebody in contact has booked, one chance each.

    The chances hold for a client of reliability 1 without obstacles, in the second severity band,
    at a site of ratio 1, before the policy and without a delivered reminder. Ratios multiply them.
    Independent of all that, an outcome is recorded as `unknown`, or, in the last
    `late_entry_days` of the data, not entered yet.
    Rows: 'no-show, all specialties' (Dantas 2018: 23 %, 13 % in Oceania; online therapy is set
    lower), 'reminders' (Robotham 2016: no-show RR 0.75), 'no-shows against cancellations' (Xiao
    2017: early cancellations do not follow severity).
    """

    no_show: float = probability(0.055)
    late_cancel: float = probability(0.028)
    early_cancel: float = probability(0.045)
    rescheduled: float = probability(0.03)
    provider_cancel: float = probability(0.02)
    technical_failure: float = probability(0.012)
    unknown: float = probability(0.01)
    late_entry: float = probability(0.25)
    late_entry_days: int = count(3, low=0)
    reminder_ratio: float = ratio(0.75)
    fading_ratio: float = ratio(2.0)
    severity_ratios: tuple[float, ...] = (0.9, 1.0, 1.1, 1.25, 1.5)
    site_ratios: tuple[float, ...] = (0.9, 1.0, 1.0, 1.2)
    reliability: tuple[tuple[float, float], ...] = ((0.5, 0.4), (1.0, 0.4), (2.0, 0.2))

    def _check(self) -> None:
        bands, sites = self.severity_ratios, self.site_ratios
        self._require(len(bands) == 5 and min(bands) >= 0, "severity_ratios", "five ratios")
        self._require(len(sites) >= 1 and min(sites) >= 0, "site_ratios", "one ratio a site")
        shares = [share for _, share in self.reliability]
        fits = abs(sum(shares) - 1) < 1e-9 and min(min(pair) for pair in self.reliability) >= 0
        self._require(fits, "reliability", "(ratio, share) pairs whose shares sum to 1")


@dataclass(frozen=True)
class Symptoms(Checked):
    """Severity and what an attended session does to it, in points of the instrument.

    `phq_per_session` and `gad_per_session` are the causal effect of attending one session, the
    same at every session (linear in the dose), times a response that varies between clients with
    mean 1. Severity also drifts by time, whether or not anybody attends. What is recorded adds
    error by the `reliability` of the instrument, then is rounded and cut to its range.
    Rows: 'good-enough level' (Barkham 2006), Jacobson-Truax (r .80), instruments (ranges, bands).
    """

    phq_mean: float = number(14.0)
    phq_sd: float = number(5.0, low=0)
    gad_mean: float = number(12.0)
    gad_sd: float = number(4.0, low=0)
    shared: float = probability(0.7)
    phq_per_session: float = number(-0.45)
    gad_per_session: float = number(-0.40)
    response_sd: float = number(1.0, low=0)
    phq_per_week: float = number(-0.06)
    gad_per_week: float = number(-0.05)
    wander_sd: float = number(1.0, low=0)
    reliability: float = probability(0.80)
    phq_recorded: float = probability(0.92)
    gad_recorded: float = probability(0.90)
    csq_recorded: float = probability(0.60)
    csq_mean: float = number(24.0)
    csq_per_point: float = number(0.35)
    csq_sd: float = number(3.5, low=0)
    item_9_missing: float = probability(0.05)
    item_9_present: tuple[float, ...] = (0.01, 0.05, 0.16, 0.36, 0.65)
    relapse: float = probability(0.6)

    def _check(self) -> None:
        chances = self.item_9_present
        fits = len(chances) == 5 and all(0 <= p <= 1 for p in chances)
        self._require(fits, "item_9_present", "five probabilities, one a band")


@dataclass(frozen=True)
class Endings(Checked):
    """How care ends; hazards are chances after each session that has been due.

    Somebody in contact may begin to fade (`fading`; more after reliable improvement and after
    deterioration), then leaves or recovers. Some say that they leave; the others fall silent.
    Silence ends in a return to the same episode (`silence_returns`) or, later, in an ending.
    Rows: 'psychotherapy dropout' (Swift & Greenberg 2012: 19.7 %), 'clients who do not return'
    (Simon 2012: the best and the worst reports are over-represented), 'good-enough level'.
    """

    fading: float = probability(0.015)
    fading_if_improved: float = probability(0.012)
    fading_if_deteriorated: float = probability(0.035)
    change_points: float = number(6.0, low=0)
    leaves_when_fading: float = probability(0.30)
    recovers_when_fading: float = probability(0.12)
    says_so: float = probability(0.30)
    silent_bookings: tuple[int, int] = (1, 3)
    silence_returns: float = probability(0.24)
    return_days: tuple[int, int] = (24, 75)
    fading_after_return: float = probability(0.3)
    silence_end_days: tuple[int, int] = (40, 100)
    silence_ended_by_service: float = probability(0.15)
    good_enough_phq: float = number(8.0)
    good_enough_sessions: int = count(6)
    good_enough_ends: float = probability(0.06)
    by_service_after: int = count(3)
    by_service: float = probability(0.15)
    transferred: float = probability(0.001)
    transferred_if_deteriorated: float = probability(0.02)
    died: float = probability(0.0001)
    closing_days: tuple[int, int] = (1, 12)


@dataclass(frozen=True)
class Policy(Checked):
    """A change of cancellation policy with a known effect on people who are in contact.

    From `start` on (later at each further site by `rollout_weeks`; never at the last
    `untreated_sites`), where the therapist enforces it, a no-show becomes `no_show_ratio` times as
    likely; of the no-shows so averted the share `displaced` becomes late cancellations, the rest
    attended sessions. Where the service ends care after a run of misses, it does so
    `ending_ratio` times as often. Rows: 'cancellation fine, randomised' (Blaehr 2018: RR 1.016,
    no effect) and 'fines overall' (mixed): the default is made to be seen, not believed.
    """

    name: str = "Synthetic late-cancellation policy"
    kind: str = "late_fee"
    start: datetime = datetime(2023, 12, 4, tzinfo=UTC)
    value: str = "24h"
    no_show_ratio: float = ratio(0.6)
    displaced: float = probability(0.5)
    enforcement: float = probability(0.9)
    ending_ratio: float = ratio(1.5)
    rollout_weeks: int = count(0, low=0)
    untreated_sites: int = count(0, low=0)

    def _check(self) -> None:
        check_option("policy.kind", self.kind, POLICY_KINDS)
        self._require(self.start.tzinfo is not None, "start", "a time with a timezone")

    @property
    def realised_ratio(self) -> float:
        """The no-show ratio over all therapists, enforcing or not, at treated sites."""
        return 1 - self.enforcement * (1 - self.no_show_ratio)


@dataclass(frozen=True)
class Messages(Checked):
    """Messages both ways and check-ins. Row: 'SMS reminder' (Cochrane CD007458) for channels."""

    reminder_sent: float = probability(0.93)
    reminder_hours: int = count(48)
    delivered: float = probability(0.86)
    delivery_not_recorded: float = probability(0.05)
    outreach: float = probability(0.75)
    outreach_again: float = probability(0.40)
    outreach_after_late_cancel: float = probability(0.25)
    outreach_in_silence: float = probability(0.55)
    answers_outreach: float = probability(0.55)
    inbound: float = probability(0.22)
    inbound_fading_ratio: float = ratio(0.35)
    writes_to_cancel: float = probability(0.7)
    check_in_sent: float = probability(0.20)
    check_in_sent_after_miss: float = probability(0.50)
    answers_check_in: float = probability(0.50)
    answers_check_in_fading: float = probability(0.20)
    wants_to_continue: float = probability(0.95)
    wants_to_continue_fading: float = probability(0.70)


@dataclass(frozen=True)
class Safeguards(Checked):
    """Chance that a safeguard which the codes ask for is recorded where it is called for.

    A conversation is called for by the second miss in a row and each further one, supervision by
    the third, a look at risk by a miss in a row at PHQ-9 of 15 or more, an alternative by a
    recorded conversation, notice by an ending by the service, a referral by every ending that was
    not agreed, a note of the ending by every one. A group's `safeguards` ratio multiplies each.
    Row: 'common to all' of the professional codes (talk first, try alternatives, look at risk,
    refer, write it down).
    """

    attendance_conversation: float = probability(0.70)
    alternative_offered: float = probability(0.50)
    supervision: float = probability(0.35)
    risk_review: float = probability(0.65)
    referral: float = probability(0.50)
    notice: float = probability(0.75)
    ending: float = probability(0.90)
    accepted: float = probability(0.55)
    declined: float = probability(0.20)

    def _check(self) -> None:
        self._require(self.accepted + self.declined <= 1, "declined", "at most 1 with `accepted`")


@dataclass(frozen=True)
class Pauses(Checked):
    """Agreed interruptions of care; no source."""

    client_break: float = probability(0.14)
    client_break_days: tuple[int, int] = (10, 28)
    hospital: float = probability(0.02)
    hospital_days: tuple[int, int] = (5, 25)
    leave_weeks_a_year: int = count(3, low=0)
    closure_month_day: tuple[int, int] = (12, 23)
    closure_days: int = count(10)
    excused: float = probability(0.6)


@dataclass(frozen=True)
class Truth(Checked):
    """Every parameter and effect of `carenotebook.synthetic_cohort`.

    For scoring an estimator against what was put in, and for asking what a design can see at all.
    Not evidence: no default says how a real service behaves. Change a part with
    `dataclasses.replace` or by giving it.

    Raises
    ------
    OptionError
        If a parameter cannot be used; the message names it.

    Examples
    --------
    >>> from carenotebook.synthetic.truth import Attendance
    >>> Truth(attendance=Attendance(no_show=0.2)).attendance.late_cancel
    0.028
    """

    as_of: datetime = datetime(2024, 12, 2, tzinfo=UTC)
    intake_weeks: int = count(104)
    timezone: str = "Europe/London"
    service: Service = field(default_factory=Service)
    attendance: Attendance = field(default_factory=Attendance)
    symptoms: Symptoms = field(default_factory=Symptoms)
    endings: Endings = field(default_factory=Endings)
    policy: Policy = field(default_factory=Policy)
    messages: Messages = field(default_factory=Messages)
    safeguards: Safeguards = field(default_factory=Safeguards)
    pauses: Pauses = field(default_factory=Pauses)
    attributes: tuple[Attribute, ...] = ATTRIBUTES
    groups: tuple[GroupEffect, ...] = GROUPS
    obstacles: tuple[Obstacle, ...] = OBSTACLES

    def _check(self) -> None:
        self._require(self.as_of.tzinfo is not None, "as_of", "a time with a timezone")
        self._require(self.timezone in available_timezones(), "timezone", "an IANA timezone")
        for f in fields(self):
            if f.default_factory is not MISSING:
                fits = isinstance(getattr(self, f.name), f.default_factory)  # type: ignore[arg-type]
                self._require(fits, f.name, f"a {f.name.capitalize()}")
        known = {a.column: a.levels for a in self.attributes}
        for group in self.groups:
            if group.level not in known.get(group.column, ()):
                raise OptionError(
                    f"Truth.groups: {group.column}={group.level!r} is no level of an attribute; "
                    "add it to `attributes`."
                )
