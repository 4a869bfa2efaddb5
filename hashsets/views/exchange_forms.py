"""Forms of the exchange: pairing, what goes out, what comes in."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as lazy

from hashsets.models import HashSet, Peer, PeerCertificate, Policy, Subscription
from hashsets.odata.scopes import SCOPES
from hashsets.peers.node import Offered
from hashsets.peers.terms import EVERY, SELDOM, SOONEST
from hashsets.trust import MINIMA
from workbench import access
from workbench.models import User
from workbench.visible import visible

TEXT = forms.TextInput({"class": "input", "autocomplete": "off", "spellcheck": "false"})


class PairForm(forms.Form):
    """Where a node is; of one without a network, who it is."""

    url = forms.CharField(
        label=lazy("Address of the other node"),
        help_text=lazy(
            "As its operator told you, such as https://winnow.example.org. Its host must be in WINNOW_PEER_HOSTS here."
        ),
        max_length=300,
        widget=TEXT,
    )
    organisation = forms.UUIDField(
        label=lazy("Organisation id"),
        help_text=lazy("Only where several agencies work on that node; their page Exchange shows it."),
        required=False,
        widget=TEXT,
    )


class CourierForm(forms.Form):
    """An organisation whose node has no network: what its own page says."""

    organisation = forms.UUIDField(label=lazy("Organisation id"), widget=TEXT)
    name = forms.CharField(label=lazy("Its name"), max_length=200, widget=TEXT)
    key = forms.CharField(label=lazy("Its public key"), help_text=lazy("64 hex digits"), max_length=80, widget=TEXT)

    def clean_key(self) -> bytes:
        """The key's bytes; their number is the pairing's to judge."""
        try:
            return bytes.fromhex(self.cleaned_data["key"])
        except ValueError:
            raise forms.ValidationError(lazy("Type the 64 hex digits that the other node shows.")) from None


class ConfirmForm(forms.Form):
    """What a second person read from the other screen."""

    fingerprint = forms.CharField(
        label=lazy("Fingerprint, as they read it to you"),
        help_text=lazy("16 groups of 4. It is not shown here, so that only their own screen can tell it."),
        max_length=120,
        widget=TEXT,
    )


class CredentialForm(forms.Form):
    """What the peer's operator gave us to sign in with."""

    client_id = forms.CharField(label=lazy("Client id"), max_length=100, widget=TEXT)
    secret = forms.CharField(
        label=lazy("Secret"), max_length=300, widget=forms.PasswordInput({"class": "input", "autocomplete": "off"})
    )


class CertificateForm(forms.Form):
    """A TLS client certificate that a peer's operator sent."""

    pem = forms.CharField(
        label=lazy("Certificate, in PEM"),
        help_text=lazy("The text from BEGIN CERTIFICATE to END CERTIFICATE. Never a private key."),
        max_length=20_000,
        widget=forms.Textarea({"class": "input mono", "rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    use = forms.ChoiceField(
        label=lazy("What it is to a token"),
        choices=[one for one in PeerCertificate.Use.choices if one[0]],
        widget=forms.Select({"class": "input"}),
    )


class ConfirmCertificateForm(forms.Form):
    """What a second person had from the peer's operator."""

    fingerprint = forms.CharField(
        label=lazy("SHA-256 fingerprint, as they read it to you"),
        help_text=lazy("64 hex digits, as their own tool shows them."),
        max_length=120,
        widget=TEXT,
    )

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        """`needed`: a certificate is confirmed, and not that there is none."""
        super().__init__(*args, **kwargs)
        self.fields["fingerprint"].required = needed


class ScopesForm(forms.Form):
    """What a peer may do here."""

    scopes = forms.MultipleChoiceField(
        label=lazy("What they may do here"),
        choices=[(scope, lazy(means)) for scope, means in SCOPES.items()],
        help_text=lazy("To take their opinions, let them add entries and vote."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class ShareForm(forms.Form):
    """A set of ours that a peer is to read."""

    set = forms.ModelChoiceField(
        label=lazy("Set"), queryset=HashSet.objects.none(), to_field_name="public_id",
        widget=forms.Select({"class": "input"}),
    )  # fmt: skip
    contribute = forms.BooleanField(label=lazy("They may add their opinions to it"), required=False)

    def __init__(self, *args: Any, by: User, peer: Peer, **kwargs: Any) -> None:
        """Offer what the person's agency owns or mirrors, and this peer does not read yet."""
        super().__init__(*args, **kwargs)
        ours = HashSet.objects.for_actor(by).filter(retired_at=None)
        ours = ours.filter(owner__in=access.agencies(by)) | ours.filter(reader__in=access.agencies(by))
        given = peer.shares.filter(ended_at=None).values("set")
        self.fields["set"].queryset = (  # type: ignore[attr-defined]
            ours.exclude(pk__in=given).exclude(owner=peer.organisation).order_by("name")
        )


class SubscribeForm(forms.Form):
    """A set of a peer that is to be read here."""

    set = forms.TypedChoiceField(label=lazy("Set"), coerce=UUID, widget=forms.Select({"class": "input"}))
    action = forms.ChoiceField(
        label=lazy("A strong match"), choices=Policy.Action.choices, initial=Policy.Action.PROPOSE,
        widget=forms.Select({"class": "input"}),
    )  # fmt: skip
    min_trust = forms.ChoiceField(
        label=lazy("From trust"),
        help_text=lazy(
            "Of entries that are trusted less, a match is a note only. One organisation alone is provisional."
        ),
        choices=[(str(level), lazy(str(level))) for level in MINIMA],
        initial="trusted",
        widget=forms.Select({"class": "input"}),
    )
    give = forms.BooleanField(
        label=lazy("Send our opinions on its entries there"),
        help_text=lazy("What people here saw and confirmed or disputed. Nothing of a case goes along."),
        required=False,
    )
    every = forms.IntegerField(
        label=lazy("Ask every … seconds"), min_value=SOONEST, max_value=SELDOM, initial=EVERY,
        widget=forms.NumberInput({"class": "input"}),
    )  # fmt: skip

    def __init__(self, *args: Any, offered: list[Offered], **kwargs: Any) -> None:
        """`offered`: what the peer says it shares with us."""
        super().__init__(*args, **kwargs)
        self.offered = {one.set_id: one for one in offered}
        self.fields["set"].choices = [  # type: ignore[attr-defined]
            (str(one.set_id), visible(f"{one.name} ({one.scheme})")) for one in offered
        ]


class TermsForm(forms.Form):
    """What is given to the owner of a set that is read here, and how often its peer is asked."""

    give = forms.BooleanField(
        label=lazy("Send our opinions on its entries there"),
        help_text=lazy("What people here saw and confirmed or disputed. Nothing of a case goes along."),
        required=False,
    )
    source = forms.ModelChoiceField(
        label=lazy("Contribute a set of ours to it"),
        help_text=lazy("What is published to that set from now on is sent there, too."),
        queryset=HashSet.objects.none(), required=False, widget=forms.Select({"class": "input"}),
    )  # fmt: skip
    every = forms.IntegerField(
        label=lazy("Ask every … seconds"), min_value=SOONEST, max_value=SELDOM,
        widget=forms.NumberInput({"class": "input"}),
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, subscription: Subscription, **kwargs: Any) -> None:
        """Offer the sets of the person's agency, which are its own to give."""
        super().__init__(*args, **kwargs)
        own = HashSet.objects.filter(owner=by.agency_id, retired_at=None).exclude(pk=subscription.set_id)
        self.fields["source"].queryset = own.order_by("name")  # type: ignore[attr-defined]


class MirrorNameForm(forms.Form):
    """What the copy of a set is called that a courier file begins."""

    name = forms.CharField(
        label=lazy("Name of the copy"),
        help_text=lazy(
            "Only for the first file of a set that is not read here yet: its copy is begun under this name."
        ),
        max_length=100,
        required=False,
        widget=TEXT,
    )


class UnpackForm(MirrorNameForm):
    """A courier file that came; its pieces may have been sent before."""

    file = forms.FileField(label=lazy("Courier file"), help_text=lazy("Its name ends in .tar."))
    field_order = ("file", "name")

    def __init__(self, *args: Any, sent: bool = False, **kwargs: Any) -> None:
        """`sent`: the file came piece by piece."""
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not sent
