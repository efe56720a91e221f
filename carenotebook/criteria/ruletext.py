"""The text of a rule file: YAML without anything that could surprise its reader.

Nothing is constructed from a tag, no key stands twice, and there are no aliases, which would let a
short file stand for an endless rule.
"""

from __future__ import annotations

from typing import Any

import yaml

from carenotebook.core.errors import RuleError


class _RuleLoader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise RuleError(f"line {line}: aliases (*name) are not read here; write it out.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                raise RuleError(f"line {line}: {key.value!r} stands twice.")
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep=deep)


def read_text(text: str) -> Any:
    """The plain data of a rule file.

    Raises
    ------
    RuleError
        Naming the line of what cannot be read.
    """
    try:
        return yaml.load(text, Loader=_RuleLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise RuleError(f"{place}this is not YAML.") from None
    except RecursionError:
        raise RuleError("it is nested too deeply.") from None
    except ValueError:
        raise RuleError("it holds a number that is too large.") from None
