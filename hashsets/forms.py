"""What people type into pages about hash sets."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from hashsets import exchange, import_queue, scheme_tables
from hashsets.models import Disposition, HashSet, Policy
from hashsets.trust import MINIMA
from workbench.models import User

HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "pdq": "PDQ", "photodna": "PhotoDNA"}
MOST_PARTS = 50  # files of one list


class SetForm(forms.Form):
    """A new set."""

    name = forms.CharField(
        max_length=120,
        label=lazy("Name"),
        help_text=lazy("As people will look for it, such as “Harbour list 2026”."),
        widget=forms.TextInput({"class": "input"}),
    )
    role = forms.ChoiceField(
        label=lazy("Kind"),
        choices=HashSet.SetRole.choices,
        widget=forms.Select({"class": "input"}),
        initial="relevant",
    )
    scheme = forms.ChoiceField(label=lazy("Scheme"), widget=forms.Select({"class": "input"}))
    reach = forms.ChoiceField(
        label=lazy("Who may match against it"),
        choices=HashSet.Reach.choices,
        widget=forms.Select({"class": "input"}),
        initial="agency",
    )
    vouched = forms.BooleanField(
        label=lazy("We vouch for what is imported"),
        help_text=lazy("Otherwise its entries are provisional: other agencies' policies may ask for more."),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].choices = scheme_tables.choices(by)  # type: ignore[attr-defined]
        self.fields["scheme"].initial = scheme_tables.usual(by.agency)


class Files(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One to fifty files; cleaned to a list."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:  # type: ignore[type-arg]
        """Each file on its own."""
        given = data if isinstance(data, list) else [data]
        if len(given) > MOST_PARTS:
            raise forms.ValidationError(_("At most %(most_parts)s files.") % {"most_parts": MOST_PARTS})
        if not any(given) and not self.required:
            return []
        return [super(FilesField, self).clean(file, initial) for file in given or [None]]


class ImportForm(forms.Form):
    """A list to import; several files are its parts."""

    file = FilesField(
        label=lazy("File"),
        allow_empty_file=True,  # the import itself says what is wrong with it
        help_text=format_lazy(
            lazy("Several files are the parts of one list. Winnow reads {formats}; each as it is, in gzip or in zip."),
            formats=exchange.FORMATS,
        ),
        widget=Files({"class": "input", "multiple": True}),
    )
    mode = forms.ChoiceField(
        label=lazy("What the list is"),
        choices=[
            ("whole", lazy("This list is the whole set: what it lacks is withdrawn")),
            ("add", lazy("Add its entries to the set: nothing is withdrawn")),
        ],
        widget=forms.RadioSelect,
        initial="whole",
        required=False,
    )
    dry_run = forms.BooleanField(required=False)  # the button "Check first"
    incomplete = forms.BooleanField(
        label=lazy("Parts are missing"), help_text=lazy("Import the parts that are there."), required=False
    )
    only_media = forms.BooleanField(
        label=lazy("Pictures and videos only"),
        help_text=lazy("Of lists that name files, such as those of the NSRL."),
        required=False,
    )

    def __init__(self, *args: Any, sent: bool = False, **kwargs: Any) -> None:
        """`sent`: the files came before, piece by piece."""
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not sent

    def choices(self) -> import_queue.Choices:
        """What the import is to do, as `import_jobs` takes it."""
        data = self.cleaned_data
        return {
            "dry_run": data["dry_run"],
            "incomplete": data["incomplete"],
            "only_media": data["only_media"],
            "add": data["mode"] == "add",
        }


class PolicyForm(forms.Form):
    """What a match does in the person's agency. `back`: the policy is removed instead."""

    disposition = forms.ChoiceField(
        choices=[("", lazy("All")), *Disposition.choices], required=False, widget=forms.HiddenInput
    )
    action = forms.ChoiceField(
        label=lazy("A strong match"), choices=Policy.Action.choices, widget=forms.Select({"class": "input"})
    )
    min_trust = forms.ChoiceField(
        label=lazy("From trust"),
        help_text=lazy("Of entries that are trusted less, a match is a note only."),
        choices=[(str(level), lazy(str(level))) for level in MINIMA],
        widget=forms.Select({"class": "input"}),
    )
    may_discard = forms.BooleanField(
        label=lazy("Harmless may be hidden"),
        help_text=lazy("Files of known-good sets and of category 0 leave the queue unseen."),
        required=False,
    )
    reason = forms.CharField(label=lazy("Reason"), max_length=400, widget=forms.TextInput({"class": "input"}))
    back = forms.BooleanField(required=False)

    def clean_reason(self) -> str:
        """As it is logged."""
        return " ".join(self.cleaned_data["reason"].split())


class ExportForm(forms.Form):
    """How a set is saved."""

    format = forms.ChoiceField(choices=[(name, name) for name in exchange.WRITERS])
    region = forms.RegexField(r"\A[A-Za-z0-9_-]{1,40}\Z", required=False, strip=True)

    def clean_region(self) -> str:
        """`Default` is what most readers take (vics.md section 9)."""
        return self.cleaned_data["region"] or _("Default")


class OpinionForm(forms.Form):
    """What an organisation says of an entry; the categories are those of the set's scheme that are shared."""

    code = forms.ChoiceField(label=lazy("Category"), widget=forms.Select({"class": "input"}))
    kind = forms.ChoiceField(
        label=lazy("Rests on"),
        help_text=lazy("A look-alike hash may be shared by different files; a digest names one file."),
        widget=forms.Select({"class": "input"}),
        required=False,
    )
    looked = forms.BooleanField(
        label=lazy("We looked at the file ourselves"),
        help_text=lazy("Without, the opinion is kept and shown, and does not count."),
        required=False,
    )
    reason = forms.CharField(
        label=lazy("Reason, for your own agency"),
        max_length=400,
        required=False,
        widget=forms.TextInput({"class": "input"}),
    )

    def __init__(self, *args: Any, hash_set: HashSet, kinds: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [("", "–"), *_shared(hash_set)]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(kind, HASHES.get(kind, kind)) for kind in kinds]  # type: ignore[attr-defined]


class ResolutionForm(forms.Form):
    """How a supervisor of the owner settles a dispute."""

    code = forms.ChoiceField(label=lazy("Category"), widget=forms.Select({"class": "input"}))
    reason = forms.CharField(label=lazy("Reason"), max_length=400, widget=forms.TextInput({"class": "input"}))

    def __init__(self, *args: Any, hash_set: HashSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [("", "–"), *_shared(hash_set)]  # type: ignore[attr-defined]


def _shared(hash_set: HashSet) -> list[tuple[str, str]]:
    """The categories that may be published, as people choose them."""
    return [(one.code, f"{one.code} {one.label}") for one in hash_set.scheme.categories.filter(publishable=True)]
