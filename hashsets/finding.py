"""One hash in one set: the entry with its whole history, however often it came, changed and went."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from hashsets import events, kinds, withheld
from hashsets.entry_rows import loaded
from hashsets.models import HashSet
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

MOST = 200  # rows; nobody reads more
MOST_CODES = 20  # named of one entry; a list may give it any number
ROWS = """
SELECT e.id, e.public_id, encode(e.md5, 'hex'), encode(e.sha1, 'hex'), encode(e.sha256, 'hex'), e.size, e.code,
  e.disposition, e.trust, e.state, e.conflict, e.added_in, CASE WHEN e.removed_in <= %(g)s THEN e.removed_in END,
  e.raw
FROM hashsets_entry e WHERE e.set_id = %(set)s AND e.{kind} = %(value)s AND e.added_in <= %(g)s
  AND (%(history)s OR e.removed_in IS NULL OR e.removed_in > %(g)s)
ORDER BY e.removed_in DESC NULLS FIRST, e.ident, e.twin, e.added_in DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One version of an entry. `codes`: every category its list gave it; `removed_in` None: in force."""

    id: int
    entry: Any
    md5: str | None
    sha1: str | None
    sha256: str | None
    size: int | None  # bytes
    code: str
    disposition: str
    trust: str
    state: str
    conflict: bool
    added_in: int
    removed_in: int | None
    codes: list[str]

    @property
    def doubt(self) -> str:
        """Why it closes nothing by itself; "" when nothing is wrong with it."""
        if self.conflict:
            more = f" and {len(self.codes) - MOST_CODES:,} more" if len(self.codes) > MOST_CODES else ""
            return _("in conflict: %(codes)s%(more)s") % {"codes": ", ".join(self.codes[:MOST_CODES]), "more": more}
        return "disputed" if "disputed" in {self.state, self.trust} else ""


@transaction.atomic
def find(hash_set: HashSet, text: str, *, by: User) -> list[Known]:
    """Everything the set holds under a hash; of other agencies' sets only what is in force. One event.

    Raises BadInput for what is no MD5, SHA-1 or SHA-256, Withheld.
    """
    kind = kinds.BY_LENGTH.get(len(text := text.strip()))
    if kind is None:
        raise BadInput(noop("This is not an MD5, SHA-1 or SHA-256. Paste the whole hash."))
    if kind.parse(text) in withheld.of(by):
        raise withheld.Withheld
    values: dict[str, Any] = {"set": hash_set.pk, "g": hash_set.generation, "value": kind.parse(text), "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(kind=kind.id), values | {"history": hash_set.owner_id == by.agency_id})
        found = [_known(row) for row in cursor.fetchall()]
    known = any(one.removed_in is None for one in found)
    audit.record(events.SET_SEARCHED, by=by, on=hash_set, set=hash_set.name, asked=1, known=int(known))
    return found


def _known(row: tuple[Any, ...]) -> Known:
    codes = [str(code) for code in loaded(row[-1]).get("codes", [])]
    return Known(*(*row[:-1], codes))
