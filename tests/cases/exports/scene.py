"""A case worth exporting: two exhibits, copies, decisions of two people, a set that knows some."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from cases import decisions, exports, matching, standing, states
from cases.exports import Options
from cases.models import Act, Case, Content, Export
from cases.moments import Moment
from cases.standing import Planned
from hashsets import scheme_tables
from hashsets.entries import NewEntry
from hashsets.models import HashSet
from tests import factories
from tests.hashsets import makers
from tests.people import People
from workbench import audit
from workbench.models import User


def made(people: People) -> Case:
    """Four pictures and a clip on two exhibits; one picture lies on both; nothing decided."""
    case = factories.case(people.investigator, people.exporter, number="26-0312")
    (settings.DATA_DIR / "evidence" / str(people.north.public_id)).mkdir(parents=True, exist_ok=True)  # an empty store
    one, two = factories.exhibit(case, "NM-2"), factories.exhibit(case, "NM-10")
    for text, name in (("lake", "DCIM/lake.jpg"), ("ridge", "DCIM/ridge.jpg"), ("dune", "DCIM/dune.jpg")):
        factories.item(one, text, name)
    factories.item(two, "lake", "copy of lake.jpg")
    factories.item(two, "clip", "clip.mp4", Content.Kind.VIDEO)
    factories.rejected(two, "broken.jpg")
    return case


def content(case: Case, text: str) -> Content:
    """The content that `made` wrote for a word."""
    return factories.content(case.agency, text)


def decide(case: Case, text: str, code: str, by: User, *, viewed: bool = True) -> None:
    """One decision, as the command makes it."""
    decide_content(case, content(case, text), code, by, viewed=viewed)


def decide_content(case: Case, held: Content, code: str, by: User, *, viewed: bool = True) -> None:
    """The same for a content at hand."""
    decisions.decide_content(case=case, content=held, code=code, by=by, via="test", reason="", viewed=viewed)


def supersede(case: Case, held: Content, code: str, by: User) -> None:
    """A later decision takes the place of the one that stands."""
    decisions.decide_content(case=case, content=held, code=code, by=by, via="test", reason="seen again", viewed=True)


@transaction.atomic
def decide_on(case: Case, text: str, code: str, by: User, moment: Moment) -> None:
    """A decision on a film that rests on a moment of it, as a key writes it."""
    held = content(case, text)
    act = Act.objects.create(user=by, idempotency_key=uuid4(), kind="decide", case=case, via="key", code=code)
    with states.settling([held.pk]):
        written = standing.write([Planned(act.pk, held.pk, code, moment=moment)], case=case, by=by, viewed=True)
        facts = [standing.event(row, case) for row in written]
    audit.record_all(facts, by=by, agency=case.agency_id)


@transaction.atomic
def take_back(case: Case, text: str, by: User) -> None:
    """The decision is undone; nobody's stands."""
    held = content(case, text)
    with states.changing([held.pk]):
        act = Act.objects.create(user=by, idempotency_key=uuid4(), kind="undo", case=case, via="test")
        written = standing.write([Planned(act.pk, held.pk, None)], case=case, by=by)
    audit.record_all([standing.event(row, case) for row in written], by=by)


def known(case: Case, text: str, code: str, by: User, scheme: str = "landscapes-t1") -> HashSet:
    """A set of the agency knows one content and closes it."""
    return known_content(case, content(case, text), code, by, scheme)


def known_content(case: Case, held: Content, code: str, by: User, scheme: str = "") -> HashSet:
    """The same for a content at hand; in the case's scheme unless another is named."""
    of_scheme = scheme_tables.latest(scheme or case.scheme.scheme_id)
    hash_set = HashSet.objects.create(owner=case.agency, name="Reference", role="relevant", scheme=of_scheme)
    entry = NewEntry(bytes(held.sha256), bytes(held.md5), bytes(held.sha1), held.size, code)
    makers.publish(hash_set, entry, by=by)
    matching.rematch(case.agency_id, hash_set.pk)
    return hash_set


def build(case: Case, by: User, product: str = "vics", **options: Any) -> Export:
    """Build it as the page does."""
    return exports.build(case=case, product=exports.product(product), by=by, options=Options(**options))


def members(export: Export) -> dict[str, bytes]:
    """Everything in the package."""
    with zipfile.ZipFile(exports.stored(export)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def document(export: Export) -> Any:
    """The VICS document, decoded."""
    return json.loads(members(export)["case.json"])


def media(export: Export) -> list[dict[str, Any]]:
    """The records of all cases of the document."""
    return [record for case in document(export)["value"] for record in case["Media"]]


@contextmanager
def forgotten() -> Iterator[None]:
    """What is built inside leaves neither row nor event, so that the next building starts from the same state."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
