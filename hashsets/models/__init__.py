"""All models of the app."""

from hashsets.models.certificates import PeerCertificate
from hashsets.models.exchange import (
    Answered,
    Change,
    Feed,
    Incoming,
    Peer,
    Quarantined,
    Share,
    Subscription,
)
from hashsets.models.opinions import Clash, Outgoing, Proof
from hashsets.models.packages import Package, PackageUpload
from hashsets.models.remotes import Mirrored, Remote
from hashsets.models.sets import (
    Category,
    Comparison,
    Disposition,
    Entry,
    EntryHash,
    Generation,
    HashSet,
    ListUpload,
    Policy,
    Resolution,
    Scheme,
    SchemeDraft,
    Vote,
)

__all__ = [
    "Answered",
    "Category",
    "Change",
    "Clash",
    "Comparison",
    "Disposition",
    "Entry",
    "EntryHash",
    "Feed",
    "Generation",
    "HashSet",
    "Incoming",
    "ListUpload",
    "Mirrored",
    "Outgoing",
    "Package",
    "PackageUpload",
    "Peer",
    "PeerCertificate",
    "Policy",
    "Proof",
    "Quarantined",
    "Remote",
    "Resolution",
    "Scheme",
    "SchemeDraft",
    "Share",
    "Subscription",
    "Vote",
]
