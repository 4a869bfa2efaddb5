"""A server shaped like StopNCII's, as unpleasant as sharing.md says the real one is.

Times stand still while records change, pages are half full or empty and yet not the last, tokens are good for a short
while, records come again on later pages, and now and then it is busy or cut off. Hashes are invented.
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.foreign import Asked, Said
from tests.hashsets.lists import digest

BEGAN = 1_772_000_000
KEYS = {"x-functions-key": "f-key==", "ocp-apim-subscription-key": "s:key"}
BAD = {
    "busy": Said(429, headers={"retry-after": "1"}),
    "full": Said(429, headers={"retry-after": "900"}),
    "down": Said(503),
    "cut": Said(body=b'{"count": 3, "hashRecords": [{"signalType": "Ima'),
    "nowhere": Said(body=b'{"hasMoreRecords": true, "hashRecords": []}'),
}


@dataclass(slots=True)
class StopNciiServer:
    """Answers as a `tests.foreign.Server` asks it to."""

    page: int = 3
    tick: int = 0  # seconds between two changes: at 0 all have the same time
    records: dict[str, dict[str, Any]] = field(default_factory=dict)  # by kind and value, in the order of changes
    extra: list[Any] = field(default_factory=list)  # of every answer
    bad: list[str] = field(default_factory=list)  # how the next answers go wrong
    refuse: int = 0  # how many of the next tokens are refused
    same_token: bool = False
    until: int | None = None  # in place of each nextSetTimestamp
    tokens: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # what is still to come
    clock: float = BEGAN

    place = "/v1"

    def put(self, value: str, kind: str = "VideoMD5", status: str = "Received", *said: tuple[str, str]) -> None:
        """List a record, or change it."""
        self.clock += self.tick
        feedbacks = [{"source": by, "feedbackValue": word, "tags": []} for by, word in said]
        self.records.pop(f"{kind}-{value}", None)
        self.records[f"{kind}-{value}"] = {
            "lastModtimestamp": int(self.clock), "signalType": kind, "hashValue": value, "hashStatus": status,
            "caseNumbers": {"00000000-fa4e": status}, "CSPFeedbacks": feedbacks,
        }  # fmt: skip

    def put_number(self, number: int, *said: tuple[str, str]) -> None:
        """The same by number."""
        self.put(digest(number), "VideoMD5", "Active", *said)

    def withdraw(self, number: int, status: str = "Withdrawn") -> None:
        """List it as withdrawn from now on, whether anybody saw it before or not."""
        self.put(digest(number), "VideoMD5", status)

    def forget(self, number: int) -> None:
        """As a withdrawn one is after a long time: not there."""
        del self.records[f"VideoMD5-{digest(number)}"]

    def answer(self, asked: Asked) -> Said:
        """One answer."""
        if any(asked.headers.get(name) != value for name, value in KEYS.items()):
            return Said(401)
        wrong = self.bad.pop(0) if self.bad else ""
        return BAD[wrong] if wrong else self._listed(asked)

    def _listed(self, asked: Asked) -> Said:
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != f"{self.place}/FetchHashes" or query["pageSize"] != "800":
            return Said(404)
        token = query.get("nextPageToken", "")
        if token and (self.refuse or token not in self.tokens):
            self.refuse -= bool(self.refuse)
            return Said(400)
        since = int(query["startTimestamp"])
        rest = self.tokens[token] if token else self._changed(since)
        take = (self.page, 0, self.page - 1)[len(self.tokens) % 3]  # a full page, an empty one, one that is not full
        now, later = rest[:take], rest[take:]
        return Said(body=json.dumps(self._told(since, now, later)).encode())

    def _changed(self, since: int) -> list[dict[str, Any]]:
        rest = [one for one in self.records.values() if one["lastModtimestamp"] >= since]
        random.Random(len(rest)).shuffle(rest)
        return rest

    def _told(self, since: int, now: list[dict[str, Any]], later: list[dict[str, Any]]) -> dict[str, Any]:
        token = None
        if later:
            token = "same" if self.same_token else f"token{len(self.tokens) + 1}"
            self.tokens[token] = [*now[-1:], *later]  # the last one comes again
        until = max([since, *(one["lastModtimestamp"] for one in now)]) if self.until is None else self.until
        return {
            "count": len(now), "hasMoreRecords": bool(later), "nextPageToken": token, "nextSetTimestamp": until,
            "hashRecords": [*now, *self.extra],
        }  # fmt: skip

    def time(self) -> float:
        """What a client's clock says."""
        return self.clock + 10
