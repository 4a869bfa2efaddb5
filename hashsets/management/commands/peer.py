"""`manage.py peer credential`: what the script of another organisation signs in with."""

from typing import Any

from django.core.management.base import CommandParser

from hashsets.models import Peer
from hashsets.odata import callers
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput


class Command(WinnowCommand):
    """Make credentials of paired organisations."""

    help = "Organisations this agency exchanges with."

    def add_arguments(self, parser: CommandParser) -> None:
        """One act."""
        acts = self.acts(parser)
        give = acts.add("credential", self.credential, "Make a paired organisation's credential; printed this once.")
        give.add_argument("organisation", help="its name or short name here")

    def credential(self, options: dict[str, Any]) -> Done:
        """Make one; the one before ends."""
        self.require("peer.pair")
        name = options["organisation"]
        mine = Peer.objects.for_actor(self.by).select_related("organisation", "agency")
        found = [peer for peer in mine if name in {peer.organisation.name, peer.organisation.slug}]
        if len(found) != 1:
            raise BadInput(f"There is no paired organisation {name!r} here.")
        client_id, secret = callers.give_credential(found[0], by=self.by)
        return Done(
            f"Credential of {found[0]}, shown this once. Client id: {client_id} Secret: {secret}",
            {"organisation": str(found[0]), "client_id": client_id, "client_secret": secret},
        )
