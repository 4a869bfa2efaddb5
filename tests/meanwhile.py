"""What somebody else does on a connection of his own at the worst moment."""

from collections.abc import Callable
from datetime import datetime
from threading import Thread

import pytest
from django.db import connection

from workbench import pieces


def as_it_is_found_again(patch: pytest.MonkeyPatch, does: Callable[[], object]) -> Thread:
    """Do it between the look at an upload that is begun again and the write; the thread, to be joined.

    Where the row is locked it waits for us, not we for it.
    """

    def on_its_own() -> None:
        try:
            does()
        finally:
            connection.close()

    thread, told = Thread(target=on_its_own), pieces.expiry

    def expiry() -> datetime:
        patch.setattr(pieces, "expiry", told)
        thread.start()
        thread.join(0.7)
        return told()

    patch.setattr(pieces, "expiry", expiry)
    return thread
