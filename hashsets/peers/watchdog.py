"""Numbers of changes only ever go up: whoever tells less than before was restored or tampered with (protocol.md 5)."""

from collections.abc import Sequence

from django.utils.translation import gettext_noop as noop

from hashsets.models import Subscription
from hashsets.peers.errors import FeedWentBack
from hashsets.peers.pages import Record
from workbench.outbound import Answer

LONGEST_TAG = 19  # digits that a number of the database cannot have


def check_order(subscription: Subscription, found: Sequence[Record]) -> None:
    """Raise FeedWentBack unless a page's numbers go up from what was read; those of a baseline come in any order."""
    if subscription.baseline:
        return
    last = max(subscription.seq, subscription.collected)
    for record in found:
        if record.seq <= last:
            raise FeedWentBack(
                noop("After number %(last)s the peer told number %(seq)s, so nothing of the page was stored."),
                last=str(last),
                seq=str(record.seq),
            )
        last = record.seq


def head(subscription: Subscription, answer: Answer) -> int:
    """The set's highest number, 0 where the answer does not say it. Raises FeedWentBack when it was higher before.

    As that of a peer that was set back to an old backup: what it told since is unknown to it.
    """
    tag = answer.headers.get("etag", "").removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdecimal() and len(tag) < LONGEST_TAG):
        return 0
    told = int(tag)
    if told < subscription.seq:
        raise FeedWentBack(
            noop("The peer told changes up to %(was)s before, and now only up to %(now)s."),
            was=str(subscription.seq),
            now=str(told),
        )
    return told
