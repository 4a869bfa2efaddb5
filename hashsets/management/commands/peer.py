"""`manage.py peer add|confirm|share|subscribe|pull|push|status|...`: exchange with other nodes (sharing.md)."""

import sys
from argparse import ArgumentParser
from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from hashsets import policies, sets
from hashsets.models import HashSet, Peer, Policy, Subscription
from hashsets.odata import callers, scopes
from hashsets.peers import node, pairing, pulling, pushing, status, terms
from hashsets.trust import MINIMA
from workbench import signing
from workbench.commands import Acts, Done, WinnowCommand
from workbench.errors import BadInput


class Command(WinnowCommand):
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
        self._add_terms(acts)
        self._add_exchange(acts)

    def _add_terms(self, acts: Acts) -> None:
        share = acts.add("share", self.share, "Let a peer read a set.")
        share.add_argument("peer")
        share.add_argument("set")
        share.add_argument("--contribute", action="store_true", help="and add its opinions to it")
        end = acts.add("unshare", self.unshare, "Let it read a set no longer.")
        end.add_argument("peer")
        end.add_argument("set")
        acts.add("sets", self.sets, "List what a peer shares with us.").add_argument("peer")
        _subscribe_arguments(acts.add("subscribe", self.subscribe, "Read a peer's set into a mirror here."))
        change = acts.add("terms", self.terms, "Change what is given to a mirror's peer, and how often it is asked.")
        change.add_argument("set")
        _terms_arguments(change)

    def _add_exchange(self, acts: Acts) -> None:
        resume = acts.add("resume", self.resume, "Go on reading a set after looking at why it stopped.")
        resume.add_argument("set")
        resume.add_argument("--anew", action="store_true", help="all of it, from its beginning")
        acts.add("pull", self.pull, "Ask now what changed.").add_argument("peer", nargs="?")
        acts.add("push", self.push, "Send now what waits.").add_argument("peer", nargs="?")
        acts.add("status", self.status, "How the exchange stands; exit code 1 when a person should look.")

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
        told = {"peer": made.organisation.name, "id": made.public_id, "state": made.state, "fingerprint": shown}
        return Done(
            f"{made.organisation} is proposed. Another person compares this with the peer's own screen:\n{shown}\n"
            f"Ours is\n{signing.fingerprint(signing.public_key())}", told
        )  # fmt: skip

    def confirm(self, options: dict[str, Any]) -> Done:
        """The second person."""
        peer = self._peer(options, "peer.pair")
        pairing.confirm(peer=peer, fingerprint=options["fingerprint"], by=self.by)
        return Done(f"{peer} is paired.", {"peer": peer.organisation.name, "state": Peer.State.PAIRED})

    def suspend(self, options: dict[str, Any]) -> Done:
        """Stop."""
        peer = self._peer(options, "peer.pair")
        pairing.suspend(peer=peer, by=self.by, reason=options["reason"])
        return Done(f"Nothing is exchanged with {peer}.", {"peer": peer.organisation.name, "state": "suspended"})

    def release(self, options: dict[str, Any]) -> Done:
        """Go on."""
        peer = self._peer(options, "peer.pair")
        pairing.release(peer=peer, by=self.by)
        return Done(f"The exchange with {peer} goes on.", {"peer": peer.organisation.name, "state": "paired"})

    def grant(self, options: dict[str, Any]) -> Done:
        """Their credential here."""
        peer = self._peer(options, "peer.pair")
        if options["scope"]:
            terms.allow(peer=peer, scopes=options["scope"], by=self.by)
        client, secret = callers.give_credential(peer, by=self.by)
        told = {"peer": peer.organisation.name, "client_id": client, "secret": secret, "scopes": peer.scopes}
        return Done(f"Client id {client}\nSecret    {secret}\nGive both to {peer}; nobody can read them again.", told)

    def credential(self, options: dict[str, Any]) -> Done:
        """Ours there."""
        peer = self._peer(options, "peer.pair")
        path: Path | None = options["secret_file"]
        try:
            secret = path.read_text(encoding="utf-8") if path else sys.stdin.readline()
        except OSError as error:
            raise BadInput(f"{path} cannot be read.") from error
        pairing.keep_credential(peer=peer, client_id=options["client_id"], secret=secret, by=self.by)
        return Done(f"The credential for {peer} is stored.", {"peer": peer.organisation.name})

    def share(self, options: dict[str, Any]) -> Done:
        """A set goes out."""
        peer, hash_set = self._peer(options, "peer.policy"), sets.named(options["set"], user=self.by)
        terms.share(peer=peer, hash_set=hash_set, by=self.by, contribute=options["contribute"])
        told = {"peer": peer.organisation.name, "set": hash_set.name, "id": hash_set.public_id}
        return Done(f"{peer} may read {hash_set}.", told)

    def unshare(self, options: dict[str, Any]) -> Done:
        """And no longer."""
        peer, hash_set = self._peer(options, "peer.policy"), sets.named(options["set"], user=self.by)
        terms.unshare(peer=peer, hash_set=hash_set, by=self.by)
        return Done(f"{peer} may not read {hash_set} any more.", {"peer": peer.organisation.name})

    def sets(self, options: dict[str, Any]) -> Done:
        """What the peer offers."""
        offered = self._offered(self._peer(options, "peer.view"))
        lines = [f"{one.set_id}  {one.name} ({one.scheme}, {one.entry_count:,} entries)" for one in offered]
        told = [{"id": one.set_id, "name": one.name, "scheme": one.scheme, "owner": one.owner} for one in offered]
        return Done("\n".join(lines) or "It shares no set with us.", {"sets": told})

    def subscribe(self, options: dict[str, Any]) -> Done:
        """A set comes in."""
        peer = self._peer(options, "peer.policy")
        wanted = options["set"].casefold()
        found = [one for one in self._offered(peer) if wanted in {str(one.set_id), one.name.casefold()}]
        if len(found) != 1:
            raise BadInput(f"{peer} shares no set {options['set']!r} with us. `manage.py peer sets` lists them.")
        made = terms.subscribe(peer=peer, offered=found[0], by=self.by, every=options["every"] or terms.EVERY,
                               give=options["give"], source=self._source(options))  # fmt: skip
        if options["min_trust"] or options["action"]:
            held = policies.in_force(made.set, self.by.agency, None)
            policies.set_policy(made.set, agency=self.by.agency, by=self.by, action=options["action"] or held.action,
                                min_trust=options["min_trust"])  # fmt: skip
        return Done(f"{made.set} of {peer} is read from now on.", {"set": made.set.name, "id": made.remote_set})

    def terms(self, options: dict[str, Any]) -> Done:
        """Change them."""
        self.require("peer.policy")
        subscription = self._subscription(options["set"])
        terms.give_and_take(subscription=subscription, by=self.by, give=options["give"],
                            source=self._source(options), every=options["every"])  # fmt: skip
        return Done(f"The terms of {subscription.set} are changed.", {"set": subscription.set.name})

    def resume(self, options: dict[str, Any]) -> Done:
        """Go on reading."""
        self.require("exchange.receive")
        subscription = self._subscription(options["set"])
        terms.resume(subscription=subscription, by=self.by, anew=options["anew"])
        return Done(f"{subscription.set} is read again.", {"set": subscription.set.name})

    def pull(self, options: dict[str, Any]) -> Done:
        """Ask now."""
        self.require("exchange.receive")
        told, problems, records = [], [], 0
        for subscription in self._subscriptions(options["peer"]):
            done = pulling.pull(subscription.pk, now=True)
            if done is None:
                problems.append(f"{subscription.set}: stands still, or is being read by a worker.")
                continue
            told.append({"set": subscription.set.name, "pages": done.pages, "records": done.records,
                         "put_aside": done.put_aside, "generation": done.generation})  # fmt: skip
            records += done.records
            problems += [f"{subscription.set}: {done.failure}"] if done.failure else []
        return Done(f"{len(told):,} sets asked for, {records:,} records came.", {"sets": told}, problems)

    def push(self, options: dict[str, Any]) -> Done:
        """Send now."""
        self.require("exchange.send")
        told, problems = [], []
        for subscription in self._subscriptions(options["peer"]):
            done = pushing.push(subscription.pk) if subscription.give else None
            if done is None:
                continue
            told.append({"set": subscription.set.name, "batches": done.batches, "results": dict(done.by_status)})
            problems += [f"{subscription.set}: {done.failure}"] if done.failure else []
        return Done(f"Opinions on {len(told):,} sets sent.", {"sets": told}, problems)

    def status(self, _options: dict[str, Any]) -> Done:
        """How it stands."""
        self.require("peer.view")
        found = status.every(self.by)
        problems = [alarm for one in found for alarm in one.alarms]
        told = {"fingerprint": signing.fingerprint(signing.public_key()), "peers": [one.as_json() for one in found]}
        return Done("\n".join(map(_line, found)) or "There are no peers.", told, problems)

    def _peer(self, options: dict[str, Any], permission: str) -> Peer:
        self.require(permission)
        return pairing.named(options["peer"], self.by)

    def _subscription(self, name: str) -> Subscription:
        return terms.subscription_of(sets.named(name, user=self.by), self.by)

    def _subscriptions(self, peer: str | None) -> list[Subscription]:
        peers = [pairing.named(peer, self.by)] if peer else Peer.objects.for_actor(self.by)
        return list(Subscription.objects.filter(peer__in=peers).exclude(peer__url="").select_related("set"))

    def _source(self, options: dict[str, Any]) -> HashSet | None:
        return sets.named(options["source"], user=self.by) if options["source"] else None

    @staticmethod
    def _offered(peer: Peer) -> list[node.Offered]:
        pairing.require_paired(peer)
        with node.Node.of(peer) as there:
            return there.sets()


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", default="", help="of the other node; without one it is courier only")
    parser.add_argument("--organisation", help="its id, where the node has several agencies")
    parser.add_argument("--name", default="", help="what it is called here")
    parser.add_argument("--key", help="of a courier-only peer: base64, or a file that holds it")


def _subscribe_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("peer")
    parser.add_argument("set", help="its id or name")
    parser.add_argument("--action", choices=Policy.Action.values, help="what a match does")
    parser.add_argument("--min-trust", choices=[str(one) for one in MINIMA])
    _terms_arguments(parser)


def _terms_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--give", action="store_true", help="send our opinions on its entries")
    parser.add_argument("--source", metavar="SET", help="a set of ours: what is published to it is contributed there")
    parser.add_argument("--every", type=int, metavar="SECONDS", help="between two askings")


def _key(text: str | None) -> bytes:
    """A public key, from base64 or a file with it. Raises BadInput."""
    if not text:
        raise BadInput("A peer without an address needs --organisation, --name and --key.")
    path = Path(text)
    try:
        return b64decode(path.read_text(encoding="ascii").strip() if path.is_file() else text, validate=True)
    except (OSError, ValueError):
        raise BadInput("--key takes base64, or a file that holds it.") from None


def _line(one: status.Standing) -> str:
    seen = f"{one.seen_at:%Y-%m-%d %H:%M}" if one.seen_at else "never"
    sets = "".join(
        f"\n  {read.set}: up to {read.seq:,}, {read.waiting:,} opinions wait, {read.quarantined:,} records put aside"
        for read in one.read
    )
    return f"{one.peer}: {one.state}, {one.url or 'by courier'}, seen {seen}. {one.failure}".rstrip() + sets
