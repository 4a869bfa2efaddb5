"""Inside a running node: organisations that may read and write a set, and its owner, who publishes meanwhile.

What the owner publishes is numbered by a worker, what the others give in their own request: two publishers at once.
"""

import json
import random
import time
from typing import Any

from tests.programmes._feed_ends import input_closed

PAUSE = 0.05  # seconds between two acts of the owner
SCOPES = ("read", "contribute", "vote")


def main(tag: str, keys: list[str], readers: int, seed: int) -> None:
    """Print the set and a credential for each, as one line of JSON; then publish until standard input is closed."""
    from tests import factories
    from tests.hashsets import makers
    from tests.hashsets.odata import partner
    from workbench.models import Role

    agency = factories.agency(f"owner-{tag}")
    by, other = (factories.person(agency, f"{name}-{tag}", Role.SUPERVISOR) for name in ("ann", "bob"))
    hash_set = makers.hash_set(by, f"Followed {tag}", scheme="us-pvic")
    makers.publish(hash_set, *(makers.picture(f"first {number}") for number in range(300)), by=by)

    def credential(number: int, key: bytes) -> dict[str, str]:
        from hashsets.models import Peer
        from hashsets.odata import callers

        peer = partner.peer(agency, by=by, confirmed_by=other, scopes=SCOPES, name=f"peer-{tag}-{number}")
        if key:
            Peer.objects.filter(pk=peer.pk).update(key=key)
        partner.share(hash_set, peer, by=by, contribute=bool(key))
        client_id, secret = callers.give_credential(peer, by=by)
        return {"client_id": client_id, "secret": secret}

    given = [credential(n, bytes.fromhex(key)) for n, key in enumerate([*keys, *[""] * readers])]
    print(json.dumps({"set_id": str(hash_set.public_id), "credentials": given}), flush=True)
    _publish(hash_set, by, random.Random(seed))


def _publish(hash_set: Any, by: Any, dice: random.Random) -> None:
    from hashsets.models import Entry, HashSet
    from tests.hashsets import makers

    over = input_closed()
    while not over.is_set():
        now = HashSet.objects.get(pk=hash_set.pk)
        rows = [makers.picture(f"owner {dice.randrange(1000)}", dice.choice("112")) for _ in range(dice.randint(1, 5))]
        makers.publish(now, *rows, by=by)
        if entry := Entry.objects.filter(set=now, sha256=rows[0].sha256, removed_in=None).first():
            makers.withdraw(now, entry.id, by=by)
        time.sleep(PAUSE)
