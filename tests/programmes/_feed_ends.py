"""The two ends of a feed, each a process of its own: who gives opinions, and who reads them.

`python -m tests.programmes._feed_ends write|read` with an order as one line of JSON on standard input; what it did is
one line of JSON on standard output. A writer ends after its seconds; a reader says when it has the baseline and goes on
until standard input is closed, and then to the end of the feed.
"""

import hashlib
import json
import random
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hashsets import signed
from workbench import signing

ROOT = "/odata/v1/"
COMMON = 200  # files that every writer may come upon
CATEGORIES = ("1", "1", "1", "2", "0")  # the last is a dispute with the others
TRIES = 5
JSON = "application/json"
PAUSE = 0.1  # seconds between two askings of a reader that has everything


class Line:
    """A connection with a token; it may break, and what was asked is asked again."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.host = urlsplit(order["url"]).netloc
        self.origin, self.requests = order["url"], 0
        self.http = HTTPConnection("127.0.0.1", urlsplit(order["url"]).port, timeout=60)
        form = {"grant_type": "client_credentials", "client_id": order["client_id"], "client_secret": order["secret"]}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        told = self.ask("POST", f"{ROOT}token", kind, urlencode(form).encode())
        self.auth = {"Authorization": f"Bearer {told[1]['access_token']}"}

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, Any]:
        """Status, and the body as it is JSON."""
        for last in range(TRIES):
            try:
                self.http.request(method, target, body, {"Host": self.host, **headers})
                answer = self.http.getresponse()
                self.requests += 1
                return answer.status, json.loads(answer.read() or b"null")
            except (HTTPException, OSError):  # the server lets go of connections that wait
                self.http.close()
                if last == TRIES - 1:
                    raise
        raise AssertionError

    def get(self, link: str, size: int) -> Any:
        """A page. Anything but a page ends the process."""
        prefer = {"Prefer": f"odata.track-changes, odata.maxpagesize={size}"}
        status, page = self.ask("GET", link.removeprefix(self.origin), prefer | self.auth)
        if status != 200:
            raise SystemExit(f"GET {link}: {status} {page}")
        return page


class Writer:
    """Contributes, votes and retracts, by dice, in the name of an organisation."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.line, self.order, self.dice = Line(order), order, random.Random(order["seed"])
        self.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(order["key"]))
        self.fingerprint = signing.fingerprint(self.key.public_key().public_bytes_raw())
        self.results, self.entries, self.own = Counter[str](), list[str](), 0

    def run(self) -> dict[str, Any]:
        """Until the time is over."""
        until = time.monotonic() + self.order["seconds"]
        while time.monotonic() < until:
            chosen = self.dice.random()
            if chosen < 0.6 or not self.entries:
                self._post(f"HashSets({self.order['set_id']})/Contribute", {"items": self._items()})
            elif chosen < 0.8:
                category = {"Category": self.dice.choice(CATEGORIES), "Basis": "viewed"}
                self._post(f"Media({self.dice.choice(self.entries)})/Vote", category)
            else:
                self._post(f"Media({self.dice.choice(self.entries)})/Retract", {"Reason": "looked again"})
        return {"requests": self.line.requests, "results": self.results}

    def _items(self) -> list[dict[str, Any]]:
        return [self._item() for _ in range(self.dice.randint(1, 20))]

    def _item(self) -> dict[str, Any]:
        """A file of its own, or one that others come upon, too."""
        name = f"common {self.dice.randrange(COMMON)}"
        if self.dice.random() < 0.5:
            self.own += 1
            name = f"{self.order['seed']} {self.own}"
        digests = {"MD5": hashlib.md5(name.encode()).hexdigest(), "SHA1": hashlib.sha1(name.encode()).hexdigest()}
        return digests | {"MediaSize": len(name), "Category": self.dice.choice(CATEGORIES), "Basis": "viewed"}

    def _post(self, place: str, body: dict[str, Any]) -> None:
        target, data = ROOT + place, json.dumps(body).encode()
        at = signed.moment(datetime.now(UTC))
        said = signed.text(method="POST", target=target, status=None, body_sha256=signed.digest(data), at=at)
        proof = signed.headers(fingerprint=self.fingerprint, signature=self.key.sign(said), at=at)
        headers = {"Content-Type": JSON, "Idempotency-Key": str(uuid4()), **self.line.auth, **proof}
        status, told = self.line.ask("POST", target, headers, data)
        if status == 404 and place.startswith("Media("):  # it has left meanwhile
            self.results["gone"] += 1
            return
        if status != 200:
            raise SystemExit(f"POST {place}: {status} {told}")
        self.results.update(result["status"] for result in told["results"])
        self.entries += [result["EntryID"] for result in told["results"] if result["status"] == "created"]


def follow(order: dict[str, Any]) -> dict[str, Any]:
    """Read the whole set and then every change: the entries of the baseline, and of the deltas step by step."""
    over = input_closed()
    line, size = Line(order), order["size"]
    time.sleep(order["after"])
    link, entries, page = f"{ROOT}HashSets({order['set_id']})/Media", list[Any](), dict[str, Any]()
    while link:
        page = line.get(link, size)
        entries += map(_row, page["value"])
        link = page.get("@odata.nextLink", "")
    told = {"snapshot": page["@winnow.seq"], "baseline": entries, "steps": list[Any]()}
    print("begun", flush=True)
    link = page["@odata.deltaLink"]
    while True:
        last = over.is_set()  # all is written and numbered by now
        page = line.get(link, size)
        told["steps"] += map(_row, page["value"])
        link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
        if not page["value"] and "@odata.deltaLink" in page:
            if last:
                return told | {"requests": line.requests}
            time.sleep(PAUSE)


def input_closed() -> threading.Event:
    """Set once standard input is closed: whoever started this wants it to end."""
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    return over


def _row(record: dict[str, Any]) -> list[Any]:
    """Number, entry, and what is said of it: nothing where it left."""
    if "EntryID" in record:
        said = [record["MD5"].lower(), record["Category"], record["Trust"]]
        return [record["Seq"], record["EntryID"], said]
    return [record["Seq"], record["id"].removeprefix("Media(").removesuffix(")"), None]


def main(what: str) -> None:
    """Do as ordered, and tell."""
    order = json.loads(sys.stdin.readline())
    print(json.dumps(Writer(order).run() if what == "write" else follow(order)))


if __name__ == "__main__":
    main(sys.argv[1])
