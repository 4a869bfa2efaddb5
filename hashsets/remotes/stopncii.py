"""A hash bank shaped like StopNCII's (sharing.md sections 1 and 8), as services that take part in it fetch it.

JSON over HTTPS with two keys, 800 records a page. Records are asked for by the time since which they changed; one
time has any number of pages, each behind the token of the page before, which is good for a short while only. The end
of the last page is where the next asking begins, but never later than when the first page was asked for: what changed
meanwhile may not be listed. A record is a whole one each time; one that is withdrawn comes with that as its status.
"""

from collections.abc import Iterator
from http import HTTPStatus
from time import time
from urllib.parse import urlencode

import msgspec

from hashsets.remotes import stopncii_json
from hashsets.remotes.base import Asks, CheckpointWentBack, Page, Source, secret_parts
from hashsets.remotes.stopncii_json import Listed
from workbench.outbound import Answer, Client, Limits
from workbench.outbound_errors import AnswerUnreadable, PeerUnreachable
from workbench.words import noop

BEGINNING = 10  # seconds since 1970, from which on everything is asked for
PAGE = 800  # records
LAG = 300  # seconds before the first page was asked for, to which the next asking goes back
TOKEN_LIVES = 600  # seconds; nobody says how long, and one that is refused is no loss either
STALE_AFTER = 30 * 86_400
MOST_EMPTY = 1_000  # pages in a row
MOST_RESTARTS = 3  # of one pull
TRIES = 4  # of one GET
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)  # as a token is that has expired
LIMITS = Limits(body=1 << 25, seconds=120.0, step=60.0)


class Checkpoint(msgspec.Struct):
    """What changed before `since` was read to its end; `whole`: in a fetch of everything that is not over yet.

    `token`: of the next page of what changed since, asked for from `began` on, and got at `at`; "" before the first.
    """

    since: int
    whole: bool = True
    at: int = 0
    began: int = 0
    token: str = ""


class StopNcii:
    """See above. The place is the link before `/FetchHashes`, the secret FUNCTION-KEY:SUBSCRIPTION-KEY."""

    id = "stopncii"
    label = noop("StopNCII")
    asks = Asks(
        place=noop("Link of the service"),
        help=noop("As StopNCII gave it, without /FetchHashes at its end. Its host must be in WINNOW_PEER_HOSTS here."),
        secrets=(noop("Function key"), noop("Subscription key")),
        category=True,
    )
    releases = False

    def check(self, source: Source) -> None:
        """Raise AddressRefused for the place, BadInput for the keys."""
        _client(source).close()

    def pull(self, source: Source, checkpoint: str) -> Iterator[Page]:
        """One page for each of the server."""
        state, is_new = _understood(checkpoint)
        with _client(source) as client:
            yield from _pages(client, state, is_new=is_new)

    def position(self, checkpoint: str) -> float:
        """The time before which everything was read."""
        state, is_new = _understood(checkpoint)
        return 0.0 if is_new else float(state.since)


def _client(source: Source) -> Client:
    function, subscription = secret_parts(source, StopNcii.asks)
    keys = {"x-functions-key": function, "ocp-apim-subscription-key": subscription}
    return Client(source.place.rstrip("/") + "/", headers=keys, limits=LIMITS)


def _understood(checkpoint: str) -> tuple[Checkpoint, bool]:
    """The checkpoint, or the beginning where there is none, or it cannot be read, or is too old to trust."""
    try:
        state = msgspec.json.decode(checkpoint, type=Checkpoint)
    except msgspec.DecodeError:
        return Checkpoint(BEGINNING), True
    is_stale = time() - state.at > STALE_AFTER
    return (Checkpoint(BEGINNING), True) if is_stale else (state, False)


def _pages(client: Client, state: Checkpoint, *, is_new: bool) -> Iterator[Page]:
    """Page after page, each with the state behind it. When a token was refused, its time is asked for anew."""
    restarts = empty = 0
    if state.token and time() - state.at > TOKEN_LIVES:
        state, is_new = _from_the_start(state), is_new or state.whole
    while True:
        began = state.began if state.token else int(time())
        listed = _listed(client, state)
        if listed is None:
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise PeerUnreachable(noop("The links of this server go stale before they can be used."))
            state, is_new = _from_the_start(state), is_new or state.whole
            continue
        empty = 0 if listed.records else empty + 1
        was_whole, asked = state.whole, state
        state = _after(asked, listed, began)
        _require_onward(asked, state, empty)
        told = stopncii_json.news(listed.records)
        yield Page(
            checkpoint=msgspec.json.encode(state).decode(),
            records=told.records,
            removed=told.removed,
            problems=told.problems,
            anew=is_new,
            complete=was_whole and not state.whole,
        )
        is_new = False
        if not state.token:
            return


def _from_the_start(state: Checkpoint) -> Checkpoint:
    return Checkpoint(state.since, state.whole, state.at)


def _listed(client: Client, state: Checkpoint) -> Listed | None:
    """The answer for a state; None when its token was refused. One that is cut off is asked for once more."""
    asked = {"startTimestamp": str(state.since), "pageSize": str(PAGE)}
    if state.token:
        asked["nextPageToken"] = state.token
    link = f"FetchHashes?{urlencode(asked)}"
    for is_last in (False, True):
        answer = client.get(link, tries=TRIES)
        if state.token and answer.status in REFUSED:
            return None
        try:
            return _understood_answer(answer)
        except AnswerUnreadable:
            if is_last:
                raise
    return None


def _understood_answer(answer: Answer) -> Listed:
    listed: Listed = answer.require(HTTPStatus.OK).json(Listed)
    if listed.more and not listed.token:
        raise AnswerUnreadable(noop("The server says that there is more, and not where."))
    return listed


def _after(state: Checkpoint, listed: Listed, began: int) -> Checkpoint:
    """The state behind an answer: inside what it was asked for, or at the end of that."""
    now = int(time())
    if listed.more:
        return Checkpoint(state.since, state.whole, now, began, listed.token or "")
    if listed.until and listed.until < state.since:
        raise CheckpointWentBack
    until = min(listed.until or state.since, began - LAG)
    return Checkpoint(max(state.since, until), whole=False, at=now)


def _require_onward(asked: Checkpoint, after: Checkpoint, empty: int) -> None:
    if after.token and (after.token == asked.token or empty > MOST_EMPTY):
        raise CheckpointWentBack(noop("The links of this server lead in a circle, so nothing more was taken."))
