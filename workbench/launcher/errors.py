"""What can stop the start; each message is one sentence that says what to do."""

from http import HTTPStatus

from workbench.errors import WorkbenchError


class LauncherError(WorkbenchError):
    """The start cannot go on; the message is for the person at the terminal."""

    code = "cannot-start"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class DataUnreachable(LauncherError):
    """The data directory cannot be made or used by this user."""


class BinaryMissing(LauncherError):
    """A server's program was not found in any of the places it may come from."""


class NobodyToRunAs(LauncherError):
    """PostgreSQL refuses this user and no other one can be used."""


class ServerDied(LauncherError):
    """PostgreSQL or Valkey stopped while starting; its last log lines are in the message."""


class AlreadyRunning(LauncherError):
    """Another `manage.py up` holds this data directory."""


class PortTaken(LauncherError):
    """Another program listens where Winnow should."""


class NoSuchCommand(LauncherError):
    """`manage.py` was asked for a command it does not have."""


class StepFailed(LauncherError):
    """A preparing command (migrations, first start) ended with an error."""
