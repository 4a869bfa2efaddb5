"""What goes to peers and comes from them, and how it stands, from the command line; acts of `manage.py peer`."""

from argparse import ArgumentParser
from typing import Any

from hashsets import policies, sets
from hashsets.models import HashSet, Peer, Policy, Subscription
from hashsets.peers import node, pairing, pulling, pushing, sharing, status, terms
from hashsets.trust import MINIMA
from workbench import signing
from workbench.commands import Acts, Done, WinnowCommand
from workbench.errors import BadInput
from workbench.visible import visible


class ExchangeActs(WinnowCommand):
    """Terms, reading, giving."""

    def add_terms(self, acts: Acts) -> None:
        share = acts.add("share", self.share, "Let a peer read a set.")
        share.add_argument("peer")
        share.add_argument("set")
        share.add_argument("--contribute", action="store_true", help="and add its opinions to it")
        end = acts.add("unshare", self.unshare, "Let it read a set no longer.")
        end.add_argument("peer")
        end.add_argument("set")
        voice = acts.add("voice", self.voice, "Say whether a peer counts by itself beside others that have its key.")
        voice.add_argument("peer")
        voice.add_argument("counts", choices=["alone", "together"])
        acts.add("sets", self.sets, "List what a peer shares with us.").add_argument("peer")
        _subscribe_arguments(acts.add("subscribe", self.subscribe, "Read a peer's set into a mirror here."))
        change = acts.add("terms", self.terms, "Change what is given to a mirror's peer, and how often it is asked.")
        change.add_argument("set")
        _terms_arguments(change)

    def add_exchange(self, acts: Acts) -> None:
        end = acts.add("unsubscribe", self.unsubscribe, "Read a set no longer; its mirror is retired.")
        end.add_argument("set")
        end.add_argument("--reason", required=True)
        resume = acts.add("resume", self.resume, "Go on reading a set after looking at why it stopped.")
        resume.add_argument("set")
        resume.add_argument("--anew", action="store_true", help="all of it, from its beginning")
        acts.add("pull", self.pull, "Ask now what changed.").add_argument("peer", nargs="?")
        acts.add("push", self.push, "Send now what waits.").add_argument("peer", nargs="?")
        acts.add("status", self.status, "How the exchange stands; exit code 1 when a person should look.")

    def share(self, options: dict[str, Any]) -> Done:
        """A set goes out, once two people said so."""
        peer, hash_set = self.peer(options, "peer.policy"), sets.named(options["set"], user=self.by)
        made = sharing.share(peer=peer, hash_set=hash_set, by=self.by, contribute=options["contribute"])
        told = {"peer": peer.organisation.name, "set": hash_set.name, "id": hash_set.public_id}
        said = f"{peer} may read {hash_set} once another supervisor says the same." if made.waiting else (
            f"{peer} may read {hash_set}.")  # fmt: skip
        return Done(said, told | {"waiting": made.waiting})

    def unshare(self, options: dict[str, Any]) -> Done:
        """And no longer."""
        peer, hash_set = self.peer(options, "peer.policy"), sets.named(options["set"], user=self.by)
        sharing.unshare(peer=peer, hash_set=hash_set, by=self.by)
        return Done(f"{peer} may not read {hash_set} any more.", {"peer": peer.organisation.name})

    def sets(self, options: dict[str, Any]) -> Done:
        """What the peer offers."""
        offered = self._offered(self.peer(options, "peer.view"))
        lines = [
            f"{one.set_id}  {visible(f'{one.name} ({one.scheme})')}, {one.entry_count:,} entries" for one in offered
        ]
        told = [{"id": one.set_id, "name": one.name, "scheme": one.scheme, "owner": one.owner} for one in offered]
        return Done("\n".join(lines) or "It shares no set with us.", {"sets": told})

    def subscribe(self, options: dict[str, Any]) -> Done:
        """A set comes in."""
        peer = self.peer(options, "peer.policy")
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

    def unsubscribe(self, options: dict[str, Any]) -> Done:
        """Read it no longer."""
        self.require("peer.policy")
        subscription = self._subscription(options["set"])
        terms.unsubscribe(subscription=subscription, by=self.by, reason=options["reason"])
        return Done(f"{subscription.set} is not read any more.", {"set": subscription.set.name})

    def resume(self, options: dict[str, Any]) -> Done:
        """Go on reading."""
        self.require("peer.policy")
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

    def voice(self, options: dict[str, Any]) -> Done:
        """Whether it counts by itself."""
        peer = self.peer(options, "peer.policy")
        terms.count_alone(peer=peer, alone=options["counts"] == "alone", by=self.by)
        told = {"peer": peer.organisation.name, "own_voice": peer.own_voice}
        return Done(f"{peer} counts {options['counts']}.", told)

    def status(self, _options: dict[str, Any]) -> Done:
        """How it stands."""
        self.require("peer.view")
        found = status.every(self.by)
        problems = [alarm for one in found for alarm in one.alarms]
        told = {"fingerprint": signing.fingerprint(signing.public_key()), "peers": [one.as_json() for one in found]}
        return Done("\n".join(map(_line, found)) or "There are no peers.", told, problems)

    def peer(self, options: dict[str, Any], permission: str) -> Peer:
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


def _line(one: status.Standing) -> str:
    seen = f"{one.seen_at:%Y-%m-%d %H:%M}" if one.seen_at else "never"
    sets = "".join(
        f"\n  {read.set}: up to {read.seq:,}, {read.waiting:,} opinions wait, {read.quarantined:,} records put aside"
        for read in one.read
    )
    counts = "counts by itself" if one.own_voice else "count as one voice"
    alike = f"\n  has the key of {', '.join(one.same_key)} too: {counts}" if one.same_key else ""
    return f"{one.peer}: {one.state}, {one.url or 'by courier'}, seen {seen}. {one.failure}".rstrip() + alike + sets
