"""The example of notebooks/data: a practice system's export and its mapping."""

from pathlib import Path

import carenotebook as cn

DATA = Path(__file__).parents[3] / "notebooks" / "data"


def test_the_messy_example_gives_the_counts_that_its_notebook_states():
    cohort = cn.read_csv(
        DATA / "messy_appointments.csv",
        contacts=DATA / "messy_contacts.csv",
        clients=DATA / "messy_clients.csv",
        mapping=DATA / "messy_mapping.yml",
        timezone="Europe/London",
        episode_end="120d",
    )
    assert cohort.rows_in == {"appointments": 29, "contacts": 10, "clients": 5}
    assert cohort.rejected.select("table", "row", "column", "reason").rows() == [
        ("appointments", 11, "outcome", "'show' is not among the mapping's values"),
        (
            "appointments",
            16,
            "start",
            "is a local time that did not exist (the clocks went forward)",
        ),
        ("appointments", 18, "start", "does not have the mapping's time format"),
        ("appointments", 20, "duration_min", "is not a number"),
        ("appointments", 21, "appointment_id", "is repeated"),
        ("appointments", 22, "client_id", "is blank"),
        ("appointments", 24, None, "row has 9 fields, the header has 10"),
        ("appointments", 29, None, "row is blank"),
        ("contacts", 9, "at", "does not have the mapping's time format"),
        ("contacts", 10, "direction", "'sideways' is not among the mapping's values"),
    ]
    appointments = cohort.appointments.collect()
    assert dict(appointments["outcome"].value_counts(sort=True).iter_rows()) == {
        "attended": 9,
        "no_show": 4,
        "late_cancel": 1,
        "early_cancel": 1,
        "provider_cancel": 1,
        "rescheduled": 1,
        "excused": 1,
        "technical_failure": 1,
        "unknown": 1,
        "booked": 1,
    }
    told_anew = dict(appointments.select("appointment_id", "outcome").iter_rows())
    assert [told_anew[a] for a in ("A-1003", "A-1008", "A-1024")] == [
        "late_cancel",
        "early_cancel",
        "no_show",
    ]
    assert cohort.clients.collect_schema().names() == [
        "client_id",
        "language",
        "Age band",
        "Funding",
    ]
