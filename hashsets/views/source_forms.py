"""Forms of what sets follow: a connector says what it asks for (`remotes.base.Asks`)."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from hashsets.following import follows, places
from hashsets.following.follows import Wish
from hashsets.models import HashSet
from hashsets.remotes import Connector
from hashsets.views.exchange_forms import TEXT
from workbench.errors import WorkbenchError
from workbench.models import User

SECRET = {"class": "input", "autocomplete": "off", "spellcheck": "false"}


class SecretForm(forms.Form):
    """The parts of a secret, which no page ever shows."""

    def __init__(self, *args: Any, connector: Connector, **kwargs: Any) -> None:
        """One field for each part."""
        super().__init__(*args, **kwargs)
        self.connector = connector
        for number, label in enumerate(connector.asks.secrets):
            self.fields[f"secret{number}"] = forms.CharField(
                label=_(label), max_length=2_000, strip=True, widget=forms.PasswordInput(SECRET)
            )

    def secret(self) -> str:
        """The parts as a connector reads them. Their own rules are its to judge, but for the colon between them."""
        return ":".join(self.cleaned_data[f"secret{number}"] for number in range(len(self.connector.asks.secrets)))

    def clean(self) -> dict[str, Any]:
        """A colon within a part would move the border between parts."""
        given = super().clean() or {}
        for number in range(len(self.connector.asks.secrets) - 1):
            if ":" in given.get(f"secret{number}", ""):
                self.add_error(f"secret{number}", _("There is no colon in it."))
        return given


class SourceForm(SecretForm):
    """A server or folder that a set is to follow from now on."""

    set = forms.ModelChoiceField(
        label=lazy("Set"), queryset=HashSet.objects.none(), to_field_name="public_id",
        widget=forms.Select({"class": "input"}),
    )  # fmt: skip
    place = forms.CharField(max_length=500, widget=TEXT)
    category = forms.CharField(
        label=lazy("Category of its records"),
        help_text=lazy(
            "They come without one: a code of the set's scheme for all of them. Without it they are found, and "
            "close nothing."
        ),
        max_length=40,
        required=False,
        widget=TEXT,
    )
    every = forms.IntegerField(
        label=lazy("Ask every … seconds"), min_value=follows.EVERY[0], max_value=follows.EVERY[1], initial=300,
        widget=forms.NumberInput({"class": "input"}),
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        """The fields that the connector asks for; the sets that may follow it."""
        super().__init__(*args, **kwargs)
        self.by, asks = by, self.connector.asks
        self.fields["set"].queryset = follows.free_sets(by, self.connector)  # type: ignore[attr-defined]
        if not self.connector.releases:
            self.fields["set"].help_text = _("Only sets that are still empty are named here.")
        self.fields["place"].label, self.fields["place"].help_text = _(asks.place), _(asks.help)
        self.fields["place"].initial = f"{settings.LISTS}/" if asks.is_folder else ""
        if not asks.category:
            del self.fields["category"]
        self.order_fields(["set", "place", *(name for name in self.fields if name.startswith("secret"))])

    def clean_place(self) -> str:
        """Of a folder, whether a page may name it."""
        place: str = self.cleaned_data["place"]
        if self.connector.asks.is_folder:
            try:
                places.require_ours(place, self.by.agency_id)
            except WorkbenchError as error:
                raise forms.ValidationError(str(error)) from error
        return place

    def wish(self) -> Wish:
        """What was asked for."""
        data = self.cleaned_data
        return Wish(self.connector.id, data["place"], self.secret(), data["every"], data.get("category", ""))
