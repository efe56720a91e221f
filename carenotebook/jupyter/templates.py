"""The template notebooks, and copies of them that never stand in for a file that is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import carenotebook
from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option


@dataclass(frozen=True)
class Template:
    """A notebook, the name of its first copy, and the data files that it reads."""

    file: str
    copy: str
    data: tuple[str, ...] = ()


TEMPLATES = {
    "tour": Template("00_tour.ipynb", "Care research tour.ipynb"),
    "own-data": Template(
        "01_your_own_data.ipynb",
        "Your own data.ipynb",
        (
            "data/clinic_export.csv",
            "data/fhir_appointments.ndjson",
            "data/fhir_episodes.ndjson",
            "data/fhir_observations.ndjson",
            "data/messy_appointments.csv",
            "data/messy_clients.csv",
            "data/messy_contacts.csv",
            "data/messy_mapping.yml",
            "data/redcap_export.csv",
        ),
    ),
    "control-charts": Template(
        "02_attendance_and_control_charts.ipynb", "Attendance and control charts.ipynb"
    ),
    "eighty-percent": Template("03_does_80_percent_matter.ipynb", "Does 80 percent matter.ipynb"),
    "policy": Template("04_did_the_policy_work.ipynb", "Did the policy work.ipynb"),
    "criterion": Template("05_prototype_criteria.ipynb", "Prototype a criterion.ipynb"),
    "ethics-cases": Template("07_ethics_cases.ipynb", "Ethics cases.ipynb"),
    "cluster": Template("08_past_one_machine.ipynb", "Past one machine.ipynb"),
}


def folder() -> Path:
    """Where the template notebooks lie: in the package, or beside it in a source tree.

    Raises
    ------
    OptionError
        If they are in neither place.
    """
    package = Path(carenotebook.__file__).parent
    for candidate in (package / "notebooks", package.parent / "notebooks"):
        if (candidate / TEMPLATES["tour"].file).is_file():
            return candidate
    raise OptionError("The template notebooks are missing: install carenotebook again.")


def notebook(name: str) -> dict[str, Any]:
    """A template as a notebook without outputs, so that a copy starts clean.

    Raises
    ------
    OptionError
        If there is no such template.

    Examples
    --------
    >>> {c.get("execution_count") for c in notebook("tour")["cells"]}
    {None}
    """
    template = TEMPLATES[check_option("template", name, TEMPLATES)]
    content = json.loads((folder() / template.file).read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell["metadata"] = {}
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    made: dict[str, Any] = content
    return made
