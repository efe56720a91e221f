"""What every widget shares: typed messages, work that can be overtaken, and a static fallback.

A widget's synced traits are its bundle and a random mark, nothing else. What it shows travels by
messages, which no saved notebook keeps; what one keeps is the fallback, made of released figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from importlib import resources
from threading import RLock
from typing import Any, ClassVar
from uuid import uuid4

import anywidget
import traitlets

from carenotebook.core.errors import CareNotebookError
from carenotebook.widgets._messages import Cancel, Command, Event, Failed, Settled, read_command

# Of the view and the fallback beneath it, the page shows the view while it lives (it then leaves
# its mark on the page), else the fallback. Without style, as in an untrusted notebook, both show.
_ONE_OF_TWO = (
    'html[data-cn-live~="MARK"] .jp-OutputArea-child:has(.cn-fallback[data-mark="MARK"]),'
    'html:not([data-cn-live~="MARK"]) .jp-OutputArea-child:has(+ .jp-OutputArea-child '
    '.cn-fallback[data-mark="MARK"]){display:none}'
)

_UNEXPECTED = "carenotebook could not do this ({}). What is shown is from before."


def bundle(name: str) -> str:
    """A built file of the front end.

    Raises
    ------
    CareNotebookError
        If the front end was not built, which every installation does.
    """
    file = resources.files("carenotebook") / "static" / name
    if not file.is_file():
        raise CareNotebookError(
            "The front end is not built. Install carenotebook again, in its folder: "
            "pip install -e ."
        )
    return file.read_text(encoding="utf-8")


@dataclass(eq=False)
class _Job:
    revision: int
    events: Iterator[Event]
    cancelled: bool = False


class CareWidget(anywidget.AnyWidget):
    """Base of the widgets. A subclass answers commands and gives the fallback's HTML."""

    commands: ClassVar[tuple[type[Command], ...]]
    """What this widget obeys; anything else is refused."""

    kept_as: ClassVar[str] = "see the picture and the table"
    """What a notebook that shows plain text alone says of the fallback."""

    _mark = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._mark = uuid4().hex
        self._revision = 0
        self._job: _Job | None = None
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="carenotebook")
        self._lock = RLock()
        self._saved: Any = None
        self.on_msg(self._receive)

    def obey(self, command: Command) -> None:
        """Do what the browser asks; long work goes to `start`."""
        raise NotImplementedError

    def fallback(self) -> str:
        """HTML that a saved notebook keeps: a sentence, a picture and a table."""
        raise NotImplementedError

    def tell(self, event: Event) -> None:
        """Send an event to every view."""
        self.send(event.plain())

    def advance(self) -> int:
        """A new revision: what was worked out for an older one is no longer wanted."""
        self._revision += 1
        return self._revision

    def start(self, events: Callable[[int], Iterator[Event]]) -> None:
        """Work out events aside, so that the kernel hears the next command meanwhile.

        Only the last call counts: an earlier one stops before its next event.
        """
        job = _Job(self._revision, events(self._revision))
        self._job = job
        self._workers.submit(copy_context().run, self._run, job)

    def _receive(self, _: Any, content: object, _buffers: Any) -> None:
        try:
            command = read_command(content, self.commands)
        except CareNotebookError as error:
            self.tell(Failed(self._revision, "", str(error)))
            return
        if isinstance(command, Cancel):
            if self._job is not None:
                self._job.cancelled = True
            return
        try:
            self.obey(command)
        except CareNotebookError as error:
            self.tell(Failed(self._revision, command.id, str(error)))
        except Exception as error:
            self.tell(Failed(self._revision, command.id, _UNEXPECTED.format(type(error).__name__)))
            raise

    def _run(self, job: _Job) -> None:
        try:
            while self._job is job and not job.cancelled:
                with self._lock:
                    event = next(job.events, None)
                if event is None or self._job is not job or job.cancelled:
                    break
                self.tell(event)
        except CareNotebookError as error:
            self.tell(Failed(job.revision, "", str(error)))
        except Exception as error:
            self.tell(Failed(job.revision, "", _UNEXPECTED.format(type(error).__name__)))
            raise
        if self._job is job:
            self.tell(Settled(job.revision, job.cancelled))
            self._save()

    def _save(self) -> None:
        """Bring what the notebook keeps up to date."""
        if self._saved is not None:
            self._saved.update(self._kept(), raw=True)

    def _kept(self) -> dict[str, str]:
        with self._lock:
            html = self.fallback()
        style = f"<style>{_ONE_OF_TWO.replace('MARK', self._mark)}</style>"
        return {
            "text/html": f'{style}<div class="cn-fallback" data-mark="{self._mark}">{html}</div>',
            "text/plain": f"{type(self).__name__}: {self.kept_as}.",
        }

    def _ipython_display_(self) -> None:
        """Show the view, then the fallback, which the view hides while it lives."""
        from IPython.display import display as untyped_display

        display: Any = untyped_display
        data, metadata = super()._repr_mimebundle_()  # type: ignore[misc]
        display(data, metadata=metadata, raw=True)
        self._saved = display(self._kept(), raw=True, display_id=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        return {**data, **self._kept()}, metadata

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
