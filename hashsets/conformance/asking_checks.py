"""Look-ups, ranges, keys of idempotency, and limits. PURE."""

import json
import re
from typing import Any
from uuid import uuid4

from hashsets.conformance.asking import Answer, Node
from hashsets.conformance.checking import NotApplicable, check, equal, require
from hashsets.conformance.service_checks import require_error

INVENTED = "fa4e" + "0" * 27 + "1"
TOO_LARGE = 8 * 1024 * 1024 + 1  # bytes
SUFFIX = re.compile(rb"[0-9a-f]{27}")  # of an MD5 without its first five digits
MOST_APART = 0.2  # of the length of two ranges; what else they tell is the node's word


@check("3.10", "answers a look-up with hits only, and names what is no hash")
def lookup(node: Node) -> None:
    node.need("lookup")
    known = _known(node)
    told = node.post("Lookup", {"hashes": [known["MD5"], INVENTED, "no hash"]}).require(200).json()
    equal({hit["Hash"] for hit in told["hits"]}, {known["MD5"]}, "Hashes that the look-up found")
    require(any(hit["Media"]["EntryID"] == known["EntryID"] for hit in told["hits"]), "A hit does not name its entry")
    equal([one["Hash"] for one in told["rejected"]], ["no hash"], "What the look-up rejected")


@check("4.4", "does once what is sent twice under one Idempotency-Key, and refuses another body under it")
def idempotency(node: Node) -> None:
    node.need("lookup")
    key, known = str(uuid4()), _known(node)["MD5"]
    first, again = (node.post("Lookup", {"hashes": [known]}, key=key).require(200) for _ in range(2))
    equal(first.body == again.body, True, "The two answers under one key are the same")
    require_error(node.post("Lookup", {"hashes": [INVENTED]}, key=key).require(409))


@check("4.4", "asks for an Idempotency-Key")
def key_needed(node: Node) -> None:
    node.need("lookup")
    body = json.dumps({"hashes": [INVENTED]}).encode()
    require_error(node.ask("POST", "Lookup", headers={"content-type": "application/json"}, body=body).require(400))


@check("4.5", "answers 413 to more than 1,000 hashes, and to a body above 8 MB")
def too_much(node: Node) -> None:
    node.need("lookup")
    require_error(node.post("Lookup", {"hashes": [INVENTED] * 1001}).require(413))
    require_error(node.post("Lookup", b" " * TOO_LARGE).require(413))


@check("4.1", "answers 400 to a body that is no JSON object of the right form")
def bad_body(node: Node) -> None:
    node.need("lookup")
    for body in (b"{", b"[]", b'{"hashes": "fa4e"}', b'{"hashes": [1]}', b"{}", b"[" * 100_000):
        require_error(node.post("Lookup", body).require(400))


@check("4.6", "passes over fields of a body that it does not know")
def unknown_fields(node: Node) -> None:
    node.need("lookup")
    node.post("Lookup", {"hashes": [INVENTED], "Nobody": "knows"}).require(200)


@check("3.11", "gives all suffixes under a prefix, in order, the known one among them")
def ranges(node: Node) -> None:
    known = _known(node)["MD5"].lower()
    lines = _range(node, known[:5]).body.splitlines()
    require(known[5:].encode() in lines, "The suffix of a known hash is not in its range")
    require(all(SUFFIX.fullmatch(line) for line in lines), "A line is no suffix of 27 lower-case digits")
    equal(lines, sorted(set(lines)), "The lines are in order, each once")


@check("3.11", "fills ranges up, so that the length of an answer tells nothing, the same at every asking")
def padding(node: Node) -> None:
    known = _known(node)["MD5"].lower()[:5]
    other = f"{(int(known, 16) + 1) % 16**5:05x}"
    one, again, empty = (_range(node, prefix) for prefix in (known, known, other))
    equal(one.body == again.body, True, "A range asked for twice is the same")
    require(empty.body, "The range of a prefix that is not known is empty")
    apart = abs(len(one.body) - len(empty.body)) / max(len(one.body), 1)
    require(apart <= MOST_APART, f"Two ranges of one node have {len(one.body):,} and {len(empty.body):,} bytes")


@check("3.11", "refuses a prefix that is not five hex digits, and a hash of another kind")
def bad_prefix(node: Node) -> None:
    _range(node, "fa4e0")
    for address in ("Range/md5/fa4", "Range/md5/fa4e00", "Range/md5/zzzzz", "Range/crc32/fa4e0"):
        require_error(node.get(address).require(400))


def _known(node: Node) -> dict[str, Any]:
    for one in node.entries("$top=200"):
        if one.get("MD5"):
            return one
    raise NotApplicable("none of 200 entries has an MD5")


def _range(node: Node, prefix: str) -> Answer:
    node.need("lookup")
    answer = node.get(f"Range/md5/{prefix}")
    if answer.status == 501:
        raise NotApplicable("the node offers no ranges")
    return answer.require(200)
