"""Folders that a page may have a set follow: below `WINNOW_LISTS`, reached without a link, and nobody else's.

Whoever types the command has the machine anyway, and may name any folder.
"""

import os
import re
from pathlib import PurePath
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop as noop

from hashsets.models import HashSet, Remote
from hashsets.open_folder import is_below, open_below
from workbench.errors import BadInput
from workbench.visible import readable

OF_SET = re.compile(r".*-([0-9a-f]{12})")  # as `watched.folder_of` names folders


def require_ours(place: str, agency_id: int) -> None:
    """Raise BadInput unless a set of the agency may follow this folder. It need not be there yet."""
    root = str(settings.LISTS)
    if not (is_below(place, root) and readable(place)):
        raise BadInput(noop("Name a folder below %(root)s, as it is written there, without .. in it."), root=root)
    try:
        os.close(open_below(place, root))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise BadInput(
            noop("%(place)s cannot be used: %(why)s. Give a folder that Winnow may read, with no link on the way."),
            place=place,
            why=error.strerror,
        ) from error
    if _is_of_a_set(PurePath(place).relative_to(root).parts[0], agency_id) or _is_followed(place, agency_id):
        raise BadInput(noop("This folder is not for you. Ask whoever runs Winnow for one of your own."))


def _is_of_a_set(name: str, agency_id: int) -> bool:
    """Whether it is the watched folder of another agency's set."""
    named = OF_SET.fullmatch(name)
    if not named:
        return False
    others = HashSet.objects.exclude(owner=agency_id)
    least, most = UUID(f"{named[1]}{'0' * 20}"), UUID(f"{named[1]}{'f' * 20}")
    return others.filter(public_id__range=(least, most)).exists()


def _is_followed(place: str, agency_id: int) -> bool:
    """Whether a set of another agency follows it, what is in it, or where it is."""
    others = Remote.objects.filter(ended_at=None).exclude(set__owner=agency_id).values_list("place", flat=True)
    return any(place == other or is_below(place, other) or is_below(other, place) for other in others)
