"""What can go wrong with a peer."""

from http import HTTPStatus

from workbench.errors import NotFound, WorkbenchError
from workbench.outbound_errors import PeerError


class UnknownPeer(NotFound):
    """There is no peer of that name. `manage.py peer status` lists them."""

    code = "unknown-peer"


class OrganisationHere(WorkbenchError):
    """That organisation is an agency of this very node: its sets are here already. Check the address."""

    code = "organisation-here"
    status = HTTPStatus.CONFLICT


class WhichAgency(WorkbenchError):
    """Several agencies work on that node. Say which one you mean by its organisation id: its page Exchange shows it."""

    code = "which-agency"
    status = HTTPStatus.CONFLICT


class AlreadyPaired(WorkbenchError):
    """This organisation is paired with your agency already, under the very key."""

    code = "already-paired"
    status = HTTPStatus.CONFLICT


class NotPaired(WorkbenchError):
    """The pairing is not confirmed. A second person compares the fingerprint on both screens and confirms it first."""

    code = "not-paired"
    status = HTTPStatus.CONFLICT


class OneOfTwoPairs(WorkbenchError):
    """Whoever proposed a peer does not confirm it. Ask another supervisor."""

    code = "pairing-needs-another"
    status = HTTPStatus.FORBIDDEN


class OneOfTwoShares(WorkbenchError):
    """Whoever proposed to share a set does not confirm it. Ask another supervisor."""

    code = "sharing-needs-another"
    status = HTTPStatus.FORBIDDEN


class NotAllowedThere(PeerError):
    """They do not let this agency read yet. Ask them to tick "Read the sets that are shared" on their page of you."""

    code = "not-allowed-there"


class FingerprintDiffers(WorkbenchError):
    """This is not the fingerprint of the key we were shown. Stop, and ring the other agency: it may be another one."""

    code = "fingerprint-differs"
    status = HTTPStatus.CONFLICT


class CertificateNeedsAnother(WorkbenchError):
    """Whoever proposed a certificate does not confirm it. Ask another supervisor."""

    code = "certificate-needs-another"
    status = HTTPStatus.FORBIDDEN


class CertificateTaken(WorkbenchError):
    """Another peer shows this very certificate in the place of a token. Each peer needs one of its own."""

    code = "certificate-taken"
    status = HTTPStatus.CONFLICT


class NoCredential(WorkbenchError):
    """There is no credential for this peer. Ask its operator for one and keep it, on the peer's page or by command."""

    code = "no-credential"
    status = HTTPStatus.CONFLICT


class CourierOnly(WorkbenchError):
    """This peer has no address: what goes to and fro travels as packages."""

    code = "courier-only"
    status = HTTPStatus.CONFLICT


class SchemeMissing(WorkbenchError):
    """The set's scheme is not known here. Add it under Hash sets, Schemes, with its id and codes, then ask again."""

    code = "scheme-missing"
    status = HTTPStatus.CONFLICT


class ReadAlready(WorkbenchError):
    """This set is read here already."""

    code = "read-already"
    status = HTTPStatus.CONFLICT


class KeyChanged(PeerError):
    """The peer signs with another key than the one that was compared. Nothing is exchanged until it is paired anew."""

    code = "peer-key-changed"


class SignatureRefused(PeerError):
    """The answer is not signed by the peer's key, so nothing of it was stored. Tell its operator, and then resume."""

    code = "signature-refused"


class FeedWentBack(PeerError):
    """The peer's numbers go backwards, so nothing of it was stored. Ask its operator what happened, and then resume."""

    code = "feed-went-back"


class CredentialRefused(PeerError):
    """The peer does not accept our credential. Ask its operator for a new one and store it."""

    code = "credential-refused"
    permanent = False
