"""`manage.py peer add|confirm|share|subscribe|pull|push|status|...`: exchange with other nodes (sharing.md)."""

import sys
from argparse import ArgumentParser
from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from hashsets import voices
from hashsets.management.peer_acts import ExchangeActs
from hashsets.models import Peer, PeerCertificate
from hashsets.odata import callers, scopes
from hashsets.peers import certificates, node, pairing, terms
from workbench import signing
from workbench.commands import Done
from workbench.errors import BadInput

HEX_DIGITS = 2 * signing.KEY_BYTES


class Command(ExchangeActs):
    """Pair with other nodes, say what goes and comes, exchange."""

    help = "Exchange with other nodes."

    def add_arguments(self, parser: CommandParser) -> None:
        """The acts, in the order of a pairing."""
        acts = self.acts(parser)
        _add_arguments(acts.add("add", self.add, "Propose a peer; another person compares its fingerprint."))
        confirm = acts.add("confirm", self.confirm, "Pair: you read this fingerprint from the peer's own screen.")
        confirm.add_argument("peer")
        confirm.add_argument("--fingerprint", required=True)
        suspend = acts.add("suspend", self.suspend, "Exchange nothing with a peer until it is released.")
        suspend.add_argument("peer")
        suspend.add_argument("--reason", required=True)
        acts.add("release", self.release, "Take the exchange up again.").add_argument("peer")
        grant = acts.add("grant", self.grant, "Make a credential for a peer; it can be read this once.")
        grant.add_argument("peer")
        grant.add_argument("--scope", action="append", choices=list(scopes.SCOPES), help="what it may do here")
        keep = acts.add("credential", self.credential, "Store what a peer granted us; the secret is read from FILE.")
        keep.add_argument("peer")
        keep.add_argument("--client-id", required=True)
        keep.add_argument("--secret-file", type=Path, help="default: standard input")
        _certificate_arguments(acts.add("certificate", self.certificate, "The TLS certificate that a peer shows here."))
        self.add_terms(acts)
        self.add_exchange(acts)

    def add(self, options: dict[str, Any]) -> Done:
        """Ask the node who it is, or take its key from a file."""
        self.require("peer.pair")
        organisation = UUID(options["organisation"]) if options["organisation"] else None
        if options["url"]:
            url = node.root_of(options["url"])
            stated = node.ask(url, organisation)
            organisation, name, key = stated.organisation, options["name"] or stated.name, stated.key
        else:
            url, name, key = "", options["name"], _key(options["key"])
        if organisation is None or not name:
            raise BadInput("A peer without an address needs --organisation, --name and --key.")
        made = pairing.propose(organisation=organisation, name=name, key=key, url=url, by=self.by)
        shown = signing.fingerprint(key)
        told = {"peer": made.organisation.name, "id": made.public_id, "state": made.state, "fingerprint": shown,
                "same_key": voices.sharing(made)}  # fmt: skip
        if made.moving_to is not None:
            said = f"{made.organisation} stays where it is until another person confirms the new address with\n{shown}"
            return Done(said + _same_key(made), told)
        return Done(
            f"{made.organisation} is proposed. Another person compares this with the peer's own screen:\n{shown}\n"
            f"Ours is\n{signing.fingerprint(signing.public_key())}{_same_key(made)}", told
        )  # fmt: skip

    def confirm(self, options: dict[str, Any]) -> Done:
        """The second person."""
        peer = self.peer(options, "peer.pair")
        pairing.confirm(peer=peer, fingerprint=options["fingerprint"], by=self.by)
        return Done(f"{peer} is paired.{_same_key(peer)}", {"peer": peer.organisation.name, "state": Peer.State.PAIRED})

    def suspend(self, options: dict[str, Any]) -> Done:
        """Stop."""
        peer = self.peer(options, "peer.pair")
        pairing.suspend(peer=peer, by=self.by, reason=options["reason"])
        return Done(f"Nothing is exchanged with {peer}.", {"peer": peer.organisation.name, "state": "suspended"})

    def release(self, options: dict[str, Any]) -> Done:
        """Go on."""
        peer = self.peer(options, "peer.pair")
        pairing.release(peer=peer, by=self.by)
        return Done(f"The exchange with {peer} goes on.", {"peer": peer.organisation.name, "state": "paired"})

    def grant(self, options: dict[str, Any]) -> Done:
        """Their credential here."""
        peer = self.peer(options, "peer.pair")
        if options["scope"]:
            terms.allow(peer=peer, scopes=options["scope"], by=self.by)
        client, secret = callers.give_credential(peer, by=self.by)
        told = {
            "peer": peer.organisation.name,
            "organisation": peer.organisation.organisation,
            "client_id": client,
            "client_secret": secret,
            "scopes": peer.scopes,
        }
        return Done(f"Client id {client}\nSecret    {secret}\nGive both to {peer}; nobody can read them again.", told)

    def credential(self, options: dict[str, Any]) -> Done:
        """Ours there."""
        peer = self.peer(options, "peer.pair")
        path: Path | None = options["secret_file"]
        try:
            secret = path.read_text(encoding="utf-8") if path else sys.stdin.readline()
        except OSError as error:
            raise BadInput(f"{path} cannot be read.") from error
        pairing.keep_credential(peer=peer, client_id=options["client_id"], secret=secret, by=self.by)
        return Done(f"The credential for {peer} is stored.", {"peer": peer.organisation.name})

    def certificate(self, options: dict[str, Any]) -> Done:
        """Propose one, confirm it, remove it."""
        peer = self.peer(options, "peer.pair")
        path: Path | None = options["file"]
        if sum(map(bool, (path, options["confirm"] is not None, options["remove"]))) != 1:
            raise BadInput("Name a FILE to propose its certificate, or --confirm FINGERPRINT, or --remove.")
        if options["confirm"] is not None:
            certificates.confirm(peer=peer, by=self.by, fingerprint=options["confirm"])
            return Done(f"The certificate of {peer} is in force.", _shown(peer))
        if options["remove"]:
            waits = certificates.remove(peer=peer, by=self.by)
            said = "counts until another person confirms this with --confirm ''" if waits else "counts no more"
            return Done(f"The certificate of {peer} {said}.", _shown(peer))
        read = certificates.read(_text(path))
        certificates.propose(peer=peer, certificate=read, use=options["use"], by=self.by)
        shown = certificates.fingerprint(read.digest)
        return Done(f"Proposed for {peer}. Another person compares this with their operator:\n{shown}", _shown(peer))


def _shown(peer: Peer) -> dict[str, Any]:
    now, next_one = certificates.in_force(peer), certificates.proposed(peer)
    return {
        "peer": peer.organisation.name,
        "use": now.use if now else "",
        "fingerprint": bytes(now.digest or b"").hex() if now else None,
        "until": now.until if now else None,
        "proposed": bytes(next_one.digest or b"").hex() if next_one else None,
    }


def _text(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read.") from error


def _certificate_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("peer")
    parser.add_argument("file", type=Path, nargs="?", help="the certificate, in PEM")
    uses = [str(use) for use in PeerCertificate.Use if use]
    parser.add_argument("--use", choices=uses, default=uses[0], help="instead of a token, or beside it")
    parser.add_argument("--confirm", metavar="FINGERPRINT", help="put what another person proposed in force")
    parser.add_argument("--remove", action="store_true", help="it is to count no more")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", default="", help="of the other node; without one it is courier only")
    parser.add_argument("--organisation", help="its id, where the node has several agencies")
    parser.add_argument("--name", default="", help="what it is called here")
    parser.add_argument("--key", help="of a courier-only peer: 64 hex digits, base64, or a file that holds them")


def _same_key(peer: Peer) -> str:
    """What both people who pair have to know."""
    names = voices.sharing(peer)
    return f"\nBEWARE: this key is known under {', '.join(names)}, too. Ask whether that is right." if names else ""


def _key(text: str | None) -> bytes:
    """A public key: 64 hex digits as pages show it, base64 as nodes tell it, or a file with either. Raises BadInput."""
    if not text:
        raise BadInput("A peer without an address needs --organisation, --name and --key.")
    path = Path(text)
    try:
        said = path.read_text(encoding="ascii").strip() if path.is_file() else text
        return bytes.fromhex(said) if len(said) == HEX_DIGITS else b64decode(said, validate=True)
    except (OSError, ValueError):
        raise BadInput("--key takes 64 hex digits, base64, or a file that holds them.") from None
