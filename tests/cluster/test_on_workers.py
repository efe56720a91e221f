"""A replay on a real cluster of processes gives the single machine's answer, whatever dies."""

import os
import signal
import threading
import time

import pytest
from distributed import Client, LocalCluster

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import DataError

RULE = c.Rule(
    "misses and silence",
    (c.missed(within="90d") >= 2) & ((c.days_since_heard() >= 14) | (c.measure("PHQ-9") >= 15)),
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    made, _ = cn.synthetic_cohort(clients=300, seed=4)
    return cn.load(made.save(tmp_path_factory.mktemp("cohort"), partitions=6))


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def same(one, other):
    return one.intervals.equals(other.intervals) and one.undecided.equals(other.undecided)


def test_workers_give_the_answer_of_one_machine(cohort, client):
    here, there = cn.replay(RULE, cohort), cn.replay(RULE, cohort, executor=client.get_executor())

    assert here.intervals.height > 50
    assert same(here, there)
    assert here.tidy().equals(there.tidy())


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(cohort, client):
    pids = client.run(os.getpid)
    victim = next(iter(pids))
    os.kill(pids[victim], signal.SIGSTOP)  # it has been given work and will not finish it
    answers = []
    running = threading.Thread(
        target=lambda: answers.append(cn.replay(RULE, cohort, executor=client.get_executor()))
    )
    running.start()
    deadline = time.monotonic() + 30
    while not client.processing().get(victim) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert client.processing()[victim]
    os.kill(pids[victim], signal.SIGKILL)
    running.join(60)

    assert same(answers[0], cn.replay(RULE, cohort))


def test_a_partition_that_cannot_be_read_fails_the_call_and_is_named(client, tmp_path):
    made, _ = cn.synthetic_cohort(clients=60, seed=4)
    saved = cn.load(made.save(tmp_path / "cohort", partitions=3))
    damaged = next((tmp_path / "cohort").glob("data-*/appointments/part-00001.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-20])

    with pytest.raises(DataError, match="Partition 1 "):
        cn.replay(RULE, saved, executor=client.get_executor())


def test_a_sweep_on_workers_is_the_sweep_of_one_machine(cohort, client):
    draft = c.Rule(
        "misses and silence",
        (c.missed(within=c.param("window")) >= c.param("k"))
        & (c.days_since_heard() >= c.param("silence")),
    )
    grid = {"window": ["30d", "90d"], "k": range(1, 4), "silence": ["7d", "21d"]}
    asked = {"grid": grid, "person_days": True, "first": True}
    here = cn.sweep(draft, cohort, **asked)
    there = cn.sweep(draft, cohort, **asked, executor=client.get_executor())

    assert here.tidy().equals(there.tidy())
    assert here.first.equals(there.first)


def test_an_audit_on_workers_is_the_audit_of_one_machine(cohort, client):
    found = cn.replay(RULE, cohort)
    here = cn.audit(found, by=["language", "site"])
    there = cn.audit(found, by=["language", "site"], executor=client.get_executor())

    assert here.tidy().equals(there.tidy())
    assert here.tidy()["numerator"].sum() > 1000


def test_a_protocol_and_its_audit_on_workers(cohort, client):
    stages = [
        c.Stage("concern", when=c.missed(within="90d") >= 1, requires=["attendance_conversation"]),
        c.Stage("review", when=RULE.when),
    ]
    protocol = c.Protocol("staged", stages)
    here = cn.replay(protocol, cohort)
    there = cn.replay(protocol, cohort, executor=client.get_executor())

    assert here.intervals.equals(there.intervals)
    assert cn.audit(here).tidy().equals(cn.audit(there, executor=client.get_executor()).tidy())
    with pytest.raises(cn.CareNotebookError, match="protocol's replay"):
        cn.audit(here.reviews, executor=client.get_executor())
