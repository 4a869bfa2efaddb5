"""Makes rows for tests: agencies, people, cases with evidence. Pictures here are only numbers.

Rows are written as the product leaves them, inside `states.changing`, so every invariant holds afterwards.
"""

import hashlib
from datetime import timedelta
from itertools import count

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cases import events, matching, states
from cases.models import (
    Case,
    CaseMember,
    Content,
    Exhibit,
    Export,
    FileInstance,
    Item,
    ResumableUpload,
    SecondShare,
    Stack,
)
from hashsets import scheme_drafts, scheme_tables
from hashsets.models import HashSet, Scheme, SchemeDraft
from workbench import audit, tokens
from workbench import people as domain
from workbench.models import Agency, ApiToken, Membership, Role, User

_numbers = count(1)


def agency(slug: str = "") -> Agency:
    """An agency with an empty log of its own, which asks for no second views."""
    slug = slug or f"agency-{next(_numbers)}"
    return no_second_views(domain.add_agency(slug=slug, name=slug.title()))


def no_second_views(of: Agency, scheme: str = "landscapes-t1") -> Agency:
    """An agency that publishes what two people agreed to publish, for tests of everything else."""
    codes = ["", *scheme_tables.latest(scheme).categories.values_list("code", flat=True)]
    asked = [SecondShare(agency=of, scheme_id=scheme, code=code, percent=0) for code in codes]
    SecondShare.objects.bulk_create(asked)
    return of


def person(of: Agency, username: str = "", *roles: Role, password: str | None = None) -> User:
    """A person with roles; an investigator by default."""
    username = username or f"person-{next(_numbers)}"
    return domain.add_person(
        username=username, name=username.title(), agency=of, roles=set(roles or {Role.INVESTIGATOR}), password=password
    )


@transaction.atomic
def persons(of: Agency, **roles: tuple[Role, ...]) -> dict[str, User]:
    """Several people by name, as `person` makes each, in few statements: half of all tests begin with them."""
    made = [User(username=name, name=name.title(), agency=of) for name in roles]
    for user in made:
        user.set_unusable_password()
    User.objects.bulk_create(made)
    memberships = [
        Membership(user=user, agency=of, role=role) for user in made for role in sorted(roles[user.username])
    ]
    Membership.objects.bulk_create(memberships)
    events = [domain.added(user, [row for row in memberships if row.user == user]) for user in made]
    audit.record_all([event for each in events for event in each], by=None, agency=of)
    return {user.username: user for user in made}


def token(of: User, scope: str = "write") -> str:
    """The text of a token of the person's, used today already, so that the next call writes nothing of itself."""
    made, text = tokens.make(name="a script", days=1, scope=scope, by=of)
    ApiToken.objects.filter(pk=made.pk).update(used_on=timezone.now().date())
    return text


@transaction.atomic
def case(lead: User, *team: User, number: str = "", scheme: str = "landscapes-t1") -> Case:
    """An open case of the lead's agency."""
    made = Case.objects.create(
        agency=lead.agency,
        number=number or f"N-{next(_numbers)}",
        name="Harbour lights",
        scheme=scheme_tables.latest(scheme),
        lead=lead,
    )
    CaseMember.objects.bulk_create(CaseMember(case=made, user=user) for user in (lead, *team))
    audit.record(events.CASE_CREATED, by=lead, on=made, case=made.public_id, number=made.number)
    return made


def exhibit(of: Case, ref: str = "") -> Exhibit:
    """A device in a case, its ingest finished."""
    return Exhibit.objects.create(
        case=of,
        ref=ref or f"X-{next(_numbers)}",
        reader="folder",
        source=b"/evidence",
        state=Exhibit.State.DONE,
        added_by=of.lead,
    )


def upload(of: Exhibit, name: str = "film.mp4", size: int = 100) -> ResumableUpload:
    """A file of which nothing has come yet."""
    raw = name.encode()
    key, expires = hashlib.sha256(raw).digest(), timezone.now() + timedelta(hours=1)
    return ResumableUpload.objects.create(exhibit=of, name_key=key, raw_path=raw, size=size, expires_at=expires)


@transaction.atomic
def content(of: Agency, text: str = "", kind: str = Content.Kind.STILL) -> Content:
    """Unique bytes with their real digests and a veil; the same text is the same content."""
    data = (text or f"picture {next(_numbers)}").encode()
    found, _made = Content.objects.get_or_create(
        agency=of,
        sha256=hashlib.sha256(data).digest(),
        defaults={
            "md5": hashlib.md5(data).digest(),
            "sha1": hashlib.sha1(data).digest(),
            "size": len(data),
            "mime": "image/jpeg",
            "kind": kind,
            "preview": Content.PreviewState.MADE,
            "veil": b"RIFF\x00\x00\x00\x00WEBP",
            "width": 640,
            "height": 480,
        },
    )
    return found


@transaction.atomic
def item(of: Exhibit, text: str = "", name: str = "", kind: str = Content.Kind.STILL) -> Item:
    """A file of the exhibit with its item in a stack of its own, matched and counted as the ingest does."""
    held = content(of.case.agency, text, kind)
    with states.changing([held.pk]):
        file(of, held, name or f"DCIM/IMG_{next(_numbers)}.jpg")
        found = Item.objects.filter(case=of.case, content=held).first()
        if found is None:
            stack = Stack.objects.create(case=of.case, sort_key=f"{next(_numbers):08}")
            found = Item.objects.create(case=of.case, content=held, stack=stack)
            Stack.objects.filter(pk=stack.pk).update(cover=found)
        matching.match(of.case.agency_id, [held.pk])
    found.refresh_from_db()
    return found


def items(of: Exhibit, number: int) -> list[Item]:
    """Several different pictures."""
    return [item(of) for _ in range(number)]


def file(of: Exhibit, held: Content, name: str) -> FileInstance:
    """One line of the ledger, with the exhibit's counters moved."""
    raw = name.encode()
    Exhibit.objects.filter(pk=of.pk).update(seen=F("seen") + 1, accepted=F("accepted") + 1)
    return FileInstance.objects.create(
        exhibit=of,
        name_key=hashlib.sha256(raw).digest(),
        raw_path=raw,
        size=held.size,
        state=FileInstance.State.ACCEPTED,
        content=held,
    )


@transaction.atomic
def rejected(of: Exhibit, name: str, reason: str = "unreadable") -> FileInstance:
    """A file that could not be read."""
    raw = name.encode()
    counters = {"seen": F("seen") + 1, "rejected": F("rejected") + 1, "problems": F("problems") + 1}
    Exhibit.objects.filter(pk=of.pk).update(**counters)
    return FileInstance.objects.create(
        exhibit=of,
        name_key=hashlib.sha256(raw).digest(),
        raw_path=raw,
        state=FileInstance.State.REJECTED,
        reason=reason,
    )


def scheme_draft(by: User, slug: str) -> SchemeDraft:
    """A draft of the person's agency, with the categories of the demo's scheme."""
    return scheme_drafts.begin(name=slug.title(), slug=slug, like=scheme_tables.latest("landscapes-t1"), by=by)


def own_scheme(first: User, second: User, slug: str) -> Scheme:
    """A scheme of an agency that two of its people put in force."""
    return scheme_drafts.approve(scheme_draft(first, slug), seen=1, by=second)


def publishing_set(of: Agency, scheme: str = "landscapes-t1") -> HashSet:
    """The set that receives the agency's approved decisions, as the first case makes it."""
    found, _made = HashSet.objects.get_or_create(
        owner=of,
        scheme=scheme_tables.latest(scheme),
        receives_offers=True,
        defaults={
            "name": f"{of.name}, decided",
            "role": HashSet.SetRole.RELEVANT,
            "reach": HashSet.Reach.NODE,
            "trust": "provisional",
        },
    )
    return found


def hash_set(of: Agency, name: str = "", reach: str = HashSet.Reach.AGENCY) -> HashSet:
    """An empty set of an agency."""
    return HashSet.objects.create(
        owner=of,
        name=name or f"set {next(_numbers)}",
        role=HashSet.SetRole.RELEVANT,
        reach=reach,
        scheme=scheme_tables.latest("landscapes-t1"),
    )


@transaction.atomic
def export(of: Case, by: User) -> Export:
    """The row of a finished export."""
    made = Export.objects.create(
        case=of,
        product="schedule",
        state_digest=bytes(32),
        as_of=1,
        file_name="schedule.zip",
        sha256=hashlib.sha256(b"schedule").digest(),
        size=8,
        by=by,
        by_name=by.name,
    )
    audit.record(events.EXPORTED, by=by, on=made, case=of.public_id)
    return made
