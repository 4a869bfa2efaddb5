"""Server-sent events: what a page follows, for half a minute; then the browser asks anew.

Each stream holds a thread of the web server, so a process gives few of them; a page that gets none asks every few
seconds instead.
"""

import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from workbench.errors import WorkbenchError

MOST = 2  # streams of a process, half of its threads
SECONDS, EVERY = 25.0, 1.0  # how long a stream lasts, how often it looks
RETRY = 500  # milliseconds until the browser asks anew
_free = threading.BoundedSemaphore(MOST)

Read = Callable[[], dict[str, Any]]


def answer(read: Read) -> HttpResponseBase:
    """A stream of what `read` returns, whenever it changed, to the first that says `done`; 204 where none is free.

    `read` looks at the person's rights each time; the stream ends when it raises a WorkbenchError.
    """
    if not _free.acquire(blocking=False):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    sent = StreamingHttpResponse(_Stream(read), content_type="text/event-stream")
    sent["X-Accel-Buffering"] = "no"  # a proxy before us passes it on as it comes
    return sent


class _Stream:
    """Gives its place back, once, when the server closes the answer, or when nobody holds it any more.

    Nobody closes an answer that something on its way out replaces, as where the session was ended meanwhile.
    """

    def __init__(self, read: Read) -> None:
        self._events = _events(read)
        self.close = weakref.finalize(self, _free.release)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._events  # which holds us for as long as somebody reads


def _events(read: Read) -> Iterator[bytes]:
    yield f"retry: {RETRY}\n\n".encode()
    until, before = time.monotonic() + SECONDS, ""
    while True:
        try:
            state = read()
        except WorkbenchError:
            return
        text = json.dumps(state, default=str)
        yield f"data: {text}\n\n".encode() if text != before else b": still the same\n\n"
        if state.get("done") or time.monotonic() > until:
            return
        before = text
        time.sleep(EVERY)
