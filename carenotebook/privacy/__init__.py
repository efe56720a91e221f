"""One gate for everything that is rendered: small cells hidden, counts rounded."""

from carenotebook.privacy.release import Released, release
from carenotebook.privacy.suppress import Privacy, nested

__all__ = ["Privacy", "Released", "nested", "release"]
