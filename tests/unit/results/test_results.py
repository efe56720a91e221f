"""What every result keeps to."""

import dataclasses
import importlib
import pkgutil

import carenotebook
from carenotebook.results.result import Result


def _results():
    for module in pkgutil.walk_packages(carenotebook.__path__, "carenotebook."):
        if module.name.split(".")[1] not in ("describe", "criteria"):
            continue
        importlib.import_module(module.name)
    return _below(Result)


def _below(kind):
    return {k for sub in kind.__subclasses__() for k in {sub, *_below(sub)}}


def test_every_result_is_a_frozen_dataclass_whose_repr_is_released():
    found = {kind for kind in _results() if kind.__module__.startswith("carenotebook.")}
    assert len(found) >= 5
    for kind in found:
        assert dataclasses.is_dataclass(kind), kind
        assert kind.__dataclass_params__.frozen, kind
        assert kind.__repr__ is Result.__repr__, kind
