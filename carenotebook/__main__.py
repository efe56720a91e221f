"""``python -m carenotebook`` is the command ``carenotebook``."""

import sys

from carenotebook.cli import main

if __name__ == "__main__":
    sys.exit(main())
