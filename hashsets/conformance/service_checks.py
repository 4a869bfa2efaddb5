"""Service document, metadata, sets, signatures, and who may ask. PURE."""

import json
import xml.parsers.expat

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hashsets import signed
from hashsets.conformance.asking import Answer, Node
from hashsets.conformance.checking import Broken, NotApplicable, check, equal, require

OF_A_SET = {"SetID", "Name", "Kind", "Scheme", "Owner", "HeadSeq", "HorizonSeq", "EntryCount"}
KINDS = {"relevant", "known_good", "comparison"}
SENSITIVE = ("VictimIdentified", "OffenderIdentified", "IsDistributed", "Series")


@check("3.1", "names its entity sets in the service document, as JSON of OData 4.0")
def service_document(node: Node) -> None:
    answer = node.get("").require(200)
    names = {one["name"] for one in answer.json()["value"]}
    require({"HashSets", "Media"} <= names, f"The service document names {sorted(names)}")
    require(answer.headers.get("content-type", "").startswith("application/json"), "It is no JSON")
    require(answer.headers.get("odata-version", "").startswith("4."), "It lacks the header OData-Version: 4.0")


@check("3.2", "describes itself in CSDL")
def metadata(node: Node) -> None:
    body = node.get("$metadata").require(200).body
    found: list[str] = []
    parser = xml.parsers.expat.ParserCreate()
    parser.EntityDeclHandler = _no_entities
    parser.StartElementHandler = lambda tag, given: found.append(given.get("Name", "")) if tag == "EntityType" else None
    try:
        parser.Parse(body, True)
    except xml.parsers.expat.ExpatError as error:
        raise Broken(f"$metadata is no XML: {error}") from error
    require({"HashSet", "Media"} <= set(found), f"$metadata has the entity types {found}")


@check("3.3", "lists the shared sets with their numbers")
def sets(node: Node) -> None:
    for one in node.get("HashSets").require(200).json()["value"]:
        require(one.keys() >= OF_A_SET, f"A set lacks {sorted(OF_A_SET - one.keys())}")
        require(one["Kind"] in KINDS, f"A set is of the kind {one['Kind']!r}")
        require(0 <= one["HorizonSeq"] <= one["HeadSeq"], "HorizonSeq lies behind HeadSeq")


@check("3.4", "answers 304 to whoever has the set at its HeadSeq already")
def etag(node: Node) -> None:
    address = f"HashSets({node.set()['SetID']})"
    tag = node.get(address).require(200).headers.get("etag", "")
    require(tag, "A set is answered without an ETag")
    same = node.get(address, if_none_match=tag)
    equal((same.status, same.body), (304, b""), "The answer to If-None-Match with the ETag")
    node.get(address, if_none_match='W/"another"').require(200)


@check("2.4", "signs what it answers, errors too, with the key it states")
def signatures(node: Node) -> None:
    key = node.key()
    for address in ("HashSets", node.media() + "?$top=1", "HashSets(00000000-fa4e-4000-8000-0000000000ff)"):
        _require_signed(node.get(address), key)
    _require_signed(node.get("HashSets", accept_encoding="identity"), key)


@check("2.2", "refuses whoever shows no token, or one that it never gave")
def unknown_caller(node: Node) -> None:
    for token in ("", "fa4e"):
        answer = node.ask("GET", "HashSets", token=token).require(401)
        require("bearer" in answer.headers.get("www-authenticate", "").lower(), "A 401 lacks WWW-Authenticate: Bearer")
        require_error(answer)


@check("1.5", "refuses with 403 what the scopes of the token do not include")
def missing_scope(node: Node) -> None:
    require_error(node.post("Lookup", {"hashes": ["fa4e" * 8]}, scope="read").require(403))


@check("1.5", "tells no flags and no Series without the scope law-enforcement, whatever is asked")
def no_flags(node: Node) -> None:
    page = node.get(node.media() + "?$top=200", scope="read").require(200)
    found = [name for name in SENSITIVE if f'"{name}"' in page.body.decode()]
    require(not found, f"Without the scope a page has {found}")
    for name in SENSITIVE:
        answer = node.get(f"{node.media()}?$select={name}", scope="read")
        require(answer.status in (400, 501), f"$select={name} is answered {answer.status}")
        answer = node.get(f"{node.media()}?$filter={name} eq true", scope="read")
        require(answer.status in (400, 501), f"$filter by {name} is answered {answer.status}")


@check("1.5", "tells flags and Series to the scope law-enforcement")
def flags(node: Node) -> None:
    node.need("law-enforcement")
    [first] = node.entries("$top=1")
    require(first.keys() >= set(SENSITIVE), f"With the scope an entry lacks {sorted(set(SENSITIVE) - first.keys())}")


def require_error(answer: Answer) -> None:
    """Raise Broken unless an error has the one form."""
    told = answer.json().get("error")
    require(isinstance(told, dict), f"An error of status {answer.status} has no member `error`")
    require(told.get("code") and told.get("message"), "An error lacks `code` or `message`")
    require(isinstance(told.get("details"), list), "An error lacks the list `details`")


def _require_signed(answer: Answer, key: bytes) -> None:
    read = signed.read(
        {name: answer.headers.get(name.lower(), "") for name in (signed.KEY, signed.SIGNATURE, signed.AT)}
    )
    if read is None:
        raise Broken(f"The answer to {answer.target} is not signed")
    fingerprint, signature, at = read
    equal(fingerprint.lower(), signed.digest(key).hex(), "Winnow-Key is not the fingerprint of the key that is stated")
    text = signed.text(
        method=answer.method, target=signed.target_of(answer.target), status=answer.status,
        body_sha256=signed.digest(answer.body), at=at,
    )  # fmt: skip
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except (InvalidSignature, ValueError) as error:
        raise Broken(f"The signature of {answer.target} is not over\n{json.dumps(text.decode())}") from error


def _no_entities(*_given: object) -> None:
    raise NotApplicable("$metadata declares entities; it is not read")
