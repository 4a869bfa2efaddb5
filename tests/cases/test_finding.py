"""Going to anything: each kind of thing is found by what people know of it, and nobody finds what is not his."""

from typing import Any

import pytest

from cases import finding
from cases.models import Case, Item
from tests import factories
from tests.people import signed_in
from workbench.models import Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(case: Case) -> Item:
    """A picture in the case, on a phone, under a name that is no ASCII."""
    return factories.item(factories.exhibit(case, "NM-07/phone"), "the picture", "DCIM/Café 1.jpg")


def named(user: User, text: str) -> list[tuple[str, str]]:
    return [(str(one.kind), one.name) for one in finding.find(user, text)]


def test_each_kind_is_found_by_what_people_know_of_it(case: Case, dana: User, scene: Item) -> None:
    sha256 = bytes(scene.content.sha256).hex()
    assert named(dana, "26-1") == [("Case", "26-1")]
    assert named(dana, "harb") == [("Case", "26-1")]
    assert named(dana, "nm-07") == [("Exhibit", "NM-07/phone")]
    assert named(dana, sha256) == named(dana, sha256[:8]) == [("Item", f"SHA256 {sha256[:16]}…")]
    for kind in ("md5", "sha1"):
        value = bytes(getattr(scene.content, kind)).hex()
        assert named(dana, value.upper()) == [("Item", f"{kind.upper()} {value[:16]}…")]
    assert named(dana, "CAFÉ") == []  # bytes that are no ASCII are compared as they are
    assert named(dana, "cafÉ") == []
    assert named(dana, "café 1") == named(dana, "Caf") == [("File", "DCIM/Café 1.jpg")]
    assert named(dana, "milo") == [("Person", "Milo Lind")]
    assert named(dana, sha256[:7]) == []
    for nothing in ("", "%", "_", "\0", "' OR 1=1 --", "\\"):
        assert named(dana, nothing) == []


def test_nobody_finds_what_is_not_in_his_scope(case: Case, dana: User, milo: User, ines: User, scene: Item) -> None:
    texts = ("26-1", "nm-07", bytes(scene.content.md5).hex(), "café", "milo", "dana")
    stranger = factories.person(case.agency)
    auditor = factories.person(case.agency, "auditor", Role.AUDITOR)
    for person in (ines, stranger, auditor):
        assert [named(person, text) for text in texts] == [[]] * len(texts)


def test_who_may_see_no_items_finds_neither_hashes_nor_files(case: Case, dana: User, sam: User, scene: Item) -> None:
    from cases.models import CaseMember

    exporter = factories.person(case.agency, "exporter", Role.EXPORTER)
    CaseMember.objects.create(case=case, user=exporter)
    assert named(exporter, "26-1") == [("Case", "26-1")]
    assert named(exporter, bytes(scene.content.md5).hex()) == named(exporter, "café") == []
    assert named(sam, "café") == [("File", "DCIM/Café 1.jpg")]  # a supervisor reaches the agency's cases


def test_one_exact_hit_is_gone_to_and_all_else_is_listed(case: Case, dana: User, scene: Item) -> None:
    client = signed_in(dana)

    def go(text: str) -> Any:
        return client.get("/goto/", {"q": text}, secure=True)

    assert go("26-1").headers["Location"] == f"/cases/{case.public_id}/"
    assert go(bytes(scene.content.sha1).hex()).headers["Location"] == f"/items/{scene.public_id}/"
    assert f"/items/{scene.public_id}/" in go("café").content.decode()
    assert "Nothing found" in go("nothing of the kind").content.decode()
    listed = client.get("/api/v1/goto", {"q": "harbour"}, secure=True).json()["found"]
    assert listed == [{"kind": "Case", "name": "26-1", "about": "Harbour", "url": f"/cases/{case.public_id}/"}]
