"""What a package must be before anything in it is believed: of a paired peer, signed by him, for us, and the next."""

from django.utils.translation import gettext_noop as noop

from hashsets import courier
from hashsets.models import Peer
from workbench import signing
from workbench.errors import BadInput, WorkbenchError
from workbench.models import Agency


class PackageForged(WorkbenchError):
    """The package is not signed with the key that was compared when its sender was paired. Keep it, and ask him."""

    code = "package-forged"


class PackageNotForUs(WorkbenchError):
    """The package is of an organisation, of a set or for a reader that nobody here is paired for."""

    code = "package-not-for-us"


class PackageOutOfOrder(WorkbenchError):
    """The package does not follow what is in force here. Ask its sender for the one between, or for a snapshot."""

    code = "package-out-of-order"


class PackageOld(WorkbenchError):
    """What the package brings is in force here already, or something newer is."""

    code = "package-old"


def sender(package: courier.Opened, agency: Agency) -> Peer:
    """The paired organisation that made and signed a package for this agency.

    Raises BadInput, PackageNotForUs, PackageForged.
    """
    manifest = package.manifest
    peer: Peer | None = (
        Peer.objects.filter(
            agency=agency, organisation__organisation=manifest.issuer.organisation, state=Peer.State.PAIRED
        )
        .select_related("organisation", "agency")
        .first()
    )
    if manifest.issuer.organisation == agency.organisation:
        raise BadInput(noop("This agency made this courier file itself: it is for another organisation."))
    if peer is None:
        raise PackageNotForUs(
            noop("The package says it is of %(name)s, with which this agency is not paired."),
            name=repr(manifest.issuer.name[:80]),
        )
    if not signing.is_by(bytes(peer.key), package.signature, package.manifest_bytes):
        raise PackageForged
    if manifest.addressee != agency.organisation:
        raise PackageNotForUs(noop("The package was made for another organisation."))
    return peer


def require_next(manifest: courier.Manifest, *, seq: int, last: bytes | memoryview | None, digest: bytes) -> None:
    """Raise unless a package follows what is in force up to `seq`, whose manifest had the digest `last`.

    Raises PackageOld, PackageOutOfOrder.
    """
    same = last is not None and bytes(last) == digest
    if same or manifest.to_seq < seq or (manifest.to_seq == seq and not manifest.is_snapshot):
        raise PackageOld
    follows = manifest.from_seq == seq and last is not None and manifest.previous == bytes(last).hex()
    if not manifest.is_snapshot and not follows:
        raise PackageOutOfOrder(
            noop("The package begins at %(start)s, and %(seq)s is in force here. Ask its sender for a snapshot."),
            start=manifest.from_seq,
            seq=seq,
        )
