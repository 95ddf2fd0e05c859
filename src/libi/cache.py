"""Where files are kept that belong to a machine, not to a study."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """$LIBI_CACHE, else libi in the user's cache folder."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LIBI_CACHE") or Path(user) / "libi")
