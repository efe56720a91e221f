"""How fast `read_fhir` reads Appointments from NDJSON, beside `fhir.resources` parsing them.

Each is timed in processes of its own that take turns, so that a busy machine slows both. The peer,
which parses and validates R4 object by object, gets the first lines of the same file, whose
outcomes must agree; its time for the whole file is told from its rate.
Usage: python fhir_appointments.py [--size 1000000] [--slice 20000] [--turns 3] [--folder .bench]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

import carenotebook as cn

OUTCOMES = {"fulfilled": "attended", "noshow": "no_show", "booked": "booked"}
REASON = (
    '"cancelationReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/'
    'appointment-cancellation-reason","code":"prov"}]},'
)
LINE = (
    '{{"resourceType":"Appointment","id":"a{n}","meta":{{"versionId":"1","lastUpdated":'
    '"2026-01-05T09:00:00.000+00:00"}},"text":{{"status":"generated","div":"<div xmlns='
    '\\"http://www.w3.org/1999/xhtml\\">Session</div>"}},"identifier":[{{"system":'
    '"http://example.org/a","value":"{n}"}}],"status":"{status}",{reason}"serviceType":[{{'
    '"coding":[{{"system":"http://example.org/s","code":"52"}}]}}],"appointmentType":{{"coding":'
    '[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0276","code":"ROUTINE"}}]}},'
    '"start":"2025-{month:02}-{day:02}T{hour:02}:00:00Z","end":"2025-{month:02}-{day:02}T{hour:02}'
    ':50:00Z","minutesDuration":50,"created":"2024-12-01T10:00:00Z","participant":[{{"actor":{{'
    '"reference":"Patient/p{client}"}},"required":"required","status":"accepted"}},{{"actor":{{'
    '"reference":"Practitioner/d{therapist}"}},"required":"required","status":"accepted"}},{{'
    '"actor":{{"reference":"Location/1"}},"required":"required","status":"accepted"}}]}}\n'
)


def appointments(size: int, folder: Path) -> Path:
    """A file of so many R4 Appointments, made unless it is there."""
    path = folder / f"Appointment.{size}.ndjson"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    statuses = rng.choice(
        ["fulfilled", "noshow", "booked", "cancelled"], size, p=[0.7, 0.1, 0.1, 0.1]
    )
    drawn = zip(
        statuses, *(rng.integers(*r, size) for r in ((1, 13), (1, 29), (8, 18))), strict=True
    )
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8") as file:
        for n, (status, month, day, hour) in enumerate(drawn):
            reason = REASON if status == "cancelled" else ""
            people = {"client": n // 20, "therapist": n % 200}
            time_ = {"month": month, "day": day, "hour": hour}
            file.write(LINE.format(n=n, status=status, reason=reason, **people, **time_))
    unfinished.replace(path)
    return path


def ours(path: Path, _: int) -> tuple[int, Counter[str]]:
    """Rows and outcomes of a cohort of the whole file."""
    cohort = cn.read_fhir(path, episode_end="as_of")
    counts = cohort.appointments.collect()["outcome"].cast(str).value_counts()
    return cohort.rows_in["appointments"], Counter(dict(counts.iter_rows()))


def peer(path: Path, lines: int) -> tuple[int, Counter[str]]:
    """Rows and outcomes of the first lines, as objects that are held together."""
    from fhir.resources.R4B.appointment import Appointment

    with path.open(encoding="utf-8") as file:
        made = [Appointment.model_validate_json(line) for line in islice(file, lines)]
    told = (OUTCOMES.get(a.status, "provider_cancel") for a in made)
    return len(made), Counter(told)


JOBS: dict[str, Callable[[Path, int], tuple[int, Counter[str]]]] = {
    "read_fhir": ours,
    "fhir.resources": peer,
}


def timed(job: str, path: Path, lines: int) -> None:
    """Print what one run took; imports, and a first call on a little file, are not timed."""
    little = appointments(200, path.parent)
    JOBS[job](little, 200)
    begin = time.perf_counter()
    rows, counts = JOBS[job](path, lines)
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "peak_mb": peak, "rows": rows, "counts": counts}))


def check(path: Path, lines: int) -> None:
    """Stop if the two read the first lines differently."""
    some = path.with_name(f"Appointment.first{lines}.ndjson")
    with path.open(encoding="utf-8") as whole:
        some.write_text("".join(islice(whole, lines)), encoding="utf-8")
    if ours(some, lines) != peer(some, lines):
        raise SystemExit("The readers disagree.")


def main() -> None:
    """Print one line for each reader, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--slice", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    parser.add_argument("--job", choices=JOBS)
    chosen = parser.parse_args()
    path = appointments(chosen.size, chosen.folder)
    if chosen.job:
        timed(chosen.job, path, chosen.slice)
        return
    check(path, min(chosen.slice, 2000))
    found: dict[str, list[dict[str, float]]] = {job: [] for job in JOBS}
    for job in [*JOBS] * chosen.turns:
        command = [sys.executable, __file__, "--job", job, *_options(chosen)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found[job].append(json.loads(done.stdout))
    rates = {}
    for job, runs in found.items():
        seconds, rows = statistics.median(r["seconds"] for r in runs), int(runs[0]["rows"])
        rates[job] = rows / seconds
        peak, rate = max(r["peak_mb"] for r in runs), rates[job]
        print(f"{rows:>12,}  {job:<15} {seconds:>8.2f} s  {peak:>6.0f} MB  {rate:>9,.0f} a second")
    size = path.stat().st_size / 2**20
    ratio = rates["read_fhir"] / rates["fhir.resources"]
    print(
        f"{path.name} ({size:,.0f} MB): {ratio:.1f} times as fast (aim 30), the peer by its slice"
    )


def _options(chosen: argparse.Namespace) -> list[str]:
    kept = {"size": chosen.size, "slice": chosen.slice, "folder": chosen.folder}
    return [word for name, value in kept.items() for word in (f"--{name}", str(value))]


if __name__ == "__main__":
    main()
