"""The rules that are measured."""

from carenotebook import criteria as c


def _rules() -> dict[str, c.Rule]:
    missed = c.missed(within="90d") >= 3
    outreach = c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d")
    silent = c.days_since_heard()
    severe = c.measure("PHQ-9")
    return {
        "example": c.Rule("example", missed & (silent >= 30) & (outreach >= 2)),
        "eight": c.Rule(
            "eight clauses",
            c.all_of(
                missed,
                silent >= 14,
                outreach >= 1,
                c.attendance_rate(within="120d", minimum=4) < 0.7,
                c.consecutive_missed() >= 1,
                c.days_without_booking() >= 7,
                (severe >= 10) | severe.is_unknown(),
                c.unanswered(after="7d") >= 1,
            ),
        ),
    }


RULES = _rules()
"""The example rule of the documentation, and one of eight clauses of every kind."""
