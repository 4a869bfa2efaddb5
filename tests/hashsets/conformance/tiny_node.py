"""A small node in memory that follows docs/protocol.md and shares no code with ours; it has the faults it is told to.

It shows that the page says what a node needs, and that the kit notices who does not keep it.
"""

import hashlib
import hmac
import io
import json
import re
import tarfile
import threading
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SETS = ("00000000-fa4e-4000-8000-00000000000a", "00000000-fa4e-4000-8000-00000000000b")
OWNER = "00000000-fa4e-4000-8000-0000000000aa"
ALL = "read lookup contribute vote law-enforcement"
FLAGS = ("VictimIdentified", "OffenderIdentified", "IsDistributed", "Series")
PROPERTIES = (
    "EntryID", "Seq", "MD5", "SHA1", "SHA256", "MediaSize", "MimeType", "Scheme", "Category", "Trust", "Votes",
    "CategorySpread", "DateUpdated", "AlternativeHashes",
)  # fmt: skip
CONDITION = re.compile(r"(\w+) (?:(eq|ge|gt) ('[^']*'|\d+|true|false|null)|in \(('[^']*'(?:,'[^']*')*)\))")
MOST = 8 * 1024 * 1024


MANIFEST = b'{"from": 0, "to": 9}'


def packaged(manifest: bytes) -> bytes:
    """A package as far as the kit looks into it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))
    return file.getvalue()


class Refused(Exception):
    """An error of the protocol: its status and code."""

    def __init__(
        self, status: int, code: str, details: list[Any] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.status, self.code, self.details, self.headers = status, code, details or [], headers or {}


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes
    scopes: set[str]


@dataclass
class TinyNode:
    """What it holds: of each set every version of every entry, as (seq, entry or None for gone, id)."""

    faults: frozenset[str] = frozenset()
    url: str = ""
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    steps: dict[str, list[tuple[int, dict[str, Any] | None, str]]] = field(default_factory=dict)
    answered: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    horizon: dict[str, int] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for set_id in SETS:
            self.steps[set_id], self.horizon[set_id] = [], 0
            for number in range(1, 10):
                self.add(set_id, f"FA4E{number:028}", str(number % 3), f"00000000-fa4e-4000-8000-{number:012}")

    def add(self, set_id: str, md5: str, code: str, name: str) -> None:
        seq = len(self.steps[set_id]) + 1
        entry = {
            "EntryID": name, "Seq": seq, "MD5": md5, "SHA1": None, "SHA256": None, "MediaSize": 1000,
            "MimeType": "image/png", "Scheme": "us-pvic", "Category": code, "Votes": 1, "CategorySpread": 1,
            "Trust": "trusted" if code == "1" else "provisional", "DateUpdated": "2026-03-01T10:00:00Z",
            "AlternativeHashes": [], "VictimIdentified": True, "OffenderIdentified": None, "IsDistributed": None,
            "Series": ["Synthetic Series A"],
        }  # fmt: skip
        self.steps[set_id].append((seq, entry, name))

    def standing(self, set_id: str, at: int) -> list[dict[str, Any]]:
        latest = {name: entry for seq, entry, name in self.steps[set_id] if seq <= at}
        return [entry for _name, entry in sorted(latest.items()) if entry is not None]

    def has(self, fault: str) -> bool:
        return fault in self.faults

    # what is answered

    def answer(self, asked: Asked) -> Any:  # noqa: PLR0911 one for each call
        path = asked.path
        if asked.method not in ("GET", "POST"):
            raise Refused(405, "wrong-method", headers={"allow": "GET, POST"})
        if path == "":
            return {"value": [{"name": name, "kind": "EntitySet", "url": name} for name in ("HashSets", "Media")]}
        if path == "$metadata":
            return b'<Edmx><EntityType Name="HashSet"/><EntityType Name="Media"/></Edmx>'
        if path == "HashSets":
            return {"value": [self.told(set_id) for set_id in SETS]}
        if found := re.fullmatch(r"HashSets\(([^)]+)\)(?:/(\w+|Packages.*\$value))?", path):
            return self.of_set(found[1], found[2], asked)
        if found := re.fullmatch(r"Media\(([^)]+)\)(/Retract)?", path):
            return self.of_entry(found[1], asked, retract=bool(found[2]))
        if found := re.fullmatch(r"Media/ByHash\(algo='md5',value='(\w+)'\)", path):
            every = [one for set_id in SETS for one in self.standing(set_id, 10**9)]
            return {"value": [self.seen(one, asked) for one in every if one["MD5"] == found[1]]}
        if path == "Lookup":
            return self.once(asked, self.look_up)
        if path.startswith("Range/"):
            return self.range(path, asked)
        raise Refused(501, "unsupported", ["GET /HashSets"])

    def told(self, set_id: str) -> dict[str, Any]:
        head = len(self.steps[set_id])
        return {
            "SetID": set_id, "Name": "Harbour", "Kind": "relevant", "Scheme": "us-pvic", "Owner": OWNER,
            "OwnerName": "Northmoor", "HeadSeq": head, "HorizonSeq": self.horizon[set_id],
            "EntryCount": len(self.standing(set_id, head)), "Contribute": True,
        }  # fmt: skip

    def of_set(self, set_id: str, what: str | None, asked: Asked) -> Any:
        if set_id not in SETS:
            raise Refused(404, "not-shared")
        if what == "Media":
            return self.media(set_id, asked)
        if what and what.endswith("$value"):
            return packaged(b"{ }" if self.has("gives other packages than it lists") else MANIFEST)
        if what == "Packages":
            told = {"From": 0, "To": 9, "Count": 9, "Manifest": hashlib.sha256(MANIFEST).hexdigest()}
            place = f"{self.url}HashSets({set_id})/Packages({OWNER})/$value"
            return {"value": [told | {"Bytes": len(packaged(MANIFEST)), "File": place}]}
        if what == "Contribute":
            return self.once(asked, lambda of: self.contribute(set_id, of), opinions=True)
        self.unchanged(set_id, asked)
        return self.told(set_id)

    def unchanged(self, set_id: str, asked: Asked) -> None:
        if asked.headers.get("If-None-Match") == self.tag(set_id) and not self.has("answers 200 where 304 is due"):
            raise Refused(304, "", headers={"etag": self.tag(set_id)})

    def tag(self, set_id: str) -> str:
        return f'W/"{len(self.steps[set_id])}"'

    def media(self, set_id: str, asked: Asked) -> Any:
        self.require_known(asked)
        wanted, head = self.filter(asked), len(self.steps[set_id])
        view = asked.query.get("$filter", "") + str("law-enforcement" in asked.scopes)
        if word := asked.query.get("$deltatoken"):
            after = self.opened(word, "delta", set_id, view)
            if after < self.horizon[set_id]:
                raise Refused(410, "feed-gone", headers={"location": f"{self.url}HashSets({set_id})/Media"})
            self.unchanged(set_id, asked)
            return self.delta(set_id, after, wanted, asked) | self.delta_link(set_id, head, view, asked)
        at, start, size = head, 0, self.size(asked)
        if word := asked.query.get("$skiptoken"):
            at, start, size = self.opened(word, "skip", set_id, view)
            at = head if self.has("pages without a snapshot") else at
        rows = [one for one in self.standing(set_id, at) if wanted(one)]
        top = self.number(asked.query.get("$top"))
        empty = top is not None and not word  # a page may be (3.5): what was asked for is on the next one
        page = [] if empty else rows[start : start + min(size, top if top is not None else size)]
        told: dict[str, Any] = {"value": [self.seen(one, asked) for one in page]}
        if asked.query.get("$count") == "true":
            told["@odata.count"] = len(rows)
        following = start + len(page)
        if empty:
            told["@odata.nextLink"] = self.link(set_id, "skip", [at, 0, size], view, asked)
        elif following < len(rows) and top is None:
            following += self.has("skips an entry between pages") - self.has("repeats an entry between pages")
            told["@odata.nextLink"] = self.link(set_id, "skip", [at, max(following, 1), size], view, asked)
        elif "track-changes" in asked.headers.get("Prefer", "") or word:
            told |= self.delta_link(set_id, at, view, asked)
        return told

    def delta_link(self, set_id: str, seq: int, view: str, asked: Asked) -> dict[str, Any]:
        return {"@odata.deltaLink": self.link(set_id, "delta", seq, view, asked), "@winnow.seq": seq}

    def delta(self, set_id: str, after: int, wanted: Any, asked: Asked) -> dict[str, Any]:
        rows: list[Any] = []
        for seq, entry, name in self.steps[set_id][after:]:
            if entry is not None and wanted(entry):
                rows.append(self.seen(entry, asked))
            elif not self.has("tells no tombstones"):
                gone = {"@removed": {"reason": "deleted"}, "@id": f"Media({name})", "Seq": seq}
                old = {"@odata.context": "$metadata#Media/$deletedEntity", "id": f"Media({name})", "reason": "deleted"}
                rows.append(gone if asked.headers.get("OData-MaxVersion") == "4.01" else old | {"Seq": seq})
        return {"value": rows}

    def of_entry(self, name: str, asked: Asked, *, retract: bool) -> Any:
        for set_id in SETS:
            for entry in self.standing(set_id, 10**9):
                if entry["EntryID"] == name and retract:
                    return self.once(asked, lambda _of, set_id=set_id: self.retract(set_id, name), opinions=True)
                if entry["EntryID"] == name:
                    return self.seen(entry, asked)
        raise Refused(404, "not-shared")

    def retract(self, set_id: str, name: str) -> Any:
        self.steps[set_id].append((len(self.steps[set_id]) + 1, None, name))
        return {"results": [{"status": "retracted", "EntryID": name}], "HeadSeq": len(self.steps[set_id])}

    def contribute(self, set_id: str, told: dict[str, Any]) -> Any:
        results = []
        for item in told["items"]:
            code = self.wrong(item)
            if code:
                results.append({"status": "rejected", "code": code})
                continue
            name = f"00000000-fa4e-4000-8000-{uuid4().hex[:12]}"
            self.add(set_id, item["MD5"], item["Category"], name)
            results.append({"status": "created", "EntryID": name, "Trust": "provisional"})
        return {"results": results, "HeadSeq": len(self.steps[set_id]), "IgnoredFields": 0}

    def wrong(self, item: dict[str, Any]) -> str:
        if len(item["MD5"]) != 32:
            return "bad-hash"
        if item["MediaSize"] == 0:
            return "zero-length"
        if item["Scheme"] != "us-pvic":
            return "unknown-scheme"
        return "" if item["Category"] in "0123" else "unmapped-category"

    def look_up(self, told: dict[str, Any]) -> Any:
        hashes = told.get("hashes")
        if not isinstance(hashes, list) or not hashes or not all(isinstance(one, str) for one in hashes):
            raise Refused(400, "bad-input")
        if len(hashes) > 1000 and not self.has("looks up any number"):
            raise Refused(413, "too-long")
        held = {one["MD5"]: (set_id, one) for set_id in SETS for one in self.standing(set_id, 10**9)}
        hits = [
            {"Hash": one, "SetID": held[one][0], "Media": {"EntryID": held[one][1]["EntryID"]}}
            for one in hashes if one in held
        ]  # fmt: skip
        rejected = [{"Hash": one, "code": "bad-hash"} for one in hashes if not re.fullmatch("[0-9A-Fa-f]{32}", one)]
        return {"hits": hits, "rejected": rejected, "asked": len(hashes), "IgnoredFields": 0}

    def range(self, path: str, asked: Asked) -> bytes:
        found = re.fullmatch(r"Range/md5/([0-9a-f]{5})", path)
        self.require_scope(asked, "lookup")
        if found is None:
            raise Refused(400, "bad-prefix")
        real = {one["MD5"].lower() for set_id in SETS for one in self.standing(set_id, 10**9)}
        lines = {one[5:] for one in real if one.startswith(found[1])}
        while len(lines) < 40 and not self.has("does not fill ranges up"):
            lines.add(hmac.digest(b"secret", f"{found[1]}{len(lines)}".encode(), "sha256").hex()[:27])
        return "".join(f"{line}\n" for line in sorted(lines)).encode()

    # rules of all calls

    def once(self, asked: Asked, do: Any, *, opinions: bool = False) -> Any:
        self.require_scope(asked, "contribute" if opinions else "lookup")
        if not (key := asked.headers.get("Idempotency-Key")):
            raise Refused(400, "key-needed")
        if len(asked.body) > MOST:
            raise Refused(413, "too-long")
        if opinions and not asked.headers.get("Winnow-Signature") and not self.has("takes unsigned opinions"):
            raise Refused(403, "signature-needed")
        if key in self.answered and not self.has("forgets its keys"):
            body, answer = self.answered[key]
            if body != asked.body:
                raise Refused(409, "key-used")
            return json.loads(answer)
        try:
            told = json.loads(asked.body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "bad-input") from error
        if not isinstance(told, dict):
            raise Refused(400, "bad-input")
        answer = do(told)
        self.answered[key] = asked.body, json.dumps(answer).encode()
        return answer

    def require_scope(self, asked: Asked, scope: str) -> None:
        if scope not in asked.scopes and not self.has("looks at no scopes"):
            raise Refused(403, "scope-missing")

    def full(self, asked: Asked) -> bool:
        return "law-enforcement" in asked.scopes or self.has("tells flags to everybody")

    def seen(self, entry: dict[str, Any], asked: Asked) -> dict[str, Any]:
        names = [*PROPERTIES, *(FLAGS if self.full(asked) else ())]
        if select := asked.query.get("$select"):
            chosen = select.split(",")
            if not set(chosen) <= set(names):
                raise Refused(400, "bad-input")
            names = [name for name in names if name in {*chosen, "EntryID", "Seq", "Trust"}]
        return {name: entry[name] for name in names}

    def require_known(self, asked: Asked) -> None:
        known = {"$top", "$count", "$select", "$filter", "$skiptoken", "$deltatoken", "$format"}
        known |= {"$orderby"} if self.has("passes over $orderby") else set()
        if any(name.startswith("$") and name not in known for name in asked.query):
            raise Refused(501, "unsupported", [] if self.has("lists nothing with a 501") else ["$filter"])
        self.number(asked.query.get("$top"))

    def number(self, text: str | None) -> int | None:
        if text is not None and not text.isdigit():
            raise Refused(400, "bad-input")
        return int(text) if text is not None else None

    def size(self, asked: Asked) -> int:
        found = re.search(r"maxpagesize=(\d+)", asked.headers.get("Prefer", ""))
        size = int(found[1]) if found else 1000
        return size + 1 if self.has("gives pages too large") else size

    def filter(self, asked: Asked) -> Any:
        text = asked.query.get("$filter", "")
        names = {"Category", "Trust", "Seq"} | (set(FLAGS) if self.full(asked) else set())
        if text.count("'") % 2 or re.fullmatch(r"\w+ \w+", text):
            raise Refused(400, "bad-filter")
        parts = [CONDITION.fullmatch(part) for part in text.split(" and ")] if text else []
        if any(part is None or part[1] not in names for part in parts):
            raise Refused(501, "unsupported", ["$filter with eq"])
        if self.has("passes over $filter"):
            return lambda _entry: True
        return lambda entry: all(_holds(part, entry[part[1]]) for part in parts if part)

    # links

    def link(self, set_id: str, kind: str, place: Any, view: str, asked: Asked) -> str:
        data = json.dumps([set_id, kind, place, view]).encode()
        word = urlsafe_b64encode(hmac.digest(b"secret", data, "sha256") + data).decode().rstrip("=")
        told = [name for name in ("$filter", "$select", "$top") if name in asked.query]
        kept = "".join(f"{name}={quote(asked.query[name])}&" for name in told)
        return f"{self.url}HashSets({set_id})/Media?{kept}${kind}token={word}"

    def opened(self, word: str, kind: str, set_id: str, view: str) -> Any:
        try:
            raw = urlsafe_b64decode(word + "=" * (-len(word) % 4))
            if raw[:32] != hmac.digest(b"secret", raw[32:], "sha256") and not self.has("believes changed links"):
                raise Refused(400, "bad-place")
            of, what, place, seen = json.loads(raw[32:])
        except ValueError as error:
            raise Refused(400, "bad-place") from error
        if (of, what) != (set_id, kind) and not self.has("mixes links of sets up"):
            raise Refused(400, "bad-place")
        if seen != view:
            raise Refused(400, "bad-place")
        return place


def _holds(part: re.Match[str], value: Any) -> bool:
    if part[4]:
        return value in [one.strip("'") for one in part[4].split(",")]
    wanted: Any = int(part[3]) if part[3].isdigit() else part[3].strip("'")
    if part[2] == "eq":
        return bool(value == wanted)
    return bool(value > wanted or (part[2] == "ge" and value == wanted))


class _Handler(BaseHTTPRequestHandler):
    node: TinyNode
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one(self) -> None:
        split = urlsplit(self.path)
        path = unquote(split.path.removeprefix("/odata/v1/"))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "token":
            return self.token(dict(parse_qsl(body.decode())))
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        try:
            asked = Asked(self.command, path, query, self.headers, body, self.scopes(path))
            with self.node.lock:
                told = self.answer(asked)
        except Refused as no:
            return self.refuse(no)
        headers = {"etag": self.node.tag(found[1])} if (found := re.match(r"HashSets\(([^)]+)\)", path)) else {}
        return self.send(200, told if isinstance(told, bytes) else json.dumps(told).encode(), headers)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_one  # noqa: N815

    def answer(self, asked: Asked) -> Any:
        if asked.path != "Node":
            return self.node.answer(asked)
        public = self.node.key.public_key().public_bytes_raw()
        return {"Organisation": OWNER, "Name": "Northmoor", "Key": b64encode(public).decode(), "Fingerprint": ""}

    def scopes(self, path: str) -> set[str]:
        word = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if path == "Node" or self.node.has("lets everybody in"):
            return set(ALL.split())
        if not word.startswith("token:"):
            raise Refused(401, "unknown-caller", headers={"www-authenticate": "Bearer"})
        return set(word.removeprefix("token:").split("+"))

    def token(self, form: dict[str, str]) -> None:
        scope = form.get("scope", ALL)
        told = {"access_token": "token:" + scope.replace(" ", "+"), "scope": scope, "expires_in": 3600}
        self.send(200, json.dumps(told).encode(), {})

    def refuse(self, no: Refused) -> None:
        told: dict[str, Any] = {"error": {"code": no.code, "message": "No.", "details": no.details}}
        if self.node.has("writes errors in a form of its own"):
            told = {"detail": no.code}
        self.send(no.status, b"" if no.status == 304 else json.dumps(told).encode(), no.headers)

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        place, mark, query = self.path.partition("?")
        lines = ["winnow-signed-1", self.command, unquote(place) + mark + query, str(status)]
        text = "\n".join([*lines, hashlib.sha256(body).hexdigest(), at]).encode()
        key = Ed25519PrivateKey.generate() if self.node.has("signs with another key") else self.node.key
        signed = {
            "Winnow-Key": hashlib.sha256(self.node.key.public_key().public_bytes_raw()).hexdigest(),
            "Winnow-Date": at, "Winnow-Signature": b64encode(key.sign(text)).decode(),
        }  # fmt: skip
        if status >= 400 and self.node.has("does not sign errors"):
            signed = {}
        given = {"Content-Type": "application/json", "OData-Version": "4.0"} | headers | signed
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


@contextmanager
def running(*faults: str) -> Iterator[TinyNode]:
    """The node on a loopback port of its own."""
    node = TinyNode(frozenset(faults))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"node": node}))
    node.url = f"http://127.0.0.1:{server.server_port}/odata/v1/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
