"""The exchange against its own description: no failure of ours, no answer that is not described (schemathesis).

`python -m tests.programmes exchange [EXAMPLES [SEED]]`: as `api`, with the token of a paired organisation.
501 is a word of the contract: it lists what there is.
"""

import json
from dataclasses import dataclass

from tests import product
from tests.product import Product
from tests.programmes import api

DEFAULTS = (300, 4)  # requests a call, seed
SCHEMA = "/odata/v1/openapi.json"
BUILD = "from tests.programmes import exchange; print(exchange.build())"
# 413 answers too many items, as the contract has it.
SAID = """[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 501]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 421, 429, 501]
"""


@dataclass(frozen=True, slots=True)
class World:
    """A token that may everything but law enforcement's, and things to ask about."""

    token: str
    set_id: str
    entry_id: str
    package_id: str
    client_id: str
    secret: str


def main(arguments: list[str]) -> int:
    """Print what schemathesis found; 0 when that is nothing."""
    examples, seed = [*map(int, arguments), *DEFAULTS[len(arguments) :]]
    with product.running("--workers=1", settings=product.ROOMY) as winnow:
        world = made(winnow)
        return max(asked(winnow, world, examples=examples, seed=seed, real=real)[0] for real in (True, False))


def made(winnow: Product) -> World:
    """A paired organisation and a set of three entries that is shared with it, in a running product."""
    told = winnow.manage("shell", "-v", "0", "-c", BUILD)
    return World(**json.loads(told.splitlines()[-1]))


def build() -> str:
    """Build it, inside the product, by its own functions; returns the world as JSON."""
    from hashsets.models import Entry
    from hashsets.odata import callers
    from hashsets.packages import making
    from tests import factories
    from tests.hashsets import makers
    from tests.hashsets.odata import partner
    from workbench.models import Role

    agency = factories.agency("sharers")
    by, other = (factories.person(agency, name, Role.SUPERVISOR) for name in ("exchange-sue", "exchange-sam"))
    peer = partner.peer(agency, by=by, confirmed_by=other, scopes=("read", "lookup", "contribute", "vote"), name="near")
    hash_set = makers.hash_set(by, "Shared", scheme="us-pvic")
    makers.publish(hash_set, *(makers.picture(name) for name in "abc"), by=by)
    partner.share(hash_set, peer, by=by, contribute=True)
    entry = Entry.objects.filter(set=hash_set)[0]
    client_id, secret = callers.give_credential(peer, by=by)
    package = making.make(hash_set, peer, target=None, by=by)
    told = {"set_id": hash_set.public_id, "entry_id": entry.public_id, "client_id": client_id, "secret": secret}
    told |= {"package_id": package.package.public_id if package else ""}
    peer.refresh_from_db()
    return json.dumps(told | {"token": partner.token(peer)}, default=str)


def asked(winnow: Product, world: World, *, examples: int, seed: int, real: bool) -> tuple[int, str]:
    """Let schemathesis ask; its exit status and what it said. `real`: about things that are there."""
    things = (
        {"path.set_id": world.set_id, "path.entry_id": world.entry_id, "path.package_id": world.package_id}
        if real
        else {}
    )
    return api.asked_about(winnow, SCHEMA, world.token, things, examples=examples, seed=seed, more=SAID)
