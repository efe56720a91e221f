"""Invented FHIR resources, small and whole, for the tests of the FHIR reader."""

import gzip
import json

REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"


def reference(kind, name):
    return {"reference": f"{kind}/{name}"}


def concept(code, system="http://example.org/codes"):
    return {"coding": [{"system": system, "code": code}]}


def appointment(name, status="fulfilled", start="2026-03-02T10:00:00Z", client="c1", **more):
    """An Appointment of one client; R4 unless `more` says otherwise."""
    people = [{"actor": reference("Patient", client), "status": "accepted"}]
    return {
        "resourceType": "Appointment",
        "id": name,
        "status": status,
        "start": start,
        "participant": people,
        **more,
    }


def cancelled(name, code=None, spelling="cancelationReason", **more):
    reason = {} if code is None else {spelling: concept(code, REASONS)}
    return appointment(name, "cancelled", **reason, **more)


def encounter(name, status="finished", client="c1", booked=None, class_="AMB", **more):
    """An R4 Encounter, of an Appointment if `booked` names one."""
    link = {} if booked is None else {"appointment": [reference("Appointment", booked)]}
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": status,
        "class": {"code": class_},
        "subject": reference("Patient", client),
        "period": {"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T10:50:00Z"},
        **link,
        **more,
    }


def observation(name, code, value, at="2026-03-02T09:00:00Z", client="c1", **more):
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": concept(code, "http://loinc.org"),
        "subject": reference("Patient", client),
        "effectiveDateTime": at,
        "valueQuantity": {"value": value},
        **more,
    }


def response(name, answers, at="2026-03-02T09:00:00Z", client="c1", **more):
    """A QuestionnaireResponse: link ids to answers, each as an element (``valueInteger``)."""
    items = [{"linkId": f"/{code}", "answer": [answer]} for code, answer in answers.items()]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": name,
        "status": "completed",
        "subject": reference("Patient", client),
        "authored": at,
        "item": items,
        **more,
    }


def communication(name, sender, recipient, status="completed", **more):
    return {
        "resourceType": "Communication",
        "id": name,
        "status": status,
        "subject": reference("Patient", "c1"),
        "sender": reference(*sender),
        "recipient": [reference(*recipient)],
        "sent": "2026-02-20T08:00:00Z",
        **more,
    }


def episode(name, status="active", start="2026-01-05", client="c1", **more):
    return {
        "resourceType": "EpisodeOfCare",
        "id": name,
        "status": status,
        "patient": reference("Patient", client),
        "period": {"start": start},
        **more,
    }


def ndjson(*resources):
    return "".join(json.dumps(r) + "\n" for r in resources)


def bundle(*resources, kind="collection"):
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": r} for r in resources],
    }


def write(folder, content, name="all.ndjson"):
    """Write resources (a list), a document (a dict), text or bytes; gzipped if the name says so."""
    if isinstance(content, list):
        content = ndjson(*content)
    if isinstance(content, dict):
        content = json.dumps(content, indent=1)
    held = content if isinstance(content, bytes) else content.encode()
    path = folder / name
    path.write_bytes(gzip.compress(held) if name.endswith(".gz") else held)
    return path
