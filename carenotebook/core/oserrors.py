"""What the disk says against a file, in the same words wherever one is read or written."""

from __future__ import annotations


def reason_of(error: Exception) -> str:
    """The system's own reason, which holds nothing of what the file holds."""
    return getattr(error, "strerror", None) or type(error).__name__


def why_unreadable(error: OSError | UnicodeDecodeError, what: str = "file", hint: str = "") -> str:
    """Why a file cannot be read; said after its name.

    `what` it is, where it may be something else, such as a folder; `hint`: what to do where it is
    not there.

    Examples
    --------
    >>> why_unreadable(FileNotFoundError(2, "No such file or directory"))
    'there is no such file.'
    >>> why_unreadable(PermissionError(13, "Permission denied"))
    'it cannot be read (Permission denied).'
    """
    if isinstance(error, FileNotFoundError):
        return f"there is no such {what}.{hint}"
    if isinstance(error, IsADirectoryError):
        return "this is a folder; name one file."
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8."
    return f"it cannot be read ({reason_of(error)})."
