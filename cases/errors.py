"""What can go wrong with a case, said so that the person knows what to do."""

from http import HTTPStatus

from workbench.errors import WorkbenchError
from workbench.words import digits, noop

BUDGET_PAGE = "/viewing/budget/"


class NothingLeft(WorkbenchError):
    """Nothing is left to review in this case. The message says what is left over, and who has it."""

    code = "nothing-left"
    status = HTTPStatus.CONFLICT


class NothingFits(NothingLeft):
    """Nothing that you could take now fits this filter. Drop the filter, or ask for less with it."""

    code = "nothing-fits"


class BatchIsFull(WorkbenchError):
    """Your batch is full. Decide some of it and end it; the next one can take these."""

    code = "batch-full"
    status = HTTPStatus.CONFLICT


class NoneFree(WorkbenchError):
    """None of these can be added: they are decided, known, or somebody holds them."""

    code = "none-free"
    status = HTTPStatus.CONFLICT


class NoteRefused(WorkbenchError):
    """A note is plain text: this one holds characters that cannot be seen. Type it anew, without them."""

    code = "note-refused"


class BatchOver(WorkbenchError):
    """This batch is closed or its time is over. What you decided is kept; open the next batch."""

    code = "batch-over"
    status = HTTPStatus.CONFLICT


class CaseIsClosed(WorkbenchError):
    """This case is closed. Its decisions stay as they were."""

    code = "case-closed"
    status = HTTPStatus.CONFLICT


class UploadIncomplete(WorkbenchError):
    """Some announced files have not come. Send the rest, or end the upload without them."""

    ONE = noop("%(n)s announced file has not come. Send the rest, or end the upload without them.")
    SEVERAL = noop("%(n)s announced files have not come. Send the rest, or end the upload without them.")
    code = "upload-incomplete"
    status = HTTPStatus.CONFLICT

    def __init__(self, missing: int) -> None:
        super().__init__(self.ONE if missing == 1 else self.SEVERAL, n=digits(missing))


class UnknownCategory(WorkbenchError):
    """The case's scheme has no such category."""

    code = "unknown-category"


class NotHeld(WorkbenchError):
    """This is not in your open batch."""

    code = "not-held"
    status = HTTPStatus.CONFLICT
    refuses = True


class NoPreview(WorkbenchError):
    """There is no picture to show for this file. Its reason is in the inspector."""

    code = "no-preview"
    status = HTTPStatus.NOT_FOUND


class PreviewPending(WorkbenchError):
    """The picture is being made. Try again in a few seconds."""

    code = "preview-pending"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    permanent = False


class NotAFilm(WorkbenchError):
    """There is nothing to play: this is no film and no sound."""

    code = "not-a-film"
    status = HTTPStatus.NOT_FOUND


class TooLargeToPlay(WorkbenchError):
    """This film lies on its share and is too large to be played from there. Add its exhibit anew, as a copy."""

    code = "too-large-to-play"
    status = HTTPStatus.CONFLICT


class SecondViewOwed(WorkbenchError):
    """You owe second views of this case, and are told nothing of its decisions. Give them, or give them back with X."""

    code = "second-view-owed"
    status = HTTPStatus.CONFLICT


class AlreadyRuled(WorkbenchError):
    """This disagreement is over: somebody ruled, or the decision was superseded. Load the list again."""

    code = "already-ruled"
    status = HTTPStatus.CONFLICT


class ReasonNeeded(WorkbenchError):
    """Say why, in a few words."""

    code = "reason-needed"


class TooFewToSample(WorkbenchError):
    """Fewer than 50 decisions fit: nothing could be said of so few, and nobody should look for nothing."""

    code = "too-few-to-sample"
    status = HTTPStatus.CONFLICT


class AnotherPersonNeeded(WorkbenchError):
    """Somebody who neither decided nor offered this must approve it."""

    code = "another-person-needed"
    status = HTTPStatus.FORBIDDEN
    refuses = True


class ReadyChanged(WorkbenchError):
    """What is ready is not what you saw: somebody decided, signed or held meanwhile. Check it again, then sign."""

    code = "ready-changed"
    status = HTTPStatus.CONFLICT


class OfferMoved(WorkbenchError):
    """This offer is no longer in the state you saw. Load the page again."""

    code = "offer-moved"
    status = HTTPStatus.CONFLICT


class NoPublishingSet(WorkbenchError):
    """Your agency has no hash set that receives decisions. A supervisor makes one under Hash sets."""

    code = "no-publishing-set"
    status = HTTPStatus.CONFLICT


class KeyReused(WorkbenchError):
    """This idempotency key was sent with another decision. Make a new key for every decision."""

    code = "key-reused"
    status = HTTPStatus.CONFLICT


class BudgetSpent(WorkbenchError):
    """You asked for more in this hour than goes without a reason. Wait, or give a reason."""

    code = "budget-spent"
    status = HTTPStatus.TOO_MANY_REQUESTS
    permanent = False
    way_on = (BUDGET_PAGE, noop("Give a reason"))

    @classmethod
    def of(cls, what: object, most: int, seconds: int) -> "BudgetSpent":
        """Of `most` in an hour, of which `seconds` are left; `what` in words that are translated where they stand."""
        error = cls(
            noop(
                "You asked for more in this hour than goes without a reason (%(what)s: %(most)s). Wait %(minutes)s "
                "minutes, or open %(page)s and give a reason: it is kept in the log, and holds for an hour."
            ),
            what=what, most=digits(most), minutes=-(-seconds // 60), page=BUDGET_PAGE,
        )  # fmt: skip
        error.seconds = seconds
        return error
