"""Every route against every role and method, from the URLconf (security.md section 5.1-5.3)."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django.plugin import DjangoDbBlocker

from cases import case_list, decisions, ending, review
from cases.care import rules
from cases.models import Case, Disagreement, Exhibit, Keyframe, SecondShare, SecondView
from cases.queue import saved
from cases.queue.picking import Asked
from cases.second import acts as second_acts
from cases.second import queue
from cases.units import Wish
from hashsets import list_uploads
from hashsets.models import Entry, Quarantined, Remote
from hashsets.packages import jobs as package_jobs
from hashsets.packages import making
from hashsets.packages import uploads as package_uploads
from hashsets.peers import pairing, sharing, terms
from hashsets.peers.node import Offered
from tests import access_table, factories
from tests.access_table import EVERYBODY, METHODS, ROUTES, SUPERVISOR, Route
from tests.damage import rolled_back
from tests.hashsets import makers
from tests.people import People, everybody, signed_in
from workbench import people as domain
from workbench import signing, tokens
from workbench.models import AuditEvent, Job, User

KEPT_APART = ("workbench_auditevent", "workbench_auditlog", "django_session", "axes_accessattempt", "axes_accesslog")
REFUSALS = {401, 403, 404, 405, 500}  # 503: the picture is being made
TEAM_MATE = frozenset({"investigator"})
EVERY_ROLE = frozenset({"investigator", "supervisor", "exporter", "auditor"})


@dataclass(frozen=True, slots=True)
class World:
    """One case of one agency with one of everything, whose whole agency is on the team; a stranger is not."""

    people: People
    case: Case
    stranger: User
    ids: dict[str, Any]
    tokens: dict[str, str]  # by name of the person
    sessions: dict[str, str]  # their cookies, by name: signing in anew for each question takes as long as the answer
    undecided: str  # SHA-256 of a content of the case

    def client(self, name: str | None, route: Route) -> Client:
        """A browser's session of that person or, where the route wants one, a script with the person's token."""
        if route.by_token and name:
            return Client(headers={"host": "localhost", "authorization": f"Bearer {self.tokens[name]}"})
        client = signed_in(None)
        if name:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[name]
        return client

    def actor(self, name: str | None) -> User | None:
        """The person of that name; None is nobody."""
        return self.stranger if name == "stranger" else getattr(self.people, name) if name else None


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world, built once; every request happens in a savepoint of its own."""
    with django_db_blocker.unblock(), rolled_back():
        yield build()


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """The world, whole again for the next test."""
    with rolled_back():
        yield built


def build() -> World:
    """One of everything."""
    people = everybody()
    team = (people.colleague, people.supervisor, people.exporter, people.auditor, people.welfare, people.admin)
    case = factories.case(people.investigator, *team)
    exhibit = factories.exhibit(case)
    first, *_, last = factories.items(exhibit, 3)
    hash_set = factories.hash_set(people.north)
    row = makers.stored(hash_set, people.supervisor)
    run = Job.objects.create(
        kind="import",
        subject=str(hash_set.public_id),
        state=Job.State.DONE,
        cursor={"files": ["a.csv"], "by_name": "", "dry_run": True},
    )
    batch = review.claim(case=case, by=people.investigator)
    decisions.decide_content(
        case=case, content=first.content, code="1", by=people.investigator, via="test", viewed=True
    )
    view, disagreement = second_views(people, case, exhibit)
    factories.own_scheme(people.investigator, people.supervisor, "own")
    Keyframe.objects.create(content=first.content, number=0, at_ms=0, veil=b"RIFF", offset=0, length=4)
    rules.share(by=people.colleague, on=True)
    ids = {
        "case": case.public_id,
        "exhibit": exhibit.public_id,
        "item": first.public_id,
        "stack": first.stack.public_id,
        "batch": batch.public_id,
        "view": view.public_id,
        "disagreement": disagreement.public_id,
        "kept": saved.save(Asked(case, people.investigator), name="all", shared=True).public_id,
        "cases_kept": case_list.keep(case_list.Asked(mine=True), name="led", by=people.investigator).public_id,
        "export": factories.export(case, people.exporter).public_id,
        "set": hash_set.public_id,
        "entry": Entry.objects.get(set=hash_set, id=row).public_id,
        "row": row,
        "run": run.public_id,
        "draft": factories.scheme_draft(people.investigator, "other").public_id,
        "upload": factories.upload(exhibit).public_id,
        "list_upload": list_uploads.begin(hash_set, by=people.supervisor, name=b"a.csv", size=9).public_id,
        "person": people.colleague.public_id,
        "token": domain.make_link(people.welfare).rstrip("/").rsplit("/", 1)[-1],
        "api_token": tokens.make(name="mine", days=1, scope="read", by=people.investigator)[0].public_id,
    }
    ids |= exchanged(people)
    stranger = factories.person(people.north, "stranger")  # of the agency, an investigator, not on the team
    by_name = {name: getattr(people, name) for name in (*EVERYBODY, "colleague", "outsider")} | {"stranger": stranger}
    held = {name: factories.token(person) for name, person in by_name.items()}
    sessions = {name: signed_in(by_name[name]).cookies[settings.SESSION_COOKIE_NAME].value for name in by_name}
    return World(people, case, stranger, ids, held, sessions, bytes(last.content.sha256).hex())


def exchanged(people: People) -> dict[str, Any]:
    """A peer that reads a set of ours and of which one is read here, and what came of that."""
    ours = makers.hash_set(people.supervisor, "Exchanged", scheme="us-pvic")
    makers.publish(ours, makers.picture("exchanged"), by=people.supervisor)
    peer = pairing.propose(organisation=uuid4(), name="Far", key=bytes(32), url="", by=people.supervisor)
    pairing.confirm(peer=peer, fingerprint=signing.fingerprint(bytes(32)), by=people.admin)
    peer.refresh_from_db()
    share = sharing.confirm(share=sharing.share(peer=peer, hash_set=ours, by=people.supervisor), by=people.admin)
    offered = Offered(set_id=uuid4(), name="Far away", kind="relevant", scheme="us-pvic")
    subscription = terms.subscribe(peer=peer, offered=offered, by=people.supervisor)
    record = Quarantined.objects.create(subscription=subscription, reason="no digest", record="{}")
    followed = makers.hash_set(people.supervisor, "Followed", scheme="us-pvic")
    link = "https://bank.example.org/v1"
    source = Remote.objects.create(set=followed, kind="ncmec2", place=link, by=people.supervisor, by_name="x")
    with TemporaryDirectory() as folder:
        package = making.make(ours, peer, target=Path(folder), by=people.supervisor)
    assert package
    return {
        "package": package.package.public_id,
        "package_upload": package_uploads.begin(by=people.supervisor, name=b"a.tar", size=9).public_id,
        "package_run": package_jobs.order(share, by=people.supervisor).public_id,
        "peer": peer.public_id, "share": share.public_id, "subscription": subscription.public_id,
        "record": record.public_id, "source": source.public_id,
    }  # fmt: skip


def second_views(people: People, case: Case, exhibit: Exhibit) -> tuple[SecondView, Disagreement]:
    """One that the investigator holds, and one of his that differed from the colleague's decision."""
    SecondShare.objects.filter(agency=people.north).delete()
    for found in factories.items(exhibit, 2):
        decisions.decide_content(case=case, content=found.content, code="1", by=people.colleague, via="test")
    given = queue.claim(case=case, by=people.investigator)
    unit = queue.units(given)[0]
    other = Wish(uuid4(), "decide", UUID(unit["id"]), unit["version"], "2")
    second_acts.act(batch=given, by=people.investigator, wishes=[other])
    ending.close(batch=given, by=people.investigator)
    held = queue.claim(case=case, by=people.investigator)
    return held.second_views.get(), Disagreement.objects.get()


def routes() -> dict[str, URLPattern]:
    """Every named route of the product."""
    found: dict[str, URLPattern] = {}

    def walk(resolver: URLResolver, space: str) -> None:
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                walk(one, one.namespace or space)
            else:
                found[f"{space}:{one.name}"] = one

    walk(get_resolver(), "")
    return found


def test_every_route_is_in_the_table_and_the_table_has_no_other() -> None:
    assert set(routes()) == set(access_table.BY_NAME)


FIXED: dict[str, Any] = {
    "act": "pause",
    "number": 0,
    "kind": "csv",
    "scheme_id": "us-pvic",
    "version": 1,
    "old": 1,
    "new": 1,
    "name": "queues",
    "parameters": "algo='md5',value='00'",
    "algo": "md5",
    "prefix": "00000",
    "rest": "nowhere",
}  # parts of an address that are no ids


def address(route: Route, ids: dict[str, Any]) -> str:
    """The path of a route for these things."""
    names = routes()[route.name].pattern.converters
    values = {name: FIXED[name] if name in FIXED else ids[name.removesuffix("_id")] for name in names}
    path = reverse(route.name, kwargs=values)
    return f"{path}?{route.query}" if route.query else path


def asked(client: Client, method: str, path: str, route: Route, body: dict[str, Any] | None = None) -> HttpResponseBase:
    """One request, as a page or its script sends it."""
    if method == "POST" and path.startswith("/api/"):
        sent = json.dumps(body or {"acts": [], "on_screen_ms": 0, "viewings": []})
        return client.post(path, sent, content_type="application/json", secure=True, headers=route.headers)
    if method == "POST":
        return client.post(path, body or {}, secure=True, headers=route.headers)
    return client.generic(method, path, secure=True, headers=route.headers)


def expected(route: Route, method: str, actor: str | None) -> str:
    """The answer that is right: `ok`, or a refusal by its number."""
    roles = route.may(method)
    if route.name == "workbench:signout" and roles:
        return "sign-in"
    if route.by_peer or (actor is None and not route.without_sign_in):
        return "401" if address_is_api(route) else "sign-in"
    if not roles:
        return "405"
    if actor is None:
        return "ok"
    if not reaches(route, actor):
        return "404"
    return "ok" if held(actor) & roles else "403"


def reaches(route: Route, actor: str) -> bool:
    """Whether what the route's id belongs to exists for this person."""
    if route.owner:
        return actor == "investigator"
    if route.of in {"set", "run", "draft", "list_upload", "person", "peer", "source", "package_run", "package_upload"}:
        return actor != "outsider"
    return route.of in {"", "token"} or actor not in {"outsider", "stranger"}


def actors(route: Route, method: str) -> list[str | None]:
    """Whom to ask: every role, nobody, and where the route is about a thing, those who cannot reach it.

    Of a method that hardly any route has, one person is asked where it does not exist.
    """
    if (route.by_peer or method in {"PATCH", "DELETE"}) and not route.may(method):
        return [SUPERVISOR]
    others = ["outsider", "stranger"] if route.of else []
    return [*sorted(EVERYBODY), *others, *(["colleague"] if route.owner else []), None]


def body_of(route: Route, world: World) -> dict[str, Any]:
    """A body that the route understands; `user` is somebody who is not on the team, `sha256` not decided."""
    body = dict(route.body or {})
    known = {"user": str(world.stranger.public_id), "sha256": world.undecided}
    return body | {name: value for name, value in known.items() if name in body}


def held(actor: str) -> frozenset[str]:
    """The roles of a person."""
    others = {"colleague": TEAM_MATE, "stranger": TEAM_MATE, "outsider": EVERY_ROLE}
    return others.get(actor, frozenset({actor}))


def address_is_api(route: Route) -> bool:
    """Whether the route answers scripts: refusals are JSON there."""
    return route.name.startswith(("cases:api_", "cases:media_", "api:", "odata:"))


def got(answer: HttpResponseBase, route: Route) -> str:
    """What an answer amounts to."""
    if answer.status_code == 302 and answer.headers["Location"] == reverse(settings.LOGIN_URL):
        return "sign-in"
    if address_is_api(route) and answer.status_code == 404 and answer.content:  # type: ignore[attr-defined]
        code = json.loads(answer.content)["error"]["code"]  # type: ignore[attr-defined]
        return "404" if code == "not-found" else "ok"
    return str(answer.status_code) if answer.status_code in REFUSALS else "ok"


def writes() -> list[tuple[Any, ...]]:
    """How many rows this transaction wrote so far by table, but the log's and the sessions'; undone ones count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND NOT relname = ANY(%s) ORDER BY relname",
            [list(KEPT_APART)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def state() -> str:
    """A digest of every row but the log's and the sessions'; slow, so it is asked only where something was written."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in KEPT_APART]
        parts = " UNION ALL ".join(
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
            for name in tables
        )
        cursor.execute(parts)
        return hashlib.sha256(repr(sorted(cursor.fetchall())).encode()).hexdigest()


CALLS = [(route, method) for route in ROUTES for method in METHODS if method != "HEAD" or route.head]


@pytest.mark.parametrize(("route", "method"), CALLS, ids=[f"{method}-{route.name}" for route, method in CALLS])
def test_of_a_route_each_role_gets_what_the_table_says(world: World, route: Route, method: str) -> None:
    path, wrong = address(route, world.ids), []
    for actor in actors(route, method):
        with rolled_back():
            client = world.client(actor, route)
            right = expected(route, method, actor)
            with rolled_back():
                written = writes()
                answer = asked(client, method, path, route, body_of(route, world))
                if answer.streaming:
                    list(answer)  # read to its end, so that its file is closed
                after = state() if right != "ok" and writes() != written else None
            if got(answer, route) != right:
                wrong.append(f"{actor}: {answer.status_code}, not {right}")
            if after and after != state():
                wrong.append(f"{actor}: was refused and still changed something")
    assert wrong == []


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.of not in {"", "token"}], ids=lambda route: route.name
)
def test_of_a_thing_that_is_not_there_the_answer_is_that_of_a_foreign_one(world: World, route: Route) -> None:
    missing = address(route, dict.fromkeys(world.ids, uuid4()) | {"row": world.ids["row"]})
    foreign = address(route, world.ids)
    client = world.client("outsider", route)
    first, second = (asked(client, route.method, path, route, route.body) for path in (missing, foreign))
    assert first.status_code == second.status_code == 404
    assert first.headers["Content-Type"] == second.headers["Content-Type"]


def test_of_a_denial_an_event_is_kept(world: World) -> None:
    signed_in(world.people.auditor).post(reverse("cases:close", args=[world.ids["case"]]), secure=True)
    event = AuditEvent.objects.filter(log__agency=world.people.north).order_by("-seq")[0]
    told = json.loads(event.body)
    assert (event.verb, event.actor, told["details"]["route"]) == ("access.denied", "auditor", "cases:close")


def test_of_a_right_that_is_withdrawn_the_next_request_knows(world: World) -> None:
    client = signed_in(world.people.supervisor)
    page = reverse("workbench:audit")
    assert client.get(page, secure=True).status_code == 200
    world.people.supervisor.memberships.all().delete()
    assert client.get(page, secure=True).status_code == 403
    User.objects.filter(pk=world.people.supervisor.pk).update(is_active=False)
    assert client.get(page, secure=True).status_code == 302
