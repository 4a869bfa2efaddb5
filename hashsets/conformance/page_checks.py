"""Baseline, delta, filters and selections: what is read of a set. PURE."""

import hashlib
import tarfile
from io import BytesIO
from typing import Any

from hashsets.conformance.asking import Node
from hashsets.conformance.checking import NotApplicable, check, equal, require
from hashsets.conformance.service_checks import require_error

ALWAYS = {"EntryID", "Seq", "Trust"}
TRACK = "odata.track-changes, odata.maxpagesize="
MOST_FETCHED = 50_000_000  # bytes of a package that is fetched
MOST_READ = 20_000  # entries; a larger set is read in larger pages


@check("3.5", "gives the whole baseline page by page, each entry and number once, none beyond the snapshot")
def baseline(node: Node) -> None:
    head, pages = node.set()["HeadSeq"], _baseline(node)
    entries = [one for page in pages for one in page["value"]]
    names, numbers = [one["EntryID"] for one in entries], [one["Seq"] for one in entries]
    equal(len(set(names)), len(names), "Different entries among those of the pages")
    equal(len(set(numbers)), len(numbers), "Different numbers among those of the pages")
    equal(names, sorted(names), "The entries are in the order of EntryID")
    require(all(number > 0 for number in numbers), "A number is not above 0")
    if _head(node) == head:
        require(max(numbers) <= head, f"A number is above HeadSeq {head}")
        equal(len(names), node.set()["EntryCount"], "Entries of all pages, against EntryCount")


@check("3.5", "keeps a page within odata.maxpagesize, and ends with one deltaLink")
def page_size(node: Node) -> None:
    size, pages = _size(node), _baseline(node)
    require(all(len(page["value"]) <= size for page in pages), f"A page has more than {size} entries")
    require(all("@odata.deltaLink" not in page for page in pages[:-1]), "A page before the last has a deltaLink")
    require("@odata.deltaLink" in pages[-1], "The last page has no deltaLink, though changes were to be tracked")


@check("3.5", "gives the same baseline to whoever asks twice")
def same_again(node: Node) -> None:
    before = _head(node)
    one, other = ([entry for page in _baseline(node) for entry in page["value"]] for _ in range(2))
    if _head(node) != before:
        raise NotApplicable("the set changed meanwhile")
    equal(one == other, True, "Two baselines at one HeadSeq are the same")


@check("3.6", "has nothing new behind a fresh deltaLink, gives another link, and answers 304 to its ETag")
def empty_delta(node: Node) -> None:
    before, link = _head(node), _baseline(node)[-1]["@odata.deltaLink"]
    answer = node.get(link).require(200)
    if _head(node) != before:
        raise NotApplicable("the set changed meanwhile")
    equal(answer.json()["value"], [], "The delta of a set that did not change")
    require(answer.json().get("@odata.deltaLink"), "The last page of a delta has no deltaLink")
    node.get(link, if_none_match=answer.headers.get("etag", "")).require(304)


@check("3.6", "answers 410 with the address of a baseline where a delta cannot be told any more")
def gone(node: Node) -> None:
    if not node.old_delta:
        raise NotApplicable("no deltaLink from before the horizon was given (--old-delta-link)")
    answer = node.get(node.old_delta).require(410)
    require_error(answer)
    node.get(answer.headers["location"]).require(200)


@check("4.2", "filters by Trust and Category with eq, in and `and` as the entries say")
def filtering(node: Node) -> None:
    everything = [one for page in _baseline(node) for one in page["value"]]
    trust, code = everything[0]["Trust"], everything[0]["Category"]
    for text, holds in (
        (f"Trust eq '{trust}'", lambda one: one["Trust"] == trust),
        (f"Category in ('{code}','no such')", lambda one: one["Category"] == code),
        (f"Trust eq '{trust}' and Category eq '{code}'", lambda one: (one["Trust"], one["Category"]) == (trust, code)),
        ("Category eq 'no such'", lambda _one: False),
    ):
        found = _names(node.pages(f"{node.media()}?$filter={text}", prefer=f"odata.maxpagesize={_size(node)}"))
        equal(found, {one["EntryID"] for one in everything if holds(one)}, f"The entries of $filter={text}")


@check("4.2", "filters by Seq with gt and ge")
def ordered_filter(node: Node) -> None:
    everything = [one for page in _baseline(node) for one in page["value"]]
    middle = sorted(one["Seq"] for one in everything)[len(everything) // 2]
    for sign, least in (("ge", middle), ("gt", middle + 1)):
        found = _names(node.pages(f"{node.media()}?$filter=Seq {sign} {middle}"))
        equal(
            found, {one["EntryID"] for one in everything if one["Seq"] >= least}, f"The entries of Seq {sign} {middle}"
        )


@check("4.2", "selects properties, and always tells EntryID, Seq and Trust")
def selecting(node: Node) -> None:
    [one] = node.entries("$select=MD5&$top=1")
    equal(one.keys() | {"MD5"}, ALWAYS | {"MD5"}, "Properties of $select=MD5")
    require_error(node.get(f"{node.media()}?$select=NoSuch").require(400))


@check("4.2", "counts with $count=true, and stops at $top")
def counting(node: Node) -> None:
    equal(len(node.entries("$top=1")), 1, "Entries of $top=1")
    told = node.get(f"{node.media()}?$count=true&$top=1").require(200).json()
    if not told.get("@wb.countIsEstimate") and _head(node) == node.set()["HeadSeq"]:
        equal(told["@odata.count"], node.set()["EntryCount"], "@odata.count")


@check("3.7", "gives one entry by its id and by its hash as its page does")
def one_entry(node: Node) -> None:
    [entry] = node.entries("$top=1")
    told = node.get(f"Media({entry['EntryID']})").require(200).json()
    equal({name: told.get(name) for name in entry}, entry, "The entry by its id")
    algo = next(name for name in ("MD5", "SHA1", "SHA256") if entry.get(name))
    found = node.get(f"Media/ByHash(algo='{algo.lower()}',value='{entry[algo]}')").require(200).json()["value"]
    require(entry in found, "The entry is not among those of its hash")


@check("3.14", "lists the packages that were made for the caller")
def packages(node: Node) -> None:
    for one in node.get(f"HashSets({node.set()['SetID']})/Packages").require(200).json()["value"]:
        require(one.keys() >= {"From", "To", "Count", "Manifest"}, f"A package has only {sorted(one)}")
        require(0 <= one["From"] <= one["To"], "A package ends before it begins")


@check("3.15", "gives the bytes of a package, whole and in part, as its list says")
def package_file(node: Node) -> None:
    listed = node.get(f"HashSets({node.set()['SetID']})/Packages").require(200).json()["value"]
    kept = [one for one in listed if one.get("File") and one["Bytes"] <= MOST_FETCHED]
    if not kept:
        raise NotApplicable("no package that was made for this credential is kept there")
    whole = node.get(kept[-1]["File"]).require(200)
    equal(len(whole.body), kept[-1]["Bytes"], "Bytes of the package")
    with tarfile.open(fileobj=BytesIO(whole.body)) as tar:
        first = tar.next()
        told = tar.extractfile(first) if first else None
        equal(hashlib.sha256(told.read() if told else b"").hexdigest(), kept[-1]["Manifest"], "SHA-256 of its manifest")
    part = node.get(kept[-1]["File"], range="bytes=100-199", if_range=whole.headers.get("etag", ""))
    equal(part.body, whole.body if part.status == 200 else whole.body[100:200], "The bytes 100 to 199")


def _baseline(node: Node) -> list[dict[str, Any]]:
    return node.pages(node.media(), prefer=f"{TRACK}{_size(node)}")


def _size(node: Node) -> int:
    """A page size that makes at least three pages of a small set."""
    entries = int(node.set()["EntryCount"])
    return 10_000 if entries > MOST_READ else max(1, entries // 3)


def _head(node: Node) -> int:
    """HeadSeq now."""
    return int(node.get(f"HashSets({node.set()['SetID']})").require(200).json()["HeadSeq"])


def _names(pages: list[dict[str, Any]]) -> set[str]:
    return {one["EntryID"] for page in pages for one in page["value"]}
