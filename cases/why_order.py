"""Why a unit stands where it stands in a first batch: what the batch asks for, its order, and what that order saw.

From what the columns of items hold already. Sums only: neither whose decisions count in a folder, nor which category.
Never for a second view, which is to know nothing of any of it.
"""

from collections.abc import Iterator

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import neighbours
from cases.models import Batch, Item, Stack
from cases.queue import asking
from cases.queue.promise import CAMERA, FOLDER, NEAR, OWN
from cases.why import Line
from workbench.models import User
from workbench.words import digits

AROUND = 100  # files of a folder each way that are counted
# Of the files around it in its folder, how many matter; the same test as where items are weighed (queue/promise.py).
HITS = """
SELECT count(*), count(*) FILTER (WHERE i.state = 'known' AND EXISTS (
    SELECT FROM cases_match m JOIN hashsets_verdict v
      ON v.agency_id = %(agency)s AND v.set_id = m.set_id AND v.entry_id = m.entry
    WHERE m.content_id = i.content_id AND m.strong AND m.lost_in IS NULL AND v.disposition LIKE 'relevant%%')
  OR i.state = 'decided' AND EXISTS (
    SELECT FROM cases_standing st JOIN hashsets_category g ON g.scheme_id = %(scheme)s AND g.code = st.code
    WHERE st.content_id = i.content_id AND st.scheme_id = %(code)s AND g.disposition LIKE 'relevant%%'))
FROM (({before}) UNION ALL ({behind})) w JOIN cases_item i ON i.case_id = %(case)s AND i.content_id = w.content_id
"""


def lines(stack: Stack, item: Item, by: User) -> list[Line]:
    """What to say beside what sets make of it. One to four queries; none where the person holds it in no batch."""
    batch = stack.batch
    if batch is None or batch.user_id != by.pk or batch.kind != Batch.Kind.FIRST or item.state != Item.State.OPEN:
        return []
    return [*_likeness(item), *_promise(item), *_order(batch)]


def _likeness(item: Item) -> Iterator[Line]:
    if item.joined == Item.Joined.PERSON:
        yield Line("stack", _("Somebody put it into this stack."))
    elif item.joined == Item.Joined.FRAMES:
        yield Line("stack", _("It shares frames with the others of this stack."))
    elif item.joined == Item.Joined.PDQ:
        yield Line("stack", _("It looks like the others of this stack."))


def _promise(item: Item) -> Iterator[Line]:
    """What made it promising. Folder and camera are one sum: where that does not tell which, the camera is left out."""
    rest = item.promise - NEAR * item.near - OWN * bool(item.camera)
    by_camera = item.camera and (rest == CAMERA or rest > FOLDER)
    if rest > 0 and (rest != CAMERA or not by_camera) and (told := _folder(item)):
        yield Line("folder", told)
    if by_camera:
        yield Line("camera", _("Its camera also took something that matters in this case."))
    if item.promise and item.camera and rest <= 0 and not item.near:
        yield Line("camera", _("It names a camera and lies in no set, as what somebody made himself would."))


def _folder(item: Item) -> str:
    at = neighbours.place(item)
    if at is None:
        return ""
    walks = {name: neighbours.WALK.format(**way) for name, way in neighbours.WAYS.items()}
    scheme = item.case.scheme
    values = neighbours.values_of(at) | {"case": item.case_id, "agency": item.case.agency_id, "scheme": scheme.pk}
    with connection.cursor() as cursor:
        cursor.execute(HITS.format(**walks), values | {"code": scheme.scheme_id, "walk": AROUND})
        files, hits = cursor.fetchone()
    if not hits:
        return ""
    words = ngettext(
        "Of the %(files)s items around it in its folder %(n)s is known or decided as one that matters.",
        "Of the %(files)s items around it in its folder %(n)s are known or decided as ones that matter.",
        hits,
    )
    return words % {"files": digits(files), "n": digits(hits)}


def _order(batch: Batch) -> Iterator[Line]:
    order, *wanted = asking.words(batch.order, batch.wanted, batch.case)
    text = _("Order of this batch: %(order)s.") % {"order": order[1]}
    if wanted:
        asked = "; ".join(f"{label}: {value}" for label, value in wanted)
        text = f"{text} " + _("It asks for: %(filter)s.") % {"filter": asked}
    yield Line("order", text)
