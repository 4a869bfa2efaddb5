"""What care refuses, said so that the person knows until when and what to do instead."""

from http import HTTPStatus

from workbench.errors import WorkbenchError


class OnBreak(WorkbenchError):
    """You are on a break, so no picture is sent. What you decided is saved, and your place is kept."""

    code = "on-break"
    status = HTTPStatus.LOCKED
    permanent = False


class NoMoreToday(WorkbenchError):
    """No new batch is handed out to you today. The one you have may be ended."""

    code = "no-more-today"
    status = HTTPStatus.CONFLICT


class NotForYourself(WorkbenchError):
    """More time for you is another supervisor's to give."""

    code = "not-for-yourself"
    status = HTTPStatus.FORBIDDEN
    refuses = True


class NotShared(WorkbenchError):
    """This person does not share the viewing record. Only the person can change that."""

    code = "not-shared"
    status = HTTPStatus.FORBIDDEN
    refuses = True
