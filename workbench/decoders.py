"""What protects this machine's decoders, in words: for the banner of every page and for the system check.

It speaks of the machine it runs on; where workers run on others, their own `manage.py check` speaks for them.
"""

from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from workbench.jail import Terms, layers

OFF = noop(
    "Previews are off: this machine's kernel does not offer {layers}. Files are still hashed "
    "and matched; pictures, videos and archives wait. Whoever runs Winnow finds in the "
    "operator's guide what to do."
)
WEAKER = noop("Media is decoded without {layers} on this machine, which whoever runs Winnow has accepted.")
SAME_USER = noop(
    "Decoders run as the same user as Winnow on this machine. Started as root, Winnow gives them a user of their own."
)


def terms() -> Terms:
    """The operator's terms, from the settings."""
    return Terms(settings.JAIL_UID, settings.JAIL_INCOMPLETE_IS_ACCEPTED)


def warning() -> str:
    """What everybody must know: that previews are off, or made with less protection; "" when the jail is complete."""
    missing = layers.missing()
    words = WEAKER if terms().incomplete_is_accepted else OFF
    return _(words).format(layers=" and ".join(missing)) if missing else ""


def advice() -> str:
    """What only an administrator can change, and nobody else needs to read; "" when there is nothing."""
    return "" if layers.can_become(settings.JAIL_UID) else _(SAME_USER)


def check(**_kwargs: Any) -> list[checks.CheckMessage]:
    """The warning as a line of every `manage.py` command."""
    hint = "Run Winnow on Linux 5.13 or newer with Landlock and seccomp, or set WINNOW_JAIL: see docs/operating.md."
    return [checks.Warning(text, hint=hint, id="workbench.W001")] if (text := warning()) else []
