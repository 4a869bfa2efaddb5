"""The demo's agencies, people, hash set, policy and cases. Every step is left alone where it was done before."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.utils import timezone
from django.utils.text import slugify

from cases import evidence, investigations, matching, tasks
from cases.demo.corpus import LAPTOP, PHONE, TABLET, Corpus
from cases.ingest import holding, pipeline
from cases.models import Case, Exhibit
from hashsets import import_runs, policies, scheme_tables, sets
from hashsets.importing import Part
from hashsets.models import HashSet, Policy
from workbench import people
from workbench.models import Agency, Role, User

SCHEME = "landscapes-t1"
REFERENCE = "Reference landscapes"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that looks like another
FIRST, SECOND = "Northmoor", "Southmoor"
PEOPLE = {
    "dana": ("Dana Kestrel", "northmoor", {Role.INVESTIGATOR}),
    "noor": ("Noor Plover", "northmoor", {Role.INVESTIGATOR}),  # gives second views
    "sam": ("Sam Osprey", "northmoor", {Role.SUPERVISOR, Role.EXPORTER}),
    "morgan": ("Morgan Tern", "northmoor", {Role.SUPERVISOR}),  # the second person, where it takes two
    "alex": ("Alex Wren", "northmoor", {Role.AUDITOR}),
    "robin": ("Robin Heron", "southmoor", {Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER}),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A case of the demo: who opens it, who is on the team, which folders are its exhibits."""

    number: str
    name: str
    lead: str
    team: tuple[str, ...]
    exhibits: dict[str, tuple[str, str]]  # reference: folder, description


CASES = (
    Plan(
        "NM-2026-0417",
        "Harbour lights",
        "dana",
        ("noor", "sam"),
        {"NM-01": (PHONE, "Phone, worn memory card"), "NM-02": (LAPTOP, "Laptop, user folder")},
    ),
    Plan("SM-2026-0098", "Ridge walk", "robin", (), {"SM-01": (TABLET, "Tablet, gallery")}),
)
Told = Callable[[Exhibit], None]


@dataclass(slots=True)
class World:
    """The people of the demo, and the passwords of those who were made just now."""

    people: dict[str, User]
    passwords: dict[str, str] = field(default_factory=dict)


def settle(by: User, first: str = FIRST) -> World:
    """Agencies and people; `first` is what the first agency is called, when it is made.

    Passwords are random, returned once, and kept nowhere but as hashes.
    """
    homes = {"northmoor": _first(first, by), "southmoor": _agency(SECOND, by)}
    world = World({})
    for username, (name, home, roles) in PEOPLE.items():
        found = User.objects.filter(username=username, agency=homes[home]).select_related("agency").first()
        if found is None:
            world.passwords[username] = _password()
            found = people.add_person(
                username=username,
                name=name,
                agency=homes[home],
                roles=roles,
                by=by,
                password=world.passwords[username],
            )
        world.people[username] = found
    return world


def _first(name: str, by: User) -> Agency:
    """Where Sam works; so that a node whose first agency has another name keeps it."""
    sam = User.objects.filter(username="sam").select_related("agency").first()
    return sam.agency if sam else _agency(name, by)


def _agency(name: str, by: User) -> Agency:
    slug = slugify(name)
    return Agency.objects.filter(slug=slug).first() or people.add_agency(slug=slug, name=name, by=by)


def _password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))


def load_reference(world: World, list_file: Path) -> HashSet:
    """The set that knows a third of the pictures; trusted, because its owner vouches for it."""
    sam = world.people["sam"]
    found = HashSet.objects.filter(owner=sam.agency, name=REFERENCE).first() or sets.create(
        name=REFERENCE,
        role=HashSet.SetRole.RELEVANT,
        scheme=scheme_tables.latest(SCHEME),
        owner=sam.agency,
        by=sam,
    )
    if not found.generation:
        import_runs.run_here(found, [Part(list_file, list_file.name)], by=sam, dry_run=False)
    return found


def open_case(world: World, plan: Plan) -> Case:
    """A case with its team."""
    lead = world.people[plan.lead]
    found: Case | None = Case.objects.filter(agency=lead.agency, number=plan.number).first()
    return found or investigations.create(
        number=plan.number,
        name=plan.name,
        scheme_id=SCHEME,
        by=lead,
        team=[world.people[name] for name in plan.team],
        due=(timezone.now() + timedelta(days=21)).date(),
    )


def trust_each_other(world: World) -> None:
    """The second agency accepts what the first one publishes, from provisional on."""
    robin, given = world.people["robin"], world.people["sam"].agency
    for shared in HashSet.objects.filter(owner=given, receives_offers=True, reach=HashSet.Reach.NODE):
        if not Policy.objects.filter(agency=robin.agency, set=shared).exists():
            policies.set_policy(
                shared, agency=robin.agency, action=Policy.Action.ACCEPT, min_trust="provisional", by=robin
            )


def catch_up() -> None:
    """Match what is here against the sets and policies in force."""
    for agency, hash_set in matching.behind():
        matching.rematch(agency, hash_set)


def add_evidence(world: World, plan: Plan, case: Case, corpus: Corpus, tell: Told) -> None:
    """Take the case's folders in through the product's own ingest, beside any workers that run."""
    waiting = []
    for ref, (folder, description) in plan.exhibits.items():
        held = Exhibit.objects.filter(case=case, ref=ref).first()
        if held is None:
            held = evidence.add_exhibit(
                case=case,
                ref=ref,
                reader_id="folder",
                source=os.fsencode(corpus.folders[folder]),
                by=world.people[plan.lead],
                description=description,
            )
        if held.state in holding.AT_WORK:
            tasks.wake(held.pk)
            waiting.append(held)
    for exhibit in waiting:
        pipeline.drain(exhibit.pk, tell)
