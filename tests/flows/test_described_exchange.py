"""The exchange answers as it describes itself, and a client that others wrote reads it."""

import pytest
import requests
from odata import ODataService

from tests.product import Product
from tests.programmes import exchange
from tests.programmes.exchange import World


@pytest.fixture(scope="module")
def world(live: Product) -> World:
    """A paired organisation in the running product."""
    return exchange.made(live)


def test_of_calls_made_up_from_the_description_none_fails_and_each_answer_is_described(
    live: Product, world: World
) -> None:
    status, said = exchange.asked(live, world, examples=2, seed=4, real=True)
    assert status == 0, said
    assert "Tested: 17" in said


def test_a_stock_client_reads_metadata_sets_and_entries_page_by_page(live: Product, world: World) -> None:
    credential = {"grant_type": "client_credentials", "client_id": world.client_id, "client_secret": world.secret}
    token = requests.post(f"{live.url}/odata/v1/token", data=credential, timeout=60).json()["access_token"]
    session = requests.Session()
    session.headers.update({"Authorization": f"Bearer {token}", "Prefer": "odata.maxpagesize=2"})
    service = ODataService(f"{live.url}/odata/v1/", reflect_entities=True, session=session, quiet_progress=True)
    assert {"HashSets", "Media"} <= service.entities.keys()
    one_set = service.entities["HashSets"]
    [shared] = list(service.query(one_set).filter(one_set.Kind == "relevant"))
    assert (str(shared.SetID), shared.EntryCount) == (world.set_id, 3)
    entries = service.entities["Media"]
    entries.__odata_collection__ = f"HashSets({world.set_id})/Media"
    query = service.query(entries).filter(entries.Category == "1")
    assert len({str(entry.EntryID) for entry in query}) == 3
    assert {"MD5", "EntryID", "Seq", "Trust"} == set(next(iter(query.select(entries.MD5))))
