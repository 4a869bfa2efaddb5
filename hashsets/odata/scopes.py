"""What a peer's credential may do, as django-oauth-toolkit asks for it when it makes a token."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes

from hashsets import wire
from hashsets.models import Peer
from hashsets.permits import ADMIN, CONTRIBUTE, LOOKUP, READ, VOTE
from workbench.words import noop

LAW_ENFORCEMENT = wire.LAW_ENFORCEMENT
__all__ = ["ADMIN", "CONTRIBUTE", "LAW_ENFORCEMENT", "LOOKUP", "READ", "SCOPES", "VOTE", "PairedOnly", "PeerScopes"]
SCOPES = {
    READ: noop("Read the sets that are shared"),
    LOOKUP: noop("Look hashes up in them"),
    CONTRIBUTE: noop("Add entries to them"),
    VOTE: noop("Vote on their entries"),
    ADMIN: noop("Administer the exchange"),
    LAW_ENFORCEMENT: noop("Read flags and series"),
}


class PeerScopes(BaseScopes):  # type: ignore[misc] # not typed by its makers
    """A client may have what its peer may have, and is given all of it unless it asks for less."""

    def get_all_scopes(self) -> dict[str, str]:
        """All there are."""
        return SCOPES

    def get_available_scopes(self, application: Any = None, *_args: Any, **_more: Any) -> list[str]:
        """Those of the peer."""
        peer = Peer.objects.filter(application=application).first() if application else None
        return [scope for scope in SCOPES if peer and scope in peer.scopes]

    def get_default_scopes(self, application: Any = None, *_args: Any, **_more: Any) -> list[str]:
        """The same."""
        return self.get_available_scopes(application)


class PairedOnly(OAuth2Validator):  # type: ignore[misc]
    """Client credentials of a paired peer, and nothing else."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Whether the secret is the client's, and its organisation is paired now."""
        known: bool = super().authenticate_client(request, *args, **kwargs)
        return known and Peer.objects.filter(application=request.client, state=Peer.State.PAIRED).exists()

    def authenticate_client_id(self, *_args: Any, **_kwargs: Any) -> bool:
        """No client goes without its secret."""
        return False
