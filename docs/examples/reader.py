"""A reader of the exchange protocol in one file: mirrors a set of a node into SQLite, with none of Winnow's code.

    python reader.py ROOT ORGANISATION FINGERPRINT SET MIRROR.sqlite --client-id ID --secret-file FILE [HASH ...]

Asks what came since the last time, and tells of each HASH what the mirror says. Run it every 5 minutes. Numbers in
comments are clauses of protocol.md. Needs Python 3.11 and `cryptography`.
"""

import argparse
import base64
import gzip
import hashlib
import http.client
import json
import sqlite3
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TABLES = """
CREATE TABLE IF NOT EXISTS entry (id TEXT PRIMARY KEY, md5 TEXT, sha1 TEXT, sha256 TEXT, record TEXT);
CREATE TABLE IF NOT EXISTS fresh (id TEXT PRIMARY KEY, md5 TEXT, sha1 TEXT, sha256 TEXT, record TEXT);
CREATE TABLE IF NOT EXISTS aside (why TEXT, record TEXT);
CREATE TABLE IF NOT EXISTS place (link TEXT, baseline INTEGER, seq INTEGER, etag TEXT);
"""
PREFER = {"Prefer": "odata.track-changes, odata.maxpagesize=5000"}
ACTS = {"corroborated", "trusted"}  # one's own choice; never `disputed`, nor what is not known here (1.2, 1.4)


class Stop(Exception):
    """What came cannot be believed or used: a person should look."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


class Node:
    """Another node, of which every answer is checked before it is given out (2.4, 5.6)."""

    def __init__(self, root: str, organisation: str, fingerprint: str, client_id: str = "", secret: str = "") -> None:
        self.root, self.client_id, self.secret = root.rstrip("/") + "/", client_id, secret
        self.place = urllib.parse.urlsplit(self.root)
        if self.place.scheme != "https" and self.place.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise Stop("HTTPS only")  # 2.3
        self.fingerprint = "".join(fingerprint.split()).lower()
        self.token, self.until = "", 0.0
        address = self.target("Node?" + urllib.parse.urlencode({"organisation": organisation, "at": self.root}))
        stated = self.send("GET", address, {})
        if stated.status != 200:
            raise Stop(f"this node does not say who it is: {stated.status} {stated.body[:300]!r}")
        self.key = base64.b64decode(stated.json()["Key"])
        if hashlib.sha256(self.key).hexdigest() != self.fingerprint:
            raise Stop("another key answers than the one that was compared")  # 2.1
        self.check("GET", address, stated)

    def target(self, link: str) -> str:
        """Path and query of a link of this node, absolute or below its root; of no other one (2.3)."""
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(self.root, link))
        if (parts.scheme, parts.netloc) != (self.place.scheme, self.place.netloc):
            raise Stop(f"a link leads away from {self.root}: {link}")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def ask(self, method: str, link: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """What it answers, signed; waits where it is busy (5.8), and signs in again where the token ended."""
        target, pause = self.target(link), 1.0
        while True:
            answer = self.send(method, target, {"Authorization": f"Bearer {self.sign_in()}"} | (headers or {}), body)
            busy = answer.status == 429 or (answer.status >= 500 and answer.status != 501)
            ended = answer.status == 401 and pause == 1
            if pause > 60 or not (busy or ended):
                self.check(method, target, answer)
                return answer
            self.until = 0.0 if ended else self.until
            time.sleep(max(pause, float(answer.headers.get("retry-after", 0))))
            pause *= 2

    def sign_in(self) -> str:
        if time.monotonic() > self.until:  # 2.2
            form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.secret}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.send("POST", self.target("token"), kind, urllib.parse.urlencode(form).encode())
            if answer.status != 200:
                raise Stop(f"no token: {answer.status} {answer.body[:200]!r}")
            self.token, self.until = answer.json()["access_token"], time.monotonic() + answer.json()["expires_in"] - 60
        return self.token

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """One request as it is; `http.client` follows no redirect."""
        secure = self.place.scheme == "https"
        connection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(
            self.place.netloc, timeout=60
        )
        try:
            connection.request(method, target, body or None, {"Accept-Encoding": "gzip"} | headers)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            data = answer.read()
        finally:
            connection.close()
        return Answer(answer.status, got, gzip.decompress(data) if got.get("content-encoding") == "gzip" else data)

    def check(self, method: str, target: str, answer: Answer) -> None:
        if answer.headers.get("winnow-key", "").lower() != self.fingerprint:
            raise Stop("the answer is signed with another key")
        said = signed_lines(method, target, f"{answer.status:03}", answer.body, answer.headers.get("winnow-date", ""))
        try:
            signature = base64.b64decode(answer.headers.get("winnow-signature", ""), validate=True)
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, said)
        except (InvalidSignature, ValueError) as error:
            raise Stop("the answer is not signed by the node's key") from error


def signed_lines(method: str, target: str, status: str, body: bytes, date: str) -> bytes:
    """The six lines of 2.4."""
    path, mark, query = target.partition("?")
    shown = urllib.parse.unquote(path) + mark + query
    return "\n".join(["winnow-signed-1", method, shown, status, hashlib.sha256(body).hexdigest(), date]).encode()


class Mirror:
    """One set of one node. `place` is where to go on, and is stored with what was read up to there (5.1)."""

    def __init__(self, node: Node, set_id: str, path: str | Path) -> None:
        self.node, self.address = node, f"HashSets({set_id})"
        self.base = sqlite3.connect(path, isolation_level=None)
        self.base.executescript(TABLES)
        if not self.base.execute("SELECT 1 FROM place").fetchone():
            self.base.execute("INSERT INTO place VALUES (?, true, 0, '')", [f"{self.address}/Media"])

    def follow(self) -> int:
        """Reads to the end of what there is; the number up to which the mirror tells then."""
        (etag,) = self.base.execute("SELECT etag FROM place").fetchone()
        answer = self.node.ask("GET", self.address, {"If-None-Match": etag} if etag else {})
        if answer.status != 304:  # 3.4
            if answer.status != 200:
                raise Stop(f"the set cannot be read: {answer.status} {answer.body[:300]!r}")
            while self.take_page():
                pass
            self.base.execute("UPDATE place SET etag = ?", [answer.headers["etag"]])
        return int(self.base.execute("SELECT seq FROM place").fetchone()[0])

    def take_page(self) -> bool:
        """One page of a baseline or delta, with the link behind it; whether there is more to read."""
        link, baseline = self.base.execute("SELECT link, baseline FROM place").fetchone()
        answer = self.node.ask("GET", link, PREFER if baseline else {})
        if answer.status == 410 or (answer.status == 400 and baseline and "$skiptoken" in link):
            start = answer.headers.get("location", f"{self.address}/Media")  # 5.5; a nextLink that ended (4.3)
            with self.base:
                self.base.execute("BEGIN IMMEDIATE")
                self.base.execute("DELETE FROM fresh")
                self.base.execute("UPDATE place SET link = ?, baseline = true", [start])
            return True
        if answer.status != 200:
            raise Stop(f"a page cannot be read: {answer.status} {answer.body[:300]!r}")
        self.store(answer.json(), bool(baseline))
        return bool(baseline) or "@odata.nextLink" in answer.json()

    def store(self, page: dict[str, Any], baseline: bool) -> None:
        link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
        (before,) = self.base.execute("SELECT seq FROM place").fetchone()
        seq = page.get("@winnow.seq", before)
        if seq < before:
            raise Stop(f"the node told up to {before} before, and now {seq}")  # 5.4
        with self.base:
            self.base.execute("BEGIN IMMEDIATE")
            for record in page["value"]:
                self.take(record, "fresh" if baseline else "entry")
            if baseline and "@odata.deltaLink" in page:  # whole: what it did not name has left
                self.base.execute("DELETE FROM entry")
                self.base.execute("INSERT INTO entry SELECT * FROM fresh")
                self.base.execute("DELETE FROM fresh")
                baseline = False
            self.base.execute("UPDATE place SET link = ?, baseline = ?, seq = ?", [link, baseline, seq])

    def take(self, record: dict[str, Any], table: str) -> None:
        """An entry or a tombstone (3.6); one that is odd stops no other (5.3)."""
        try:
            if "reason" in record:
                left = record["id"].removeprefix("Media(").removesuffix(")")
                self.base.execute(f"DELETE FROM {table} WHERE id = ?", [left])  # noqa: S608 one of two names
                return
            digests = [record.get(name) and bytes.fromhex(record[name]).hex() for name in ("MD5", "SHA1", "SHA256")]
            row = [record["EntryID"], *digests, json.dumps(record)]
            self.base.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?)", row)  # noqa: S608
        except (AttributeError, KeyError, TypeError, ValueError, sqlite3.Error) as error:
            self.base.execute("INSERT INTO aside VALUES (?, ?)", [repr(error), json.dumps(record)])

    def ask(self, digest: str) -> list[dict[str, Any]]:
        """The entries that have a digest. Nobody learns of the question."""
        found = self.base.execute("SELECT record FROM entry WHERE ? IN (md5, sha1, sha256)", [digest.lower()])
        return [dict(json.loads(record)) for (record,) in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("root", "organisation", "fingerprint", "set", "mirror"):
        parser.add_argument(name)
    parser.add_argument("hashes", nargs="*")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--secret-file", required=True, type=Path)
    given = parser.parse_intermixed_args()
    node = Node(
        given.root, given.organisation, given.fingerprint, given.client_id, given.secret_file.read_text().strip()
    )
    mirror = Mirror(node, given.set, given.mirror)
    print(f"{given.set}: told up to {mirror.follow()}")
    for digest in given.hashes:
        for entry in mirror.ask(digest):
            acts = "may act" if entry.get("Trust") in ACTS else "shown only"
            print(digest, entry.get("Scheme"), entry.get("Category"), entry.get("Trust"), acts)


if __name__ == "__main__":
    try:
        main()
    except Stop as error:
        sys.exit(f"Stopped: {error}")
