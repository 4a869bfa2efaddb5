"""The entries of a set: baseline, delta, and one by its id or hash."""

from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse

from hashsets import feed_pages
from hashsets.feed_pages import Step, Wanted
from hashsets.models import HashSet, Share
from hashsets.odata import base, callers, counts, files, filters, media_pages, options, places
from hashsets.odata.base import JSON, ODataView
from hashsets.odata.errors import BadPlace, FeedGone
from hashsets.odata.media_pages import Envelope
from hashsets.odata.options import Options
from hashsets.odata.places import Baseline, Delta


class Media(ODataView):
    """The entries of one set, page by page."""

    asked: Options
    share: Share
    hash_set: HashSet
    wanted: Wanted
    view: str  # what the reader sees: his filter and rights
    names: dict[str, str]  # of the properties

    def get(self, request: HttpRequest, set_id: UUID) -> HttpResponse:
        """A page of the baseline or of a delta; 304 where nothing changed, 410 where a delta cannot be told."""
        self.share = self.caller.share(set_id)
        self.hash_set = self.share.set
        self.asked = options.of(request)
        full = self.caller.full
        fields = filters.FULL if full else filters.MEDIA
        conditions = filters.parse(self.asked.filter, fields)
        self.wanted = filters.wanted(conditions, fields)
        self.view = places.view_of(self.asked.filter.strip(), full=full)
        self.names = options.chosen(self.asked.select, media_pages.properties(full=full))
        if self.asked.delta:
            return self._delta(places.delta(self.asked.delta, set_id))
        if self.asked.skip:
            return self._page(places.baseline(self.asked.skip, set_id))
        if same := base.unchanged(request, base.etag(self._head)):
            callers.told(self.share, self._head)
            return same
        return self._first(set_id)

    @property
    def _head(self) -> int:
        """The highest number of the set; 0 before its changes are numbered."""
        return self.hash_set.feed.head_seq if hasattr(self.hash_set, "feed") else 0

    @property
    def _horizon(self) -> int:
        return self.hash_set.feed.horizon_seq if hasattr(self.hash_set, "feed") else 0

    def _first(self, set_id: UUID) -> HttpResponse:
        """The first page of a baseline; it fixes what all its pages show. One event: the whole set leaves with them."""
        track = self.asked.track and self.asked.top is None
        size = self.asked.size or options.PAGE
        count, estimate = None, False
        if self.asked.count:
            count, estimate = counts.of_media(self.hash_set, snapshot=self._head, wanted=self.wanted)
        files.told(self.caller, self.hash_set, format="odata", seq=self._head)
        answer = self._page(Baseline(str(set_id), self.view, self._head, size, track), count=count, estimate=estimate)
        answer["ETag"] = base.etag(self._head)
        return answer

    def _page(self, place: Baseline, *, count: int | None = None, estimate: bool = False) -> HttpResponse:
        if place.view != self.view:
            raise BadPlace("The filter or your rights changed between two pages. Begin with the set's Media again.")
        if place.snapshot < self._horizon:
            raise FeedGone(self._address(self.asked.kept))
        limit = min(self.asked.size or place.size, options.MOST)
        if self.asked.top is not None:
            limit = min(limit, self.asked.top)
        if limit == 0:
            return self._answer_page(Envelope(self._context(), count, estimate), [])
        page = feed_pages.baseline(
            self.hash_set, snapshot=place.snapshot, after=place.key, limit=limit, wanted=self.wanted
        )
        write = media_pages.entries(self.hash_set.scheme.scheme_id, full=self.caller.full, names=self.names)
        parts = list(media_pages.fitting(map(write, page.steps)))
        following = media_pages.last_key(page.steps, len(parts), page.following)
        envelope = Envelope(self._context(), count, estimate)
        rest = None if self.asked.top is None else self.asked.top - len(parts)
        if following is not None and rest != 0:
            onward = Baseline(place.set, place.view, place.snapshot, place.size, place.track, str(following))
            more = {"$top": str(rest)} if rest is not None else {}
            envelope.next = self._address(self.asked.kept | more | {"$skiptoken": onward.word()})
        elif following is None and place.track:
            envelope.delta, envelope.seq = self._delta_link(place.snapshot, place.size), place.snapshot
        if following is None:
            callers.told(self.share, place.snapshot)
        return self._answer_page(envelope, parts)

    def _delta(self, place: Delta) -> HttpResponse:
        if place.view != self.view or not self._horizon <= place.seq <= self._head:
            raise FeedGone(self._address(self.asked.kept))
        if same := base.unchanged(self.request, base.etag(self._head)):
            callers.told(self.share, self._head)
            return same
        limit = min(self.asked.size or place.size, options.MOST)
        page = feed_pages.delta(self.hash_set, after=place.seq, head=self._head, limit=limit, wanted=self.wanted)
        context = f"{self._context()}/$deletedEntity"
        new_form = self.request.headers.get("OData-MaxVersion") == "4.01"
        write = media_pages.entries(self.hash_set.scheme.scheme_id, full=self.caller.full, names=self.names)
        bury = media_pages.tombstones(context, new_form=new_form)
        parts = list(media_pages.fitting(write(step) if _stays(step) else bury(step) for step in page.steps))
        following = media_pages.last_seq(page.steps, len(parts), page.following)
        envelope = Envelope(f"{self._context()}/$delta")
        if following is not None:
            envelope.next = self._delta_link(following, place.size)
        else:
            envelope.delta, envelope.seq = self._delta_link(self._head, place.size), self._head
        callers.told(self.share, self._head if following is None else following)
        answer = self._answer_page(envelope, parts)
        answer["ETag"] = base.etag(self._head)
        if new_form:
            answer["OData-Version"] = "4.01"
        return answer

    def _answer_page(self, envelope: Envelope, parts: list[bytes]) -> HttpResponse:
        envelope.value = media_pages.joined(parts)
        answer = HttpResponse(msgspec.json.encode(envelope), content_type=JSON)
        if self.asked.track:
            answer["Preference-Applied"] = "odata.track-changes"
        return answer

    def _context(self) -> str:
        """Which metadata describes the answer; with the selected properties, as OData wants it."""
        chosen = f"({','.join(self.names)})" if self.asked.select and "*" not in self.asked.select else ""
        return f"{base.root(self.request)}$metadata#HashSets({self.hash_set.public_id})/Media{chosen}"

    def _address(self, query: dict[str, str]) -> str:
        place = f"{base.root(self.request)}HashSets({self.hash_set.public_id})/Media"
        return place + (f"?{urlencode(query, safe='$', quote_via=quote)}" if query else "")

    def _delta_link(self, seq: int, size: int) -> str:
        word = Delta(str(self.hash_set.public_id), self.view, seq, size).word()
        return self._address(self.asked.kept | {"$deltatoken": word})


def _stays(step: Step) -> bool:
    return step.wanted and not step.deleted
