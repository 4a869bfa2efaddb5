"""What a peer may do here, and what comes from it: sets of its that are mirrored. What goes to it: `sharing`."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events, generations, scheme_tables, sets, settling, voices
from hashsets.models import HashSet, Peer, Scheme, Subscription
from hashsets.peers import pairing
from hashsets.peers.errors import OrganisationHere, ReadAlready, SchemeMissing
from hashsets.peers.node import Offered
from workbench import audit
from workbench.errors import BadInput, NotFound
from workbench.models import Agency, User
from workbench.visible import visible

SOONEST, SELDOM = 1, 86_400  # seconds between two askings
EVERY = 300
ROLES = {"relevant": "relevant", "known_good": "known-good", "comparison": "comparison"}


@transaction.atomic
def allow(*, peer: Peer, scopes: list[str], by: User) -> None:
    """Say what a peer's credential may do here, from its next request on."""
    rows = Peer.objects.select_for_update(of=("self",)).select_related("organisation")
    held = rows.get(pk=peer.pk)
    held.scopes = peer.scopes = sorted(set(scopes))
    held.save(update_fields=["scopes"])
    audit.record(
        events.SCOPES_SET, by=by, on=held, agency=held.agency_id, peer=held.organisation.name, scopes=held.scopes
    )


@transaction.atomic
def count_alone(*, peer: Peer, alone: bool, by: User) -> None:
    """Say whether a peer counts for itself, whoever else has its key; from the next opinion on each entry on."""
    rows = Peer.objects.select_for_update(of=("self",)).select_related("organisation")
    held = rows.get(pk=peer.pk)
    held.own_voice = peer.own_voice = alone
    held.save(update_fields=["own_voice"])
    audit.record(
        events.VOICE_SET, by=by, on=held, agency=held.agency_id, peer=held.organisation.name, alone=alone,
        same_key=voices.sharing(held),
    )  # fmt: skip


@transaction.atomic
def subscribe(
    *, peer: Peer, offered: Offered, by: User, give: bool = False, source: HashSet | None = None, every: int = EVERY
) -> Subscription:
    """Read a peer's set into a mirror: an empty set under the very id, which belongs to the set's owner.

    Only the peer's agency here matches against it, as its policies say. Raises NotPaired, SchemeMissing,
    OrganisationHere for a set of this node, ReadAlready, and as `give_and_take`.
    """
    pairing.require_paired(peer)
    if HashSet.objects.filter(public_id=offered.set_id).exists():
        raise ReadAlready(
            noop("%(name)s is here already: it is this node's own, or read from another peer."),
            name=visible(offered.name)[:120],
        )
    mirror = _mirror(peer, offered, by=by)
    made = Subscription.objects.create(
        peer=peer, set=mirror, remote_set=offered.set_id, every=_every(every), by=by, by_name=by.name
    )
    details = {"set": mirror.name, "scheme": mirror.scheme.scheme_id, "every": every}
    _record(events.SET_SUBSCRIBED, made, peer, by=by, **details)
    if give or source:
        give_and_take(subscription=made, by=by, give=give, source=source)
    return made


@transaction.atomic
def give_and_take(
    *, subscription: Subscription, by: User, give: bool, source: HashSet | None, every: int | None = None
) -> None:
    """Say whether our opinions on the mirror's entries are sent to its peer, and which set of ours is contributed.

    `source`: what is published to it from now on goes there, too. Its categories are mapped there, or refused one by
    one where that set's scheme has nothing for them. Raises BadInput, NotAllowed.
    """
    rows = Subscription.objects.select_for_update(of=("self",))
    held = rows.select_related("set__scheme", "set__owner", "peer__organisation").get(pk=subscription.pk)
    if give and held.set.owner_id != held.peer.organisation_id:
        raise BadInput(noop("%(name)s belongs to %(owner)s: pair with them to give opinions on it."),
                       name=held.set.name, owner=held.set.owner)  # fmt: skip
    if source is not None:
        sets.require_owner(source, by)
        if not give:
            raise BadInput(noop("%(name)s can be contributed only where opinions are given."), name=source.name)
    held.give, held.source, held.every = give, source, _every(held.every if every is None else every)
    held.save(update_fields=["give", "source", "every"])
    subscription.give, subscription.source, subscription.every = held.give, held.source, held.every
    details = {"set": held.set.name, "give": give, "source": source.name if source else "", "every": held.every}
    _record(events.SUBSCRIPTION_SET, held, held.peer, by=by, **details)


@transaction.atomic
def unsubscribe(*, subscription: Subscription, by: User, reason: str) -> None:
    """Read a set no longer; its mirror is retired, so its matches act no more. `resume` takes both up again.

    Raises BadInput without a reason.
    """
    if not reason.strip():
        raise BadInput(noop("Say why the set is retired."))
    held = Subscription.objects.select_for_update(of=("self",)).select_related("peer", "set").get(pk=subscription.pk)
    HashSet.objects.filter(pk=held.set_id).update(retired_at=timezone.now())
    Subscription.objects.filter(pk=held.pk).update(paused=reason.strip()[:300])
    audit.record(
        events.SET_RETIRED, by=by, on=held.set, agency=held.peer.agency_id, reason=reason.strip()[:400],
        set=held.set.name,
    )  # fmt: skip
    generations.announce(held.set)


@transaction.atomic
def resume(*, subscription: Subscription, by: User, anew: bool = False) -> None:
    """Go on reading after a person looked at why it stopped; `anew`: the whole set, from its beginning."""
    held = Subscription.objects.select_for_update(of=("self",)).select_related("peer", "set").get(pk=subscription.pk)
    was, held.paused, held.due_at = held.paused, "", timezone.now()
    if HashSet.objects.filter(pk=held.set_id, retired_at__isnull=False).update(retired_at=None):
        generations.announce(held.set)
    if anew:
        forget_place(held)
        held.seq = 0  # whatever its numbers are now
    held.save()
    _record(events.EXCHANGE_RESUMED, held, held.peer, by=by, set=held.set.name, was=was, anew=anew)


def forget_place(subscription: Subscription) -> None:
    """The set is read from its beginning. Saves nothing of the row itself."""
    subscription.checkpoint, subscription.collected, subscription.baseline = "", 0, True
    settling.forget(subscription)


def subscription_of(hash_set: HashSet, user: User) -> Subscription:
    """How a mirror is read. Raises NotFound for a set that is none, or another agency's."""
    rows = Subscription.objects.filter(set=hash_set, peer__in=Peer.objects.for_actor(user))
    found = rows.select_related("peer__organisation", "peer__agency", "set__scheme").first()
    if found is None:
        raise NotFound(noop("%(name)s is not read from a peer."), name=hash_set.name)
    return found


def _mirror(peer: Peer, offered: Offered, *, by: User) -> HashSet:
    """The empty set, in the name of its owner, who may be another than the peer it is read from."""
    scheme = _scheme(offered, by.agency)
    owner = _owner(peer, offered, by=by)
    role = ROLES.get(offered.kind.replace("-", "_"))
    if role is None:
        raise BadInput(noop("A set of the kind %(kind)s cannot be kept here."), kind=visible(offered.kind)[:40])
    Agency.objects.select_for_update(no_key=True).get(pk=owner.pk)
    made = HashSet.objects.create(
        public_id=offered.set_id, owner=owner, reader=by.agency, name=_free_name(owner, offered), role=role,
        scheme=scheme, trust="provisional",
    )  # fmt: skip
    details: dict[str, Any] = {"set": made.name, "role": role, "scheme": scheme.scheme_id, "owner": owner.name}
    audit.record(events.SET_CREATED, by=by, on=made, agency=peer.agency_id, **details)
    return made


def _owner(peer: Peer, offered: Offered, *, by: User) -> Agency:
    if offered.owner_id in (None, peer.organisation.organisation):
        return peer.organisation
    if Agency.objects.filter(organisation=offered.owner_id, is_local=True).exists():
        raise OrganisationHere(noop("This set belongs to an agency of this very node, and only comes back to it."))
    return pairing.foreign(offered.owner_id, offered.owner, by=by)


def _scheme(offered: Offered, agency: Agency) -> Scheme:
    try:
        return scheme_tables.latest(offered.scheme, agency)
    except scheme_tables.UnknownScheme:
        raise SchemeMissing(
            noop(
                "The set is under the scheme %(scheme)s, which is not known here. Add it under Hash sets, Schemes, "
                "with the same id and codes, then ask again."
            ),
            scheme=visible(offered.scheme)[:60],
        ) from None


def _free_name(owner: Agency, offered: Offered) -> str:
    shown = visible(" ".join(offered.name.split()))[:100] or str(offered.set_id)
    taken = set(HashSet.objects.filter(owner=owner, name__startswith=shown).values_list("name", flat=True))
    return next(name for n in range(1, len(taken) + 2) if (name := shown if n == 1 else f"{shown} ({n})") not in taken)


def _every(seconds: int) -> int:
    if not SOONEST <= seconds <= SELDOM:
        raise BadInput(
            noop("Between two askings lie %(least)s to %(most)s seconds."), least=str(SOONEST), most=str(SELDOM)
        )
    return seconds


def _record(verb: str, on: Subscription, peer: Peer, *, by: User, **details: Any) -> None:
    audit.record(verb, by=by, on=on, agency=peer.agency_id, peer=peer.organisation.name, **details)
