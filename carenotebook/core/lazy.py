"""Public names of a package, each imported from its module when it is first asked for."""

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, module_of: Mapping[str, str], submodules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """What a package needs as its `__getattr__` and `__dir__`.

    Parameters
    ----------
    package : str
        Its `__name__`.
    module_of : mapping of str to str
        Public name to the module below the package that defines it.
    submodules : collection of str
        Modules below the package that are public themselves.
    """

    def load(name: str) -> Any:
        if name in module_of:
            value = getattr(import_module(f"{package}.{module_of[name]}"), name)
        elif name in submodules:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: sorted(sys.modules[package].__all__)
