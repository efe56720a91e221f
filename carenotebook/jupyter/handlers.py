"""Two addresses under the Jupyter server: copy a template; say a rule in words.

Both need the server's own login and its protection against forged requests. A rule is read as
data: nothing in it is executed.
"""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from carenotebook.core.errors import CareNotebookError
from carenotebook.jupyter.rules import describe_rule
from carenotebook.jupyter.templates import TEMPLATES, folder, notebook

_LONGEST = 1_000_000


def add_handlers(web_app: Any) -> None:
    """Add both addresses to the server."""
    base = web_app.settings["base_url"]
    handlers = {"copy": CopyHandler, "rule": RuleHandler}
    web_app.add_handlers(
        ".*$", [(url_path_join(base, "carenotebook", n), h) for n, h in handlers.items()]
    )


class _Handler(APIHandler):
    def field(self, name: str) -> str:
        """A text of the request's body."""
        if len(self.request.body) > _LONGEST:
            raise HTTPError(413, reason="This is too long to be read.")
        value = (self.get_json_body() or {}).get(name)
        if not isinstance(value, str):
            raise HTTPError(400, reason=f"The field {name} is missing.")
        return value


class RuleHandler(_Handler):
    """What a rule file says."""

    @authenticated
    def post(self) -> None:
        """Answer with the words and the hash, or with what is wrong with the text."""
        try:
            self.finish(describe_rule(self.field("text")))
        except CareNotebookError as error:
            self.set_status(400)
            self.finish({"message": str(error)})


class CopyHandler(_Handler):
    """A copy of a template in a folder of the server."""

    @authenticated
    async def post(self) -> None:
        """Answer with the path of the copy."""
        try:
            content = notebook(self.field("template"))
        except CareNotebookError as error:
            self.set_status(400)
            self.finish({"message": str(error)})
            return
        where = self.field("folder").strip("/")
        template = TEMPLATES[self.field("template")]
        await self._copy_data(where, template.data)
        manager: Any = self.contents_manager
        name = await ensure_async(manager.increment_filename(template.copy, where, insert=" "))
        path = f"{where}/{name}".strip("/")
        model = {"type": "notebook", "format": "json", "content": content}
        saved = await ensure_async(manager.save(model, path))
        self.finish({"path": saved["path"]})

    async def _copy_data(self, where: str, files: tuple[str, ...]) -> None:
        """Files that the notebook reads; one that is there is left as it is."""
        manager: Any = self.contents_manager
        for file in files:
            parent = f"{where}/{file.rpartition('/')[0]}".strip("/")
            if not await ensure_async(manager.dir_exists(parent)):
                await ensure_async(manager.save({"type": "directory"}, parent))
            path = f"{where}/{file}".strip("/")
            if not await ensure_async(manager.file_exists(path)):
                content = (folder() / file).read_text(encoding="utf-8")
                model = {"type": "file", "format": "text", "content": content}
                await ensure_async(manager.save(model, path))
