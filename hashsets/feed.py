"""The feed: numbers what changed in a shared set, one sequence per set (sharing.md sections 2.1 and 4).

Sequence numbers are given by one publisher at a time, to versions that are committed. Never at insert: transactions
commit in another order than they began, and a reader between them would skip rows for good.
"""

from django.db import connection, transaction
from django.db.models import F

from hashsets.generations import in_force
from hashsets.models import Feed, HashSet

LOCK = 0x46454544  # advisory lock of whoever numbers a set

HAS_DIGEST = "num_nonnulls(e.md5, e.sha1, e.sha256) > 0"  # what stands by its PDQ alone stays here (decision 0027)
# What the versions in (numbered, g] brought and took, in the order it happened. An entry that only changed is one
# step: its old version ended where the next one begins. A set numbered for the first time is told as it stands.
NUMBER = f"""
INSERT INTO hashsets_change (set_id, seq, entry, public_id, deleted, at)
SELECT %(set)s, %(head)s + row_number() OVER (ORDER BY step, deleted, entry), entry, public_id, deleted, now()
FROM (
  SELECT e.added_in AS step, e.id AS entry, e.public_id, false AS deleted FROM hashsets_entry e
  WHERE e.set_id = %(set)s AND e.added_in > %(numbered)s AND e.added_in <= %(g)s
    AND (%(numbered)s > 0 OR {in_force("%(g)s")}) AND {HAS_DIGEST}
  UNION ALL
  SELECT e.removed_in, e.id, e.public_id, true FROM hashsets_entry e
  WHERE e.set_id = %(set)s AND e.removed_in > %(numbered)s AND e.removed_in <= %(g)s AND %(numbered)s > 0
    AND {HAS_DIGEST}
    AND NOT EXISTS (SELECT FROM hashsets_entry n WHERE n.set_id = e.set_id AND n.ident = e.ident AND n.twin = e.twin
                    AND n.added_in = e.removed_in AND n.public_id = e.public_id)
) steps
"""  # noqa: S608 only constants


def of(hash_set: HashSet) -> Feed:
    """The feed of a set; from the first asking on, its changes are numbered. Numbers nothing by itself."""
    return Feed.objects.get_or_create(set=hash_set)[0]


def is_shared(set_id: int) -> bool:
    """Whether anybody outside may read the set's changes."""
    return Feed.objects.filter(pk=set_id).exists()


def number(set_id: int) -> int:
    """Give every committed change of a shared set its number; how many there were. Safe to run twice, and at once.

    Waits for another publisher of the set. 0 also for a set that is not shared.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, set_id])
        feed = Feed.objects.select_related("set").filter(pk=set_id).first()
        if feed is None or feed.numbered == feed.set.generation:
            return 0
        at = {"set": set_id, "head": feed.head_seq, "numbered": feed.numbered, "g": feed.set.generation}
        cursor.execute(NUMBER, at)
        steps: int = cursor.rowcount
        Feed.objects.filter(pk=set_id).update(head_seq=feed.head_seq + steps, numbered=feed.set.generation)
        return steps


def behind() -> list[int]:
    """Ids of shared sets with versions that are not numbered yet. One query."""
    rows = Feed.objects.exclude(numbered=F("set__generation"))
    return list(rows.values_list("pk", flat=True))


def prune_all() -> None:
    """Forget old steps of every feed."""
    for set_id in Feed.objects.values_list("pk", flat=True):
        prune(set_id)


@transaction.atomic
def prune(set_id: int) -> None:
    """Forget steps older than 400 days (sharing.md section 2.2); readers from before them are told to begin anew.

    What is in force stays. The rule is in the database, which lets nobody take younger ones out (migration 0026).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, set_id])
        cursor.execute("SELECT hashsets_forget_steps(%s)", [set_id])
