"""The conformance kit against this node, over a socket, as a partner's technician would run it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.management import call_command

from hashsets import feed
from hashsets.models import Peer
from hashsets.odata import callers
from hashsets.packages import making
from tests.hashsets import makers
from tests.hashsets.odata import partner
from workbench.launcher import keys

if TYPE_CHECKING:
    from tests.people import People

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def peer(people: People) -> Peer:
    made = partner.peer(people.north, by=people.supervisor, confirmed_by=people.admin, scopes=partner.EVERYTHING)
    for name in ("Harbour", "Coast"):
        shared = makers.hash_set(people.supervisor, name, scheme="us-pvic")
        makers.publish(shared, *(makers.picture(f"{name} {n}", str(n % 3)) for n in range(30)), by=people.supervisor)
        partner.share(shared, made, by=people.supervisor, contribute=True)
        making.make(shared, made, target=None, by=people.supervisor)
    return made


def run(url: str, peer: Peer, people: People, folder: Path, *more: str) -> dict[str, Any]:
    client_id, secret = callers.give_credential(peer, by=people.supervisor)
    (folder / "secret").write_text(secret)
    out = StringIO()
    words = (f"{url}/odata/v1/", "--client-id", client_id, "--secret-file", str(folder / "secret"), "--json", *more)
    with suppress(SystemExit):
        call_command("conformance", *words, stdout=out, stderr=StringIO())
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_this_node_keeps_the_protocol(peer: Peer, people: People, live_server: Any, tmp_path: Path) -> None:
    key = Path(settings.DATA_DIR) / "keys" / "signing"
    keys.secret(settings.DATA_DIR, "signing")
    report = tmp_path / "report.md"
    old = old_link(peer, people, live_server.url)
    told = run(
        live_server.url, peer, people, tmp_path, "--write", "--key-file", str(key), "--report", str(report),
        "--old-delta-link", old,
    )  # fmt: skip
    if "CONFORMANCE_REPORT" in os.environ:
        Path(os.environ["CONFORMANCE_REPORT"]).write_text(report.read_text())
    assert [one for one in told["checks"] if one["outcome"] == "failed"] == []
    assert told["passed"] > 30
    assert "| passed |" in report.read_text()


def old_link(peer: Peer, people: People, url: str) -> str:
    """A deltaLink of the second set from before its horizon."""
    from hashsets.models import Feed, Share

    shared = Share.objects.filter(peer=peer).order_by("-pk")[0].set
    script = partner.Script(partner.token(peer))
    page = script.get(f"HashSets({shared.public_id})/Media", prefer="odata.track-changes").json()
    makers.publish(shared, makers.picture("late"), by=people.supervisor)
    feed.number(shared.pk)
    Feed.objects.filter(pk=shared.pk).update(horizon_seq=31)
    return str(page["@odata.deltaLink"]).replace("http://localhost", url)
