"""Every call of the contract: works, not shared, scope missing, no token, bad id, wrong method, event."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from hashsets.models import Entry, HashSet, Peer, Share, Vote
from hashsets.odata.urls import urlpatterns
from hashsets.packages import making
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.odata.partner import Script, item
from tests.people import People
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db
OPEN = {"token", "node", "openapi"}  # answer anybody, have tests of their own
NOWHERE = {"nothing", "all_media"}  # no part of the subset


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `{set}` and `{entry}` stand for the shared ones. `event`: what the log then says last."""

    name: str
    path: str
    scope: str = "read"
    body: Any = None
    event: str = ""
    status: int = 200

    @property
    def of_a_thing(self) -> bool:
        return "{" in self.path


CALLS = [
    Call("service", ""),
    Call("metadata", "$metadata"),
    Call("sets", "HashSets"),
    Call("set", "HashSets({set})"),
    Call("set_media", "HashSets({set})/Media", event="peer.export"),
    Call("export", "HashSets({set})/Export?format=csv", event="peer.export"),
    Call("packages", "HashSets({set})/Packages"),
    Call("package", "HashSets({set})/Packages({package})/$value", event="peer.export"),
    Call("filter", "HashSets({set})/Filter?kind=md5", scope="lookup", event="peer.export"),
    Call("contribute", "HashSets({set})/Contribute", scope="contribute", event="peer.contribute",
         body={"items": [item(makers.picture("call"))]}),
    Call("entry", "Media({entry})"),
    Call("vote", "Media({entry})/Vote", scope="vote", event="peer.contribute",
         body={"Category": "1", "Basis": "viewed"}),
    Call("retract", "Media({entry})/Retract", scope="vote", body={}, event="peer.contribute"),
    Call("by_hash", f"Media/ByHash(algo='md5',value='{'0' * 32}')"),
    Call("lookup", "Lookup", scope="lookup", body={"hashes": ["0" * 32]}, event="peer.lookup"),
    Call("range", "Range/md5/00000", scope="lookup", event="peer.lookup"),
]  # fmt: skip
each = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
each_of_a_thing = pytest.mark.parametrize(
    "call", [call for call in CALLS if call.of_a_thing], ids=lambda call: call.name
)


def sent(script: Script, call: Call, path: str, **headers: Any) -> Any:
    return script.get(path, **headers) if call.body is None else script.post(path, call.body, **headers)


def path_of(call: Call, shared: HashSet) -> str:
    there = Entry.objects.get(set=shared, md5=makers.picture("a").md5)
    return call.path.format(set=shared.public_id, entry=there.public_id, package=package_of(call, shared))


def package_of(call: Call, shared: HashSet) -> UUID:
    """One that is kept for the peer, where the call is about one."""
    if "{package}" not in call.path:
        return uuid4()
    share = Share.objects.get(set=shared)
    made = making.make(shared, share.peer, target=None, by=share.by, whole=True)
    assert made
    return made.package.public_id


def code(answer: Any) -> str:
    told = answer.json()["error"]
    assert told["message"]
    assert isinstance(told["details"], list)
    return str(told["code"])


def last_event(people: People) -> AuditEvent:
    return AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]


def test_every_route_has_its_call_here() -> None:
    assert {route.name for route in urlpatterns} == {call.name for call in CALLS} | OPEN | NOWHERE


@each
def test_a_call_works_and_is_signed(call: Call, script: Script, shared: HashSet, people: People) -> None:
    before = last_event(people).seq
    answer = sent(script, call, path_of(call, shared))
    assert answer.status_code == call.status, getattr(answer, "content", "")
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Winnow-Signature"]
    if answer.streaming:
        list(answer)
    said = last_event(people)
    assert (said.verb if said.seq > before else "") == call.event


@each
def test_without_a_token_nobody_is_answered(call: Call, shared: HashSet) -> None:
    nobody = Script("not-a-token")
    answer = sent(nobody, call, path_of(call, shared))
    assert (answer.status_code, code(answer)) == (401, "unknown-caller")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@each
def test_without_its_scope_a_call_is_refused_with_an_event(
    call: Call, peer: Peer, shared: HashSet, people: People
) -> None:
    Peer.objects.update(scopes=[scope for scope in partner.EVERYTHING if scope != call.scope])
    script = Script(partner.token(Peer.objects.get()))
    answer = sent(script, call, path_of(call, shared))
    assert (answer.status_code, code(answer)) == (403, "scope-missing")
    event = last_event(people)
    assert (event.verb, json.loads(event.body)["details"]["organisation"]) == ("peer.denied", "Farmoor")


@each_of_a_thing
def test_what_is_not_shared_is_as_if_it_were_not_there(call: Call, script: Script, shared: HashSet) -> None:
    path = path_of(call, shared)
    missing = sent(script, call, call.path.format(set=uuid4(), entry=uuid4(), package=uuid4()))
    Share.objects.update(ended_at="2026-01-01T00:00:00Z")
    ended = sent(script, call, path)
    assert missing.json() == ended.json()
    assert (missing.status_code, ended.status_code, code(ended)) == (404, 404, "not-found")
    assert not Vote.objects.exclude(set=shared, ident__in=[makers.picture(name).md5 for name in "abc"]).exists()


@each_of_a_thing
def test_an_id_that_is_none_leads_nowhere(call: Call, script: Script) -> None:
    assert sent(script, call, call.path.format(set="1", entry="1", package="1")).status_code in {404, 501}


@each
def test_another_method_is_refused_with_those_there_are(call: Call, script: Script, shared: HashSet) -> None:
    path = partner.ROOT + path_of(call, shared)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "GET" if call.body is not None else "POST"):
        answer = script.client.generic(method, path)
        assert (answer.status_code, code(answer)) == (405, "wrong-method")
        assert answer.headers["Allow"] == ("POST" if call.body is not None else "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["Media", "Media(x)/Vote", "$batch", "$entity", "HashSets/$count", "People", "HashSets('a')/Media"]
)
def test_what_is_no_part_of_the_subset_is_told_with_what_is(path: str, script: Script) -> None:
    for answer in (script.get(path), script.post(path, {})):
        assert answer.status_code in {501, 405}
        if answer.status_code == 501:
            assert "GET /HashSets(<id>)/Media" in [one["message"] for one in answer.json()["error"]["details"]]


def test_a_thing_with_a_key_of_another_form_is_not_there(script: Script) -> None:
    assert [script.get(path).status_code for path in ("HashSets(1)", "Media('x')")] == [404, 404]


def test_the_descriptions_and_the_key_are_for_anybody(people: People) -> None:
    client = Client(headers={"host": "localhost"})
    assert client.get(f"{partner.ROOT}openapi.json").json()["openapi"] == "3.1.0"
    told = client.get(f"{partner.ROOT}Node", {"organisation": str(people.north.organisation)}).json()
    assert (told["Name"], len(told["Fingerprint"])) == ("Northmoor", 79)
    assert client.get(f"{partner.ROOT}Node").status_code == 400
    assert client.get(f"{partner.ROOT}Node", {"organisation": str(uuid4())}).status_code == 404
