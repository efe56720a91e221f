"""The resources of one JSON document: a resource, a list of them or a Bundle, object by object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def resources(document: Any) -> Iterator[Any]:
    """Each resource of a document in its order, Bundles in Bundles too.

    A reference to an entry's `fullUrl` becomes ``Type/id``; where a resource has no id of its own,
    the last part of its `fullUrl` is its id. An entry without a resource (a deletion, a response)
    comes as it is.
    """
    if isinstance(document, list):
        for one in document:
            yield from resources(one)
        return
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        yield document
        return
    entries = document.get("entry")
    entries = entries if isinstance(entries, list) else []
    known = _full_urls(entries)
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield from resources(_pointed(_named(entry), known))
        else:
            yield entry


def as_line(resource: Any) -> str:
    """A resource as one line of JSON, all in ASCII: half a surrogate pair has no UTF-8."""
    return json.dumps(resource)


def localised(text: str) -> str:
    """A resource's text with references to what it contains told apart from any other's.

    ``#p`` in ``QuestionnaireResponse/7`` becomes ``Patient/QuestionnaireResponse.7#p``: what is
    contained has no identity outside its container, so it is a client of its own. A text that is
    no JSON object comes back as it is.
    """
    try:
        resource = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(resource, dict):
        return text
    contained = resource.get("contained")
    owner = f"{resource.get('resourceType')}.{resource.get('id')}"
    known = {
        f"#{one['id']}": f"{one.get('resourceType')}/{owner}#{one['id']}"
        for one in (contained if isinstance(contained, list) else [])
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }
    return as_line(_pointed(resource, known))


def _full_urls(entries: list[Any]) -> dict[str, str]:
    known = {}
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(entry.get("fullUrl"), str):
            known[entry["fullUrl"]] = f"{resource.get('resourceType')}/{_named(entry).get('id')}"
    return known


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    resource: dict[str, Any] = entry["resource"]
    url = entry.get("fullUrl")
    if "id" in resource or not isinstance(url, str):
        return resource
    return {**resource, "id": url.replace(":", "/").rpartition("/")[2]}


def _pointed(node: Any, known: dict[str, str]) -> Any:
    """The node with every reference in `known` replaced."""
    if isinstance(node, list):
        return [_pointed(one, known) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: known.get(value, value)
        if key == "reference" and isinstance(value, str)
        else _pointed(value, known)
        for key, value in node.items()
    }
