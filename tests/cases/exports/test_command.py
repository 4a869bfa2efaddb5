"""`manage.py export`: the package in a folder, its digest on the last line."""

import hashlib
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from cases.models import Case, Export
from tests.cases.exports import scene
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(people: People) -> Case:
    return scene.made(people)


def test_the_package_lands_in_the_folder_with_the_digest_told(
    case: Case, people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["26-0312", "--product", "vics", "--format", "1.3", "--out", str(tmp_path / "new"), "--json"]
    call_command("export", *arguments, "--as", people.exporter.username)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"path": str(tmp_path / "new" / Export.objects.get().file_name), "sha256": told["sha256"]}
    assert hashlib.sha256(Path(told["path"]).read_bytes()).hexdigest() == told["sha256"]


@pytest.mark.parametrize("product", ["schedule", "summary"])
@pytest.mark.parametrize("options", [["--media"], ["--region", "US"], ["--format", "1.3"]], ids=" ".join)
def test_options_of_another_product_are_refused(
    case: Case, people: People, tmp_path: Path, product: str, options: list[str]
) -> None:
    words = [case.number, "--product", product, "--out", str(tmp_path), *options]
    with pytest.raises(SystemExit) as stopped:
        call_command("export", *words, "--as", people.supervisor.username)
    assert stopped.value.code == 2
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("number", "product", "who"),
    [("26-0312", "court", "exporter"), ("26-0312", "vics", "investigator"), ("26-0312", "vics", "outsider")],
)
def test_what_may_not_be_ends_with_2_and_nothing(
    case: Case, people: People, tmp_path: Path, number: str, product: str, who: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        call_command("export", number, "--product", product, "--out", str(tmp_path), "--as", who)
    assert stopped.value.code == 2
    assert list(tmp_path.iterdir()) == []
    assert not Export.objects.exists()
