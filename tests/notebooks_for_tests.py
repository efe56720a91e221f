"""Notebooks that tests run, and the looking for clients in what is saved of them."""

import base64
import binascii
import json
import re

SETUP = """
import carenotebook as cn
from carenotebook import criteria as c
cohort, _ = cn.synthetic_cohort(clients=2000, seed=1)
rule = c.Rule("three misses and silence",
    (c.missed(within="90d") >= 3) & (c.days_since_heard() >= 30)
    & (c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d") >= 2))
builder = cn.widgets.CriteriaBuilder(cohort, rule)
"""
SMALL_GROUP = """
import carenotebook as cn, polars as pl
from carenotebook import criteria as c
sizes = {"English": (60, 480), "Welsh": (31, 248), "Corn" + "ish": (9, 37)}
people = [(f"Q7{g[0]}{i:04}", g) for g, (n, _) in sizes.items() for i in range(n)]
rows = [(f"Q7{g[0]}{k % n:04}", 7 * (k // n) + k % 5, ("no_show", "attended")[k // n % 2])
        for g, (n, m) in sizes.items() for k in range(m)]
visits = pl.DataFrame(rows, schema=["client_id", "day", "outcome"], orient="row")
at = pl.datetime(2025, 1, 6, 9, time_zone="UTC") + pl.duration(days="day")
cohort = cn.from_frames(
    appointments=visits.with_columns(start=at).drop("day"), episode_end="as_of",
    clients=pl.DataFrame(people, schema=["client_id", "language"], orient="row"))
builder = cn.widgets.CriteriaBuilder(cohort, c.Rule("any miss", c.missed() >= 1))
"""
ODD = {
    "markup": '<img src=x onerror="window.broken=1"> & <script>window.broken=1</script>',
    "quotes": """it's "quoted" `twice`""",
    "right to left": "\u202e\u05e9\u05dc\u05d5\u05dd",
    "emoji": "\U0001f600\U0001f9d1\U0001f3fd\u200d\U0001f9bd",
    "long": "y" * 10_000,
}
"""Values that a careless view would run, mix up or be torn apart by."""
ODD_GROUPS = f"""
import carenotebook as cn, polars as pl
from carenotebook import criteria as c
values = {list(ODD.values())!r}
people = [(f"Q8{{g}}{{i:04}}", value) for g, value in enumerate(values) for i in range(40)]
rows = [(who, 7 * week, ("no_show", "attended")[k % 2])
        for k, (who, _) in enumerate(people) for week in range(3)]
visits = pl.DataFrame(rows, schema=["client_id", "day", "outcome"], orient="row")
at = pl.datetime(2025, 1, 6, 9, time_zone="UTC") + pl.duration(days="day")
cohort = cn.from_frames(
    appointments=visits.with_columns(start=at).drop("day"), episode_end="as_of",
    clients=pl.DataFrame(people, schema=["client_id", "language"], orient="row"))
builder = cn.widgets.CriteriaBuilder(cohort, c.Rule("any miss", c.missed() >= 1))
"""
CASE = """
import carenotebook as cn
player = cn.widgets.CasePlayer("camera_off")
"""
CHECK_IN = """
import carenotebook as cn, polars as pl, shutil
from carenotebook.core.journal import read_journal
from carenotebook.outreach import CheckInNotice
shutil.rmtree("FOLDER", ignore_errors=True)
rows = {"client_id": ["c1", "c2"], "start": "2026-01-05", "outcome": "attended"}
folder = cn.from_frames(pl.DataFrame(rows)).save("FOLDER")
notice = CheckInNotice(
    in_danger="Ring 112 now, or the crisis line on 0800 000 000, at any hour.",
    seen_by="Your therapist sees your answers. Nobody else does.",
    used_for="You look at them together when you next meet.", keep_words=True)
check_in = cn.widgets.CheckIn(folder, "c1", notice)
"""
"""A check-in on a cohort that is saved in FOLDER."""
CLIENT = re.compile(r"synthetic-\d{5}|appointment-\d{7}")


def notebook(cells):
    """A notebook of code cells that were not run."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{i}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for i, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def clients_in(text):
    """Ids in a saved file, also in what is base64 in it."""
    return CLIENT.findall(decoded(text))


def decoded(text):
    """A saved file, and what is base64 in it."""
    found = []
    for part in re.findall(r"[A-Za-z0-9+/=]{40,}", text):
        try:
            found.append(base64.b64decode(part + "==").decode("utf-8", "ignore"))
        except (binascii.Error, ValueError):
            continue
    return "\n".join([text, *found])


def widget_state(text):
    """The state of the widgets that a notebook keeps."""
    widgets = json.loads(text)["metadata"].get("widgets", {})
    states = widgets.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    return [s["state"] for s in states.values() if s["model_module"] == "anywidget"]
