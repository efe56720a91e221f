"""YAML whose plain scalars are text: ``Yes: no_show`` maps the text "Yes", not a truth value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from carenotebook.core.errors import MappingError
from carenotebook.core.oserrors import why_unreadable


def load_yaml(path: Path, otherwise: str = "") -> Any:
    """The content of a mapping file; only empty and null scalars are anything but text.

    Where there is no such file, the error ends in `otherwise`: what else could be given.

    Raises
    ------
    MappingError
        If the file cannot be read, is no YAML, or has a key twice.
    """
    import yaml

    class TextLoader(yaml.SafeLoader):
        """Only text and null; nothing is constructed from a tag, and no key stands twice."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - the name that PyYAML looks up
            first: [(tag, rule) for tag, rule in rules if tag.endswith(":null")]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
            seen = set()
            for found, _ in node.value:
                key = str(self.construct_object(found, deep=True))
                if key in seen:
                    raise MappingError(
                        f"{path}, line {found.start_mark.line + 1}: {key!r} stands twice."
                    )
                seen.add(key)
            return super().construct_mapping(node, deep=deep)

    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=TextLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: {why_unreadable(error, 'mapping file', otherwise)}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise MappingError(f"{path}{line}: this is not YAML.") from None
