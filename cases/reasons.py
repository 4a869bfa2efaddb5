"""What the product itself gives as the reason of a decision or of an offer, beside what people write.

Kept in English, as the log and exports have it; read in the language of the moment.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

SKIPPED = noop("skipped")
UNSURE = noop("unsure")
CLEARED = noop("cleared")
TAKEN_BACK = noop("taken back")
DECISION_TAKEN_BACK = noop("the decision was taken back")
DECISION_SUPERSEDED = noop("the decision was superseded")
REPLACED = noop("superseded by a later decision")
STANDS_NO_MORE = noop("the decision no longer stands")
SET_TAKES_NONE = noop("the set does not take these decisions")
RESTRICTED = noop("restricted case")
NOT_SHARED = noop("category is not shared")
NOT_VIEWED = noop("not viewed")
EMPTY = noop("empty file")
NOT_HASHED = noop("no file of it that was hashed here")
UNMAPPED = noop("unmapped category: the set's scheme has none like it to share")
KNOWN_GOOD = noop("known-good clash: a list says it is harmless")
PLAIN = frozenset({
    SKIPPED, UNSURE, CLEARED, TAKEN_BACK, DECISION_TAKEN_BACK, DECISION_SUPERSEDED, REPLACED, STANDS_NO_MORE,
    SET_TAKES_NONE, RESTRICTED, NOT_SHARED, NOT_VIEWED, EMPTY, NOT_HASHED, UNMAPPED, KNOWN_GOOD,
})  # fmt: skip
CONFIRMED = "confirmed: "  # and the name of the set that proposed it


def confirmed(name: str) -> str:
    """Of what a set proposed, at most 400 characters."""
    return f"{CONFIRMED}{name}"[:400]


def in_words(reason: str) -> str:
    """The reason as the page shows it; what a person wrote stays as it is."""
    if reason.startswith(CONFIRMED):
        return _("confirmed: %(name)s") % {"name": reason.removeprefix(CONFIRMED)}
    return _(reason) if reason in PLAIN else reason
