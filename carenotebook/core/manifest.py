"""The one file that says what a saved cohort is: sealed, and put in place by one atomic rename."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

from carenotebook.core import schema
from carenotebook.core.errors import DataError
from carenotebook.core.oserrors import why_unreadable

FORMAT = "carenotebook cohort"
MANIFEST = "manifest.json"
_SEAL = "seal"
AGAIN = "Save the cohort again, or read it again from its source."


def write_manifest(home: Path, manifest: dict[str, Any]) -> None:
    """Put the manifest in place; from here on the folder holds the cohort that it names."""
    text = json.dumps(manifest | {_SEAL: _seal(manifest)}, indent=2) + "\n"
    temporary = home / f"{MANIFEST}.{uuid.uuid4().hex[:8]}"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(home / MANIFEST)
    sync_folder(home)


def sync_folder(folder: Path) -> None:
    """Names in the folder survive a loss of power from here on."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_manifest(home: Path) -> dict[str, Any]:
    """The manifest of a saved cohort: row counts, schema version, as_of, content hash, files.

    Raises
    ------
    DataError
        If there is none, or it is not what `write_manifest` wrote.
    """
    path = home / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(_no_cohort(home)) from None
    except OSError as error:
        raise DataError(f"{path}: {why_unreadable(error)}") from None
    except ValueError:
        raise DataError(f"{path} cannot be read: it is damaged. {AGAIN}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(f"{path} is not the manifest of a cohort.")
    if manifest.get("schema_version") != schema.SCHEMA_VERSION:
        raise DataError(
            f"{path} has schema version {manifest.get('schema_version')}; this carenotebook reads "
            f"{schema.SCHEMA_VERSION}. Save the cohort again with this version."
        )
    if manifest.pop(_SEAL, None) != _seal(manifest):
        raise DataError(f"{path} was changed after it was written, or is damaged. {AGAIN}")
    return manifest


def _no_cohort(home: Path) -> str:
    if not home.exists():
        return f"{home}: there is no such folder. Name one that Cohort.save wrote."
    if not home.is_dir():
        return f"{home} is a file: name a folder that Cohort.save wrote, or use a reader."
    return f"{home} holds no saved cohort: it has no {MANIFEST}."


def _seal(manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
