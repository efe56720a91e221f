"""carenotebook: attendance, cancellation policy and discharge criteria in research notebooks.

Public names are imported when they are first used, so that ``import carenotebook`` is light.
"""

from importlib import metadata
from typing import TYPE_CHECKING

from carenotebook.core.lazy import lazy_names

_MODULE_OF = {
    "CareNotebookError": "core.errors",
    "Cohort": "core.cohort",
    "Privacy": "privacy",
    "Truth": "synthetic.truth",
    "attendance": "describe.attendance",
    "attendance_effect": "effects.attending",
    "attendance_hazard": "effects.leaving",
    "audit": "appraise.auditing",
    "capacity": "describe.capacity",
    "compare_rules": "appraise.compare",
    "control_chart": "quality.cohort_chart",
    "dossier": "report.dossiers",
    "ethics_review": "appraise.ethics",
    "from_frames": "ingest.frames",
    "funnel_plot": "quality.cohort_funnel",
    "gaps": "describe.gaps",
    "link_appointments": "ingest.linkage",
    "load": "core.loading",
    "obstacles": "appraise.obstacle_review",
    "outcome_panel": "describe.panel",
    "outcomes": "describe.outcomes",
    "policy_effect": "effects.policy",
    "practice_review": "appraise.practice",
    "read_csv": "ingest.files",
    "read_database": "ingest.database",
    "read_excel": "ingest.files",
    "read_omop": "ingest.omop",
    "read_fhir": "ingest.fhir.reader",
    "read_parquet": "ingest.files",
    "replay": "criteria.replay",
    "retention": "effects.retention",
    "suggest_mapping": "ingest.suggest",
    "sweep": "criteria.sweeping",
    "synthetic_cohort": "synthetic.generate",
    "table_one": "appraise.baseline",
    "verify_dossier": "report.verifying",
}
_SUBMODULES = ("appraise", "criteria", "effects", "outreach", "privacy", "quality", "widgets")

__version__ = metadata.version("carenotebook")
__all__ = [
    "CareNotebookError",
    "Cohort",
    "Privacy",
    "Truth",
    "__version__",
    "appraise",
    "attendance",
    "attendance_effect",
    "attendance_hazard",
    "audit",
    "capacity",
    "compare_rules",
    "control_chart",
    "criteria",
    "dossier",
    "effects",
    "ethics_review",
    "from_frames",
    "funnel_plot",
    "gaps",
    "link_appointments",
    "load",
    "obstacles",
    "outcome_panel",
    "outcomes",
    "outreach",
    "policy_effect",
    "practice_review",
    "privacy",
    "quality",
    "read_csv",
    "read_database",
    "read_excel",
    "read_fhir",
    "read_omop",
    "read_parquet",
    "replay",
    "retention",
    "suggest_mapping",
    "sweep",
    "synthetic_cohort",
    "table_one",
    "verify_dossier",
    "widgets",
]

if TYPE_CHECKING:
    from carenotebook import appraise as appraise
    from carenotebook import criteria as criteria
    from carenotebook import effects as effects
    from carenotebook import outreach as outreach
    from carenotebook import privacy as privacy
    from carenotebook import quality as quality
    from carenotebook import widgets as widgets
    from carenotebook.appraise.auditing import audit as audit
    from carenotebook.appraise.baseline import table_one as table_one
    from carenotebook.appraise.compare import compare_rules as compare_rules
    from carenotebook.appraise.ethics import ethics_review as ethics_review
    from carenotebook.appraise.obstacle_review import obstacles as obstacles
    from carenotebook.appraise.practice import practice_review as practice_review
    from carenotebook.core.cohort import Cohort as Cohort
    from carenotebook.core.errors import CareNotebookError as CareNotebookError
    from carenotebook.core.loading import load as load
    from carenotebook.criteria.replay import replay as replay
    from carenotebook.criteria.sweeping import sweep as sweep
    from carenotebook.describe.attendance import attendance as attendance
    from carenotebook.describe.capacity import capacity as capacity
    from carenotebook.describe.gaps import gaps as gaps
    from carenotebook.describe.outcomes import outcomes as outcomes
    from carenotebook.describe.panel import outcome_panel as outcome_panel
    from carenotebook.effects.attending import attendance_effect as attendance_effect
    from carenotebook.effects.leaving import attendance_hazard as attendance_hazard
    from carenotebook.effects.policy import policy_effect as policy_effect
    from carenotebook.effects.retention import retention as retention
    from carenotebook.ingest.database import read_database as read_database
    from carenotebook.ingest.fhir.reader import read_fhir as read_fhir
    from carenotebook.ingest.files import read_csv as read_csv
    from carenotebook.ingest.files import read_excel as read_excel
    from carenotebook.ingest.files import read_parquet as read_parquet
    from carenotebook.ingest.frames import from_frames as from_frames
    from carenotebook.ingest.linkage import link_appointments as link_appointments
    from carenotebook.ingest.omop import read_omop as read_omop
    from carenotebook.ingest.suggest import suggest_mapping as suggest_mapping
    from carenotebook.privacy import Privacy as Privacy
    from carenotebook.quality.cohort_chart import control_chart as control_chart
    from carenotebook.quality.cohort_funnel import funnel_plot as funnel_plot
    from carenotebook.report.dossiers import dossier as dossier
    from carenotebook.report.verifying import verify_dossier as verify_dossier
    from carenotebook.synthetic.generate import synthetic_cohort as synthetic_cohort
    from carenotebook.synthetic.truth import Truth as Truth

__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF, _SUBMODULES)
