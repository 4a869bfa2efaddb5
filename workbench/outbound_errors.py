"""What may go wrong with another node or server; whether to try again, and when, is part of each error."""

from http import HTTPStatus

from workbench.errors import WorkbenchError


class PeerError(WorkbenchError):
    """Another server did not do what it should. Ask whoever runs it."""

    code = "peer-error"
    status = HTTPStatus.BAD_GATEWAY


class PeerUnreachable(PeerError):
    """The other server cannot be reached. It is tried again; look at the network and its address."""

    code = "peer-unreachable"
    permanent = False


class PeerTooSlow(PeerUnreachable):
    """The other server took too long. It is tried again."""

    code = "peer-too-slow"
    status = HTTPStatus.GATEWAY_TIMEOUT


class PeerBusy(PeerError):
    """The other server asks to come back later. It is tried again."""

    code = "peer-busy"
    permanent = False

    def after(self, seconds: int) -> "PeerBusy":
        """The same, with what it said of when to come back (Retry-After; 0: nothing)."""
        self.seconds = seconds
        return self


class CertificateRefused(PeerError):
    """The other server could not show that it is who it should be, so nothing was sent. Check its certificate."""

    code = "certificate-refused"


class RedirectRefused(PeerError):
    """The other server sends us elsewhere, which is never followed. Correct its address."""

    code = "redirect-refused"


class AnswerRefused(PeerError):
    """The other server refused the request. Check what was agreed with whoever runs it."""

    code = "answer-refused"


class AnswerTooLarge(PeerError):
    """The answer of the other server is larger than any honest one, so nothing of it was used."""

    code = "answer-too-large"


class AnswerUnreadable(PeerError):
    """The answer of the other server cannot be read, so nothing of it was used. It is tried again."""

    code = "answer-unreadable"
    permanent = False


class AnswerHostile(PeerError):
    """The other server sent a document made to harm its reader, so nothing of it was used. Tell whoever runs it."""

    code = "answer-hostile"
