"""PURE: one answer of an NCMEC-v2-shaped server, read with the hostile in mind (security.md 7.3: defusedxml only).

That entries are XML with `deletedImage` and `deletedVideo` as tombstones, a `next` link and opinions per fingerprint
kind is from sharing.md section 1. The names of the elements are those that the open client named in its section 8
reads; whatever has another name is passed over.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError  # only types: defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from hashsets.remotes.base import Opinion, Problem, RemoteRecord, Removed
from workbench.outbound_errors import AnswerHostile, AnswerTooLarge, AnswerUnreadable
from workbench.words import noop

RECORDS = {"image": "image", "video": "video"}
TOMBSTONES = {"deletedImage": "image", "deletedVideo": "video"}
KINDS = {"pdna": "photodna"}  # theirs -> ours; others are called alike
FEEDBACK = {"affirmativeFeedback": True, "negativeFeedback": False}
DEEPEST, MOST_ELEMENTS = 12, 500_000  # of one answer


@dataclass(slots=True)
class NcmecPage:
    """What one answer holds. `next`: the link to the following one, "" at the end."""

    records: list[RemoteRecord] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    next: str = ""


def read(body: bytes) -> NcmecPage:
    """Everything in the answer; a bad record becomes a problem. Raises AnswerUnreadable, -Hostile, -TooLarge."""
    page, root = NcmecPage(), ""
    for element in _elements(body):
        root = name = _name(element)
        if name in RECORDS or name in TOMBSTONES:
            _take(page, element, name)
            element.clear()
        elif name == "next":
            page.next = (element.text or "").strip()
    if root != "queryResult":
        raise AnswerUnreadable(noop("The answer is XML, but no list of entries."))
    return page


def _elements(body: bytes) -> Iterator[Element]:
    """Each element at its end, the whole one last."""
    depth = number = 0
    try:
        for event, element in iterparse(io.BytesIO(body), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            number += 1
            if depth > DEEPEST or number > 2 * MOST_ELEMENTS:
                raise AnswerTooLarge(noop("The answer holds more elements, or nests deeper, than any honest one."))
            if event == "end":
                yield element
    except DefusedXmlException as error:
        raise AnswerHostile from error
    except (ParseError, UnicodeError, ValueError, LookupError) as error:
        raise AnswerUnreadable(noop("The answer is no whole XML: %(error)s."), error=str(error)[:200]) from error


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return (child.text or "").strip() if child is not None else ""


def _take(page: NcmecPage, element: Element, name: str) -> None:
    """Add one entry or tombstone to the page, or why not."""
    own, member = _text(element, "id"), _child(element, "member")
    if not own or member is None or not member.get("id"):
        page.problems.append(Problem("not-a-record", own, f"{name} without id or member"))
        return
    key = f"{(RECORDS | TOMBSTONES)[name]}-{member.get('id')}-{own}"
    updated = _moment(_text(element, "timestamp"))
    if updated is None:
        page.problems.append(Problem("bad-date", key, _text(element, "timestamp")[:80]))
    if name in TOMBSTONES:
        page.removed.append(Removed(key, updated))
        return
    page.records.append(
        RemoteRecord(
            key=key,
            hashes=_hashes(_child(element, "fingerprints")),
            code=_text(element, "classification"),
            updated=updated,
            opinions=list(_opinions(_child(element, "feedback"))),
        )
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _hashes(fingerprints: Element | None) -> dict[str, str]:
    """By kind; large ones, which are only linked to, are left where they are (sharing.md section 2.10)."""
    found = {_kind(_name(each)): (each.text or "").strip() for each in ([] if fingerprints is None else fingerprints)}
    return {kind: text for kind, text in found.items() if text}


def _kind(name: str) -> str:
    return KINDS.get(name.lower(), name.lower())


def _opinions(feedback: Element | None) -> Iterator[Opinion]:
    """One for each member, kind and reason."""
    for said in [] if feedback is None else feedback:
        if _name(said) not in FEEDBACK or not said.get("type"):
            continue
        kind, positive, reason, named = _kind(said.get("type", "")), FEEDBACK[_name(said)], "", False
        for inner in said.iter():
            if _name(inner) == "reason":
                reason = inner.get("guid", "")
            elif _name(inner) == "member":
                named = True
                yield Opinion(kind, positive, inner.get("id", ""), reason)
        if not named:
            yield Opinion(kind, positive, "", reason)
