"""One gate for everything that is rendered: small cells hidden, counts rounded."""

from carenotebook.privacy.released import SMALL_GROUPS, Released, release
from carenotebook.privacy.suppress import Privacy, nested

__all__ = ["SMALL_GROUPS", "Privacy", "Released", "nested", "release"]
