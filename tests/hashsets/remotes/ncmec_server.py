"""A server shaped like NCMEC's hash sharing v2, as unpleasant as sharing.md says the real one is.

Entries come in no order of time, pages are half full or empty, links to following pages go stale and lead nowhere with
another end time, and now and then it is busy, cut off, or hostile. Hashes are invented.
"""

import base64
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.sax.saxutils import escape

from tests.foreign import Asked, Said
from tests.hashsets.lists import digest

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE queryResult [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><queryResult><paging><next>&c;</next></paging></queryResult>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE queryResult [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<queryResult><paging><next>&a;</next></paging></queryResult>"""

BAD = {
    "busy": Said(429, headers={"retry-after": "1"}),
    "full": Said(429, headers={"retry-after": "900"}),
    "down": Said(503),
    "laughs": Said(body=LAUGHS),
    "outside": Said(body=OUTSIDE),
    "other": Said(body=b"<html/>"),
}


@dataclass(slots=True)
class Listed:
    """One entry as the server has it. `fingerprints` None: withdrawn."""

    number: int
    at: datetime
    code: str = "1"
    fingerprints: dict[str, str] | None = None
    feedback: str = ""
    kind: str = "image"

    def xml(self) -> str:
        """As it is listed."""
        name = self.kind if self.fingerprints is not None else f"deleted{self.kind.capitalize()}"
        inner = f"<member id='42'>A member</member><timestamp>{_text(self.at)}</timestamp><id>{self.number}</id>"
        if self.fingerprints is not None:
            hashes = "".join(f"<{kind}>{text}</{kind}>" for kind, text in self.fingerprints.items())
            inner += f"<classification>{escape(self.code)}</classification><fingerprints>{hashes}</fingerprints>"
            inner += self.feedback
        return f"<{name}>{inner}</{name}>"


@dataclass(slots=True)
class NcmecServer:
    """Answers as a `tests.foreign.Server` asks it to."""

    page: int = 3
    seed: int = 1
    entries: dict[int, Listed] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)  # XML of more entries in every answer
    bad: list[str] = field(default_factory=list)  # how the next answers go wrong
    stale: int = 0  # how many of the next links lead nowhere
    next_is: str = ""  # in place of every next link
    windows: dict[str, list[Listed]] = field(default_factory=dict)  # what is still to come, by token
    clock: float = BEGAN.timestamp()

    place = "/industry"

    def put(self, number: int, code: str = "1", **more: str) -> Listed:
        """List an entry, or change it; at a time of its own, which says nothing of the order it is listed in."""
        hashes = {"md5": digest(number), "sha1": digest(number, 40)} | more
        self.entries[number] = Listed(number, self._now(), code, hashes)
        return self.entries[number]

    def take_away(self, number: int) -> None:
        """Withdraw it: a tombstone is listed from now on."""
        self.entries[number] = Listed(number, self._now())

    def forget(self, number: int) -> None:
        """As the tombstone is after a long time: not there."""
        del self.entries[number]

    def answer(self, asked: Asked) -> Said:
        """One answer."""
        if asked.headers.get("authorization") != "Basic " + base64.b64encode(b"tester:pass:word").decode():
            return Said(401)
        wrong = self.bad.pop(0) if self.bad else ""
        if wrong == "cut":
            return Said(body=self._listed(asked, peek=True).body[:-60])
        return BAD[wrong] if wrong else self._listed(asked)

    def _listed(self, asked: Asked, *, peek: bool = False) -> Said:
        parts = urlsplit(asked.path)
        if parts.path != f"{self.place}/v2/entries":
            return Said(404)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        token = query.get("start", "")
        if token and (self.stale or token not in self.windows):
            self.stale -= bool(self.stale)
            return Said(410)
        begin, end = (datetime.fromisoformat(query[name]) for name in ("from", "to"))
        if token:
            rest = [one for one in self.windows[token] if begin <= one.at < end]  # another end: entries are skipped
        else:
            rest = [one for one in self.entries.values() if begin <= one.at < end]
            random.Random(self.seed).shuffle(rest)
        take = (
            random.Random(len(self.windows)).randint(0, self.page) if rest and len(self.windows) % 3 == 1 else self.page
        )
        now, later = rest[:take], rest[take:]
        if peek:
            return Said(body=self._xml(now, "").encode())
        following = ""
        if later:
            following = str(len(self.windows) + 1)
            self.windows[following] = later
            following = "/v2/entries?" + urlencode({"from": query["from"], "to": query["to"], "start": following})
        return Said(body=self._xml(now, self.next_is or following).encode())

    def _xml(self, entries: list[Listed], following: str) -> str:
        shown = {kind: "".join(one.xml() for one in entries if one.kind == kind) for kind in ("image", "video")}
        return (
            "<?xml version='1.0' encoding='UTF-8'?><queryResult xmlns='https://hashsharing.example.org/v2'>"
            f"<images maxTimestamp='2099-01-01T00:00:00Z'>{shown['image']}{''.join(self.extra)}</images>"
            f"<videos>{shown['video']}</videos>"
            + (f"<paging><next>{escape(following)}</next></paging>" if following else "")
            + "</queryResult>"
        )

    def _now(self) -> datetime:
        """A moment after all others; minutes apart."""
        self.clock += 420
        return datetime.fromtimestamp(self.clock, UTC)

    def time(self) -> float:
        """What a client's clock says: some seconds after the last change."""
        self.clock += 0.01
        return self.clock + 10


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
