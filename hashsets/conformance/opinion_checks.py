"""Opinions, and how they travel on: only where the set may be written to. What is written is taken back. PURE."""

from secrets import token_hex
from typing import Any

from hashsets.conformance.asking import Node
from hashsets.conformance.checking import NotApplicable, check, equal, require
from hashsets.conformance.service_checks import require_error

TRACK = "odata.track-changes, odata.maxpagesize="


@check("3.8", "takes a new entry, tells it in the delta, and tells a tombstone when it is taken back")
def round_trip(node: Node) -> None:
    link = _link(node)
    entry, after = _contributed(node), node.set()["HeadSeq"]
    try:
        told = _delta(node, link)
        equal([one["EntryID"] for one in told if "EntryID" in one], [entry], "Entries of the delta after one came")
        require(told[-1]["Seq"] > after, "The number of a new entry is not above HeadSeq")
        link = node.said[-1].json()["@odata.deltaLink"]
    finally:
        _retracted(node, entry)
    [gone] = _delta(node, link)
    equal((gone.get("id"), gone.get("reason")), (f"Media({entry})", "deleted"), "The tombstone, in the form of 4.0")
    require(gone["@odata.context"].endswith("$deletedEntity"), "The tombstone's context is none of a deleted entity")
    [newer] = _delta(node, link, odata_maxversion="4.01")
    equal((newer.get("@id"), newer.get("@removed")), (f"Media({entry})", {"reason": "deleted"}), "In that of 4.01")


@check("3.5", "shows on all pages of a baseline the set as it stood at its first, and the rest in the delta")
def snapshot(node: Node) -> None:
    _require_writing(node)
    first = node.get(node.media(), prefer=f"{TRACK}1").require(200).json()
    if "@odata.nextLink" not in first:
        raise NotApplicable("the set has only one entry")
    entry = _contributed(node)
    try:
        pages = node.pages(first["@odata.nextLink"])
        names = [one["EntryID"] for page in [first, *pages] for one in page["value"]]
        require(entry not in names, "An entry that came meanwhile is on a page of the baseline")
        told = _delta(node, pages[-1]["@odata.deltaLink"])
        require(entry in [one.get("EntryID") for one in told], "It is not in the first delta")
    finally:
        _retracted(node, entry)


@check("3.8", "gives each item of a batch its result, in order, whatever is wrong with others")
def results(node: Node) -> None:
    _require_writing(node)
    good = _item(node)
    bad = [
        good | {"MD5": "fa4e"},
        good | {"MediaSize": 0},
        good | {"Scheme": "no-such"},
        good | {"Category": "no such"},
    ]
    told = _contribute(node, [*bad, good])["results"]
    _retracted(node, told[-1]["EntryID"])
    equal(
        [one.get("code", one["status"]) for one in told],
        ["bad-hash", "zero-length", "unknown-scheme", "unmapped-category", "created"],
        "The results of a batch",
    )


@check("2.4", "refuses opinions that are not signed")
def unsigned(node: Node) -> None:
    _require_writing(node)
    require_error(node.post(_address(node), {"items": [_item(node)]}).require(403))


def _require_writing(node: Node) -> None:
    node.need("contribute")
    if not node.may_write or not node.set().get("Contribute", True):
        raise NotApplicable("the set may not be written to (--write, and a set shared for contributing)")


def _link(node: Node) -> str:
    _require_writing(node)
    return str(node.pages(node.media(), prefer=f"{TRACK}10000")[-1]["@odata.deltaLink"])


def _address(node: Node) -> str:
    return f"HashSets({node.set()['SetID']})/Contribute"


def _item(node: Node) -> dict[str, Any]:
    """An entry with invented digests, under a category that the set has."""
    [one] = node.entries("$top=1")
    return {
        "MD5": "FA4E" + token_hex(14), "SHA1": "FA4E" + token_hex(18), "MediaSize": 1000, "MimeType": "image/png",
        "Scheme": node.set()["Scheme"], "Category": one["Category"], "Basis": "viewed",
    }  # fmt: skip


def _contribute(node: Node, items: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = node.post(_address(node), {"items": items}, sign=True).require(200).json()
    equal(len(told["results"]), len(items), "Results of a batch")
    return told


def _contributed(node: Node) -> str:
    [result] = _contribute(node, [_item(node)])["results"]
    equal(result["status"], "created", "The status of a new entry")
    return str(result["EntryID"])


def _retracted(node: Node, entry: str) -> None:
    node.post(f"Media({entry})/Retract", {}, sign=True).require(200)


def _delta(node: Node, link: str, **headers: str) -> list[dict[str, Any]]:
    told = [one for page in node.pages(link, **headers) for one in page["value"]]
    numbers = [one["Seq"] for one in told]
    equal(numbers, sorted(set(numbers)), "The numbers of a delta rise")
    return told
