"""The only place that parses media and archives: in processes of their own, without credentials.

The worker uses `Decoder`; everything marked "Runs in the jail" is imported by `child.py` alone.
"""

from workbench.jail.decoder import Decoder
from workbench.jail.layers import Terms
from workbench.jail.process import DecoderDied, NoJail
from workbench.jail.results import ArchiveLimits, Member, Preview

__all__ = ["ArchiveLimits", "Decoder", "DecoderDied", "Member", "NoJail", "Preview", "Terms"]
