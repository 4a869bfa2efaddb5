"""The surroundings of a test run: a data folder of its own, nothing of the person's settings."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def prepare() -> Path:
    """Point every address at a new, empty data folder that goes away with this process."""
    for name in list(os.environ):
        if name.startswith("WINNOW_") and name != "WINNOW_CHROMIUM":
            del os.environ[name]
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="winnow-test-"))
    (folder / "static").mkdir()  # nothing is collected for tests; WhiteNoise wants the folder to be there
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["WINNOW_DATA"] = str(folder)
    # Plans must not hang on when the server last looked at tables that tests fill and empty all the time.
    os.environ["WINNOW_POSTGRES_OPTIONS"] = "-c autovacuum=off"
    os.environ["DJANGO_SETTINGS_MODULE"] = "workbench.settings"
    # Playwright leaves an event loop in the main thread; our ORM calls there are as synchronous as ever.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return folder


def in_ci() -> bool:
    """Return whether nothing may be skipped."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
