"""A hash database shaped like NCMEC's Hash Sharing v2 (sharing.md sections 1, 2 and 8).

XML over HTTPS with a name and password, 1,000 entries a page. Entries are asked for by a window of time, within which
they come in no order: the largest time seen means nothing, only a window read to its end does. A page's link belongs
to its window and goes stale after 12 hours; with another end time it would skip entries. So a checkpoint is the end of
the last whole window and, inside a window, its end, the next link, and until when that may be used.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from time import time
from urllib.parse import urlencode

import msgspec

from hashsets.remotes import ncmec_xml
from hashsets.remotes.base import Asks, CheckpointWentBack, Page, Source, secret_parts
from hashsets.remotes.ncmec_xml import NcmecPage
from workbench.outbound import Client, Limits
from workbench.outbound_errors import AnswerUnreadable, PeerUnreachable
from workbench.words import noop

BEGINNING = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
LAG = 5  # seconds before now that a window ends: what has just come may not be listed yet
DAY = 86_400
NARROWEST, FIRST, WIDEST = 60.0, float(DAY), 365.0 * DAY  # seconds of a window
MANY_PAGES = 10  # of one window; with more the next one is narrower
GROWTH = 1.5
LINK_LIVES = 12 * 3_600 - 600  # seconds; ten minutes less than it should
STALE_AFTER = 85 * DAY  # nobody says how long tombstones are kept: 90 days elsewhere (sharing.md section 1)
MOST_PAGES = 100_000  # of one window
MOST_RESTARTS = 3  # of windows in one pull
TRIES = 4  # of one GET
STALE_LINK = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
LIMITS = Limits(body=1 << 25, seconds=120.0, step=60.0)


class Link(msgspec.Struct):
    """Where the next page of a window that was begun is. Times in whole seconds since 1970."""

    url: str
    end: int  # of its window
    until: int  # when the link is stale
    pages: int  # read of the window so far


class Checkpoint(msgspec.Struct):
    """Everything before `done` was read to its end; `whole`: in a fetch of everything that is not over yet."""

    done: int
    width: float = FIRST  # of the next window
    whole: bool = True
    at: int = 0  # when it was made
    link: Link | None = None


class Ncmec:
    """See above. The place is the link before `/v2`, the secret NAME:PASSWORD."""

    id = "ncmec2"
    label = noop("NCMEC Hash Sharing v2")
    asks = Asks(
        place=noop("Link of the database"),
        help=noop("As NCMEC gave it, without /v2 at its end. Its host must be in WINNOW_PEER_HOSTS here."),
        secrets=(noop("Name"), noop("Password")),
    )
    releases = False

    def check(self, source: Source) -> None:
        """Raise AddressRefused for the place, BadInput for the secret."""
        _client(source).close()

    def pull(self, source: Source, checkpoint: str) -> Iterator[Page]:
        """One page for each of the server."""
        state, is_new = _understood(checkpoint)
        with _client(source) as client:
            for page in _pages(client, state, until=int(time()) - LAG):
                yield replace(page, anew=is_new)
                is_new = False

    def position(self, checkpoint: str) -> float:
        """The end of the last whole window."""
        state, is_new = _understood(checkpoint)
        return 0.0 if is_new else float(state.done)


def _client(source: Source) -> Client:
    name, password = secret_parts(source, Ncmec.asks)
    return Client(source.place.rstrip("/") + "/", auth=(name, password), limits=LIMITS)


def _understood(checkpoint: str) -> tuple[Checkpoint, bool]:
    """The checkpoint, or the beginning where there is none, or it cannot be read, or is too old to trust."""
    try:
        state = msgspec.json.decode(checkpoint, type=Checkpoint)
    except msgspec.DecodeError:
        return Checkpoint(BEGINNING), True
    is_stale = time() - state.at > STALE_AFTER
    return (Checkpoint(BEGINNING), True) if is_stale else (state, False)


def _pages(client: Client, state: Checkpoint, until: int) -> Iterator[Page]:
    """Window after window, each page with the state behind it. A window whose link went stale begins anew."""
    restarts = 0
    while state.link or state.done < until:
        link = _next_link(state, until)
        read = _read(client, link)
        if read is None:
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise PeerUnreachable(noop("The links of this server go stale before they can be used."))
            state.link = None
            continue
        is_whole = state.whole
        state = _after(state, link, read, until)
        yield Page(
            checkpoint=msgspec.json.encode(state).decode(),
            records=read.records,
            removed=read.removed,
            problems=read.problems,
            complete=is_whole and not state.whole,
        )


def _next_link(state: Checkpoint, until: int) -> Link:
    """The link that is good still, else the first one of the next window. Windows overlap by a second."""
    if state.link and time() < state.link.until:
        return state.link
    end = min(state.done + int(state.width), max(until, state.done + 1))
    return Link("v2/entries?" + urlencode({"from": _text(state.done - 1), "to": _text(end)}), end, 0, 0)


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(client: Client, link: Link) -> NcmecPage | None:
    """The page behind a link; None when a following page's link went stale. A cut answer is asked for once more."""
    for is_last in (False, True):
        answer = client.get(link.url, tries=TRIES)
        if link.pages and answer.status in STALE_LINK:
            return None
        try:
            page = ncmec_xml.read(answer.require(HTTPStatus.OK).body)
        except AnswerUnreadable:
            if is_last:
                raise
        else:
            page.next = _following(client, page.next)
            return page
    return None


def _following(client: Client, link: str) -> str:
    """The next link; one that begins with a slash goes on behind the place, as in the answers the open client knows."""
    place = client.base.target.rstrip("/")
    behind = link.startswith("/") and not link.startswith(("//", f"{place}/"))
    return place + link if behind else link


def _after(state: Checkpoint, link: Link, read: NcmecPage, until: int) -> Checkpoint:
    """The state behind a page: inside its window, or at its end."""
    now, pages = int(time()), link.pages + 1
    if read.next == link.url or pages > MOST_PAGES:
        raise CheckpointWentBack(noop("The links of this server lead in a circle, so nothing more was taken."))
    if read.next:
        ahead = Link(read.next, link.end, now + LINK_LIVES, pages)
        return Checkpoint(state.done, state.width, state.whole, now, ahead)
    return Checkpoint(link.end, _width(state.width, pages), state.whole and link.end < until, now)


def _width(width: float, pages: int) -> float:
    """Of the next window: narrower at once after one with many pages, wider by little after one with a single page."""
    if pages > MANY_PAGES:
        return max(width * MANY_PAGES / pages, NARROWEST)
    return min(width * GROWTH, WIDEST) if pages == 1 else width
