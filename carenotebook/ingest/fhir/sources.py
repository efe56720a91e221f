"""Files of FHIR JSON, as lines of text: one resource (or Bundle) a line.

NDJSON comes in blocks, so that memory is bounded whatever the size of a file. Any other JSON is one
document and becomes the lines of its resources.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from carenotebook.core.errors import DataError
from carenotebook.core.manifest import MANIFEST
from carenotebook.core.oserrors import why_unreadable
from carenotebook.ingest.fhir.bundles import as_line, resources

ENDINGS = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")
NOT_UTF8 = "is not UTF-8 text"
LINES = {"line": pl.Int64, "text": pl.String, "reason": pl.String}
"""Line (of NDJSON) or entry (of a Bundle, 1 is the first), its text, and why it is no text."""

_BLOCK = 16 * 2**20
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"

Paths = str | Path | Sequence[str | Path]


def files(paths: Paths) -> list[Path]:
    """The files that `paths` name, in their order; those of a folder sorted by name.

    Raises
    ------
    DataError
        If a path does not exist, a folder holds no JSON, or a file is named twice.
    """
    given = list(paths) if isinstance(paths, Iterable) and not isinstance(paths, str) else [paths]
    if not given or not all(isinstance(p, str | Path) for p in given):
        raise DataError("paths= takes a file, a folder, or a list of them.")
    found = [f for p in given for f in _files_of(Path(p))]
    if len({f.resolve() for f in found}) < len(found):
        raise DataError("paths= names a file more than once: its rows would count twice.")
    return found


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder.")
    inside = (f for f in path.rglob("*") if f.is_file() and not f.name.startswith("."))
    found = sorted(f for f in inside if f.name.lower().endswith(ENDINGS))
    if not found:
        raise DataError(f"The folder {path} holds no file that ends in {', '.join(ENDINGS)}.")
    return found


def is_fhir(path: Path) -> bool:
    """Whether a file, or a folder that is no saved cohort, holds JSON by the names of its files."""
    if not path.is_dir():
        return path.name.lower().endswith(ENDINGS)
    if (path / MANIFEST).exists():
        return False
    return any(f.name.lower().endswith(ENDINGS) for f in path.rglob("*") if f.is_file())


def blocks(path: Path) -> Iterator[pl.DataFrame]:
    """The lines of a file, in frames of `LINES`; blank lines are left out.

    Raises
    ------
    DataError
        If the file is empty, not UTF-8, not JSON, or damaged as gzip.
    """
    try:
        with _opened(path) as file:
            first = _first_line(file, path)
            if _is_ndjson(first, path):
                yield from _ndjson(first, file)
            else:
                yield _document(first + file.read(), path)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path} is a damaged gzip file: it is cut short or altered.") from None
    except OSError as error:
        raise DataError(f"{path}: {why_unreadable(error)}") from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if they are gzip's, whatever its name says."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield cast("BinaryIO", unpacked)


def _first_line(file: BinaryIO, path: Path) -> bytes:
    """Everything up to the first line that is not blank; a byte order mark is left out."""
    start = file.readline()
    if start.startswith(_WIDE) or b"\x00" in start[:64]:
        raise DataError(f"{path} is UTF-16 or no text at all. Save it as UTF-8 and read it again.")
    start = start.removeprefix(_BOM)
    while not start.strip():
        more = file.readline()
        if not more:
            raise DataError(f"{path} is empty.")
        start += more
    return start


def _is_ndjson(first: bytes, path: Path) -> bool:
    """Whether the first line is a JSON object by itself, or was meant to be one."""
    line = first.strip()
    if not line.startswith(b"{"):
        return False
    if line.endswith(b"}") and _parses(line):
        return True
    return path.name.lower().removesuffix(".gz").rpartition(".")[2] != "json" and len(line) > 1


def _parses(line: bytes) -> bool:
    if len(line) > 2**20:
        return True
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _ndjson(first: bytes, file: BinaryIO) -> Iterator[pl.DataFrame]:
    before, rest = 0, first
    while True:
        more = file.read(_BLOCK)
        held = rest + more
        cut = held.rfind(b"\n") + 1 if more else len(held)
        rest = held[cut:]
        if cut:
            lines = _lines(held[:cut]).with_row_index("line", offset=before + 1)
            before += lines.height
            yield lines.filter(pl.col("text") != "").select(
                pl.col(name).cast(dtype) for name, dtype in LINES.items()
            )
        if not more:
            return


def _lines(held: bytes) -> pl.DataFrame:
    try:
        texts = pl.read_lines(held).to_series()
    except pl.exceptions.ComputeError:
        return _lines_not_utf8(held)
    if not (texts.str.starts_with("{") & texts.str.ends_with("}")).all():
        texts = texts.str.strip_chars()
    return pl.DataFrame({"text": texts}).with_columns(reason=pl.lit(None, pl.String))


def _lines_not_utf8(held: bytes) -> pl.DataFrame:
    texts, reasons = [], []
    for line in held.removesuffix(b"\n").split(b"\n"):
        text = line.decode(errors="replace")
        texts.append(text.strip())
        reasons.append(None if text.encode() == line else NOT_UTF8)
    return pl.DataFrame({"text": texts, "reason": reasons}, schema_overrides={"reason": pl.String})


def _document(held: bytes, path: Path) -> pl.DataFrame:
    try:
        document = json.loads(held)
    except UnicodeDecodeError:
        raise DataError(f"{path} {NOT_UTF8}. Save it as UTF-8 and read it again.") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path} is not JSON from line {error.lineno}, column {error.colno} on: it may be cut "
            "short."
        ) from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not JSON that can be read.") from None
    texts = [as_line(r) for r in resources(document)]
    lines = list(range(1, len(texts) + 1))
    return pl.DataFrame({"line": lines, "text": texts, "reason": None}, schema=LINES)
