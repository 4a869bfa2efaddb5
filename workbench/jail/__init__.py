"""The only place that parses media and archives: in processes of their own, without credentials.

Workers use `Decoder`, web processes `Player`; everything marked "Runs in the jail" is imported by `child.py` alone.
"""

from workbench.jail.decoder import Decoder
from workbench.jail.layers import Terms
from workbench.jail.pieces import Piece
from workbench.jail.player import Player
from workbench.jail.process import DecoderDied, NoJail
from workbench.jail.results import ArchiveLimits, Member, Preview

__all__ = ["ArchiveLimits", "Decoder", "DecoderDied", "Member", "NoJail", "Piece", "Player", "Preview", "Terms"]
