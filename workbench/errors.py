"""Errors named after what happened, and their one renderer.

Every error of the product carries a stable `code`, the HTTP `status` it is answered with, and whether
it is `permanent` (a task stops) or not (a task may try again). Messages say what to do: `str(error)` in the language
of whoever asked, `error.english` as the log and other machines keep it.
"""

from http import HTTPStatus

from workbench.words import gettext, in_english


class WorkbenchError(Exception):
    """Something the caller can be told about, in words that help."""

    code = "error"
    status: int = HTTPStatus.BAD_REQUEST
    permanent = True
    seconds = 0  # after which to ask again: Retry-After
    way_on: tuple[str, str] | None = None  # where a person goes on: the address and, marked with `noop`, its words
    refuses = False  # somebody something that is there: then it is an event of the log too

    def __init__(self, message: str = "", details: list[str] | None = None, **values: object) -> None:
        """`message` is English, marked with `noop`, with `%(name)s` for `values`; without one it is the docstring."""
        words = message or (self.__doc__ or "").strip().splitlines()[0]
        self._said = words, values
        super().__init__(gettext(words) % values if values else gettext(words))
        self.details = details or []

    @property
    def template(self) -> tuple[str, dict[str, object]]:
        """The message before it is put into a language, and what is named in it; as JSON can keep it."""
        words, values = self._said
        return words, {name: value if isinstance(value, int) else str(value) for name, value in values.items()}

    @property
    def english(self) -> str:
        """The message as machines keep it."""
        words, values = self._said
        with in_english():
            return words % values if values else words


class NotAllowed(WorkbenchError):
    """Your role does not include this. Ask a supervisor of your agency."""

    code = "not-allowed"
    status = HTTPStatus.FORBIDDEN
    refuses = True


class NotFound(WorkbenchError):
    """There is nothing here that you may see."""

    code = "not-found"
    status = HTTPStatus.NOT_FOUND


class BadInput(WorkbenchError):
    """The request cannot be understood. Correct it and send it again."""

    code = "bad-input"


def as_json(error: WorkbenchError) -> dict[str, object]:
    """The one shape of an error over HTTP."""
    return {"error": {"code": error.code, "message": str(error), "details": error.details}}
