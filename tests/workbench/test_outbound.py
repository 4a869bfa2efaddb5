"""Requests to other servers: to whom they speak, how much they take, and what is tried again (security.md 7.2)."""

import gzip
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.foreign import Asked, Authority, Said, Server, serving
from workbench import answers, outbound, peer_addresses
from workbench.errors import BadInput, WorkbenchError
from workbench.outbound import Client, Limits, Tls
from workbench.outbound_errors import (
    AnswerRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    CertificateRefused,
    PeerBusy,
    PeerTooSlow,
    PeerUnreachable,
    RedirectRefused,
)

QUICK = Limits(body=10_000, seconds=1.0, step=0.5, depth=4, rows=5, line=100)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _listed(settings: Any) -> None:
    settings.PEER_AUTHORITIES = None


def client(server: Server, settings: Any, *, name: str = "127.0.0.1", **more: Any) -> Client:
    scheme = "https" if server.tls else "http"
    settings.PEER_HOSTS = peer_addresses.allowed(f"{name}:{server.server_port}")
    return Client(f"{scheme}://{name}:{server.server_port}/base/", **({"limits": QUICK} | more))


def says(**said: Any) -> Any:
    return lambda _asked: Said(**said)


def echo(asked: Asked) -> Said:
    return Said(body=f"{asked.method} {asked.path} {len(asked.body)}".encode())


def test_a_request_is_answered_over_tls_that_an_extra_authority_vouches_for(
    authority: Authority, settings: Any
) -> None:
    for name in ("127.0.0.1", "localhost"):
        with (
            serving(echo, authority.server_context(name)) as server,
            client(server, settings, name=name, tls=Tls(authorities=authority.file)) as peer,
        ):
            assert peer.get("Media?a=1").body == b"GET /base/Media?a=1 0"
            assert peer.post("/Lookup", b"{}").body == b"POST /Lookup 2"
            assert {asked.headers["host"] for asked in server.asked} == {f"{name}:{server.server_port}"}


@pytest.mark.parametrize(
    ("rule", "name", "ends"),
    [
        ("of an authority that nobody named", "", 1),
        ("for another name", "other.example.org", 1),
        ("that is over", "127.0.0.1", -1),
    ],
)
def test_a_certificate_is_refused(rule: str, name: str, ends: int, authority: Authority, settings: Any) -> None:
    context = authority.server_context(name or "127.0.0.1", ends=timedelta(days=ends))
    tls = Tls(authorities=authority.file) if name else Tls()
    with serving(echo, context) as server, client(server, settings, tls=tls) as peer:
        with pytest.raises(CertificateRefused) as told:
            peer.get()
        assert told.value.permanent
        assert server.asked == []


def test_a_server_that_asks_who_we_are_is_shown_our_certificate(authority: Authority, settings: Any) -> None:
    certificate, key = authority.issue("node.example.org")
    with serving(echo, authority.server_context("127.0.0.1", asks_clients=True)) as server:
        with client(server, settings, tls=Tls(certificate, key, authority.file)) as peer:
            assert peer.get().status == 200
        with client(server, settings, tls=Tls(authorities=authority.file)) as peer, pytest.raises(PeerUnreachable):
            peer.get()
    assert len(server.asked) == 1


def test_no_redirect_is_followed(settings: Any) -> None:
    with serving(says(status=302, headers={"location": "/elsewhere"})) as server:
        with client(server, settings) as peer, pytest.raises(RedirectRefused):
            peer.get()
        assert [asked.path for asked in server.asked] == ["/base/"]


def test_a_link_to_another_place_is_not_followed(settings: Any) -> None:
    with serving(echo) as server, serving(echo) as other, client(server, settings) as peer:
        answer = peer.get()
        with pytest.raises(peer_addresses.AddressRefused):
            answer.link(f"http://127.0.0.1:{other.server_port}/")
        with pytest.raises(peer_addresses.AddressRefused):
            peer.get(f"http://127.0.0.1:{other.server_port}/")
        assert other.asked == []


def test_no_proxy_of_the_environment_is_used(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(echo) as server, serving(echo) as proxy, client(server, settings) as peer:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
        assert peer.get().status == 200
        assert proxy.asked == []


def test_no_cookie_is_kept(settings: Any) -> None:
    with serving(says(headers={"set-cookie": "a=b"})) as server, client(server, settings) as peer:
        peer.get()
        peer.get()
        assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize(
    ("auth", "sent"),
    [(("user", "päss:word"), "Basic dXNlcjpww6Rzczp3b3Jk"), ("Bearer abc", "Bearer abc"), (None, None)],
)
def test_who_we_are_goes_with_each_request(auth: Any, sent: str | None, settings: Any) -> None:
    with serving(echo) as server, client(server, settings, auth=auth) as peer:
        peer.get(headers={"If-None-Match": '"5"'})
    assert server.asked[0].headers.get("authorization") == sent
    assert server.asked[0].headers["if-none-match"] == '"5"'


@pytest.mark.parametrize("headers", [{"x": "a\r\ny: b"}, {"x\r\ny": "a"}, {"": "a"}, {"x": "ä"}, {"x": "a\0"}])
def test_what_would_be_two_headers_is_not_sent(headers: dict[str, str], settings: Any) -> None:
    with serving(echo) as server, client(server, settings) as peer, pytest.raises(BadInput):
        peer.get(headers=headers)
    assert server.asked == []


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 404, 409, 410, 413])
def test_the_caller_gets_every_answer_that_means_something(status: int, settings: Any) -> None:
    with serving(says(status=status, headers={"ETag": '"7"'})) as server, client(server, settings) as peer:
        answer = peer.get()
    assert (answer.status, answer.headers["etag"]) == (status, '"7"')
    if status != 200:
        with pytest.raises(AnswerRefused, match=str(status)):
            answer.require(200)


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "7", 7),
        (503, "in five minutes", 300),
        (503, "99999999", 86_400),
        (500, "soon", 0),
        (502, "-5", 0),
        (504, "", 0),
    ],
)
def test_a_busy_server_is_asked_again_when_it_says(status: int, header: str, seconds: int, settings: Any) -> None:
    if header == "in five minutes":
        header = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    headers = {"retry-after": header} if header else {}
    busy = says(status=status, headers=headers)
    with serving(busy) as server, client(server, settings) as peer, pytest.raises(PeerBusy) as told:
        peer.get()
    assert not told.value.permanent
    assert abs(told.value.seconds - seconds) <= (60 if "GMT" in header else 0)


def test_a_get_is_tried_again_and_a_post_never_is(settings: Any) -> None:
    statuses = iter([429, 503, 200])

    def answer(asked: Asked) -> Said:
        return Said(status=next(statuses) if asked.method == "GET" else 503)

    with serving(answer) as server, client(server, settings) as peer:
        assert peer.get(tries=3).status == 200
        with pytest.raises(PeerBusy):
            peer.post("", b"")
    assert [asked.method for asked in server.asked] == ["GET", "GET", "GET", "POST"]


def test_nobody_waits_longer_than_one_step_for_a_busy_server(settings: Any) -> None:
    with serving(says(status=429, headers={"retry-after": "600"})) as server, client(server, settings) as peer:
        began = time.monotonic()
        with pytest.raises(PeerBusy):
            peer.get(tries=5)
    assert time.monotonic() - began < 1
    assert len(server.asked) == 1


HEAD = b"HTTP/1.1 200 OK\r\n"
BIG = gzip.compress(b" " * 5_000_000)


@pytest.mark.parametrize(
    ("rule", "said", "error"),
    [
        ("a body that is too long, as it says itself", {"body": b"x" * 10_001}, AnswerTooLarge),
        ("one that does not say so", {"raw": HEAD + b"\r\n" + b"x" * 20_000}, AnswerTooLarge),
        ("one that says it is short", {"raw": HEAD + b"content-length: 5\r\n\r\n12345678"}, None),
        ("a small one that unpacks to much", {"body": BIG, "headers": {"content-encoding": "gzip"}}, AnswerTooLarge),
        ("a packed one that is none", {"body": b"abc", "headers": {"content-encoding": "gzip"}}, AnswerUnreadable),
        ("a packed one that ends early", {"body": gzip.compress(b"a" * 99)[:-9],
                                          "headers": {"content-encoding": "gzip"}}, AnswerUnreadable),
        ("a way to pack that we did not ask for", {"headers": {"content-encoding": "br"}}, AnswerUnreadable),
        ("a body that breaks off", {"raw": HEAD + b"content-length: 50\r\n\r\nabc"}, PeerUnreachable),
        ("nothing", {"raw": b""}, PeerUnreachable),
        ("no HTTP", {"raw": b"SSH-2.0-server\r\n"}, PeerUnreachable),
        ("headers without end", {"raw": HEAD + b"x: " + b"y" * 300_000}, PeerUnreachable),
        ("no answer in time", {"raw": b"HTT", "pause": 2.0}, PeerTooSlow),
        ("a header byte by byte", {"raw": HEAD + b"x: " + b"y" * 1_000, "pause": 0.05}, PeerTooSlow),
        ("a body byte by byte", {"raw": HEAD + b"content-length: 1000\r\n\r\n" + b"y" * 1_000, "pause": 0.05},
         PeerTooSlow),
    ],
)  # fmt: skip
def test_of_a_bad_answer_nothing_is_used(
    rule: str, said: dict[str, Any], error: type[WorkbenchError] | None, settings: Any
) -> None:
    began = time.monotonic()
    with serving(says(**said)) as server, client(server, settings) as peer:
        if error is None:
            assert peer.get().body == b"12345"
        else:
            with pytest.raises(error):
                peer.get()
    assert time.monotonic() - began < 2.5


def test_packed_answers_are_unpacked(settings: Any) -> None:
    text = bytes(range(256)) * 30
    said = {"body": gzip.compress(text), "headers": {"content-encoding": "gzip"}}
    with serving(says(**said)) as server, client(server, settings) as peer:
        assert peer.get().body == text
    assert server.asked[0].headers["accept-encoding"] == "gzip"


class Row(msgspec.Struct):
    """One row of a page."""

    id: int
    name: str = ""


class Page(msgspec.Struct):
    """A page of rows."""

    value: list[Row]


def test_json_is_read_into_types() -> None:
    body = rb'{"value":[{"id":1,"name":"a\"]}\\"},{"id":2,"odd":[]}]}'
    assert [row.name for row in answers.decode(body, Page, QUICK).value] == ['a"]}\\', ""]


@pytest.mark.parametrize(
    ("rule", "body", "error"),
    [
        ("deeper than allowed", b"[" * 5 + b"]" * 5, AnswerTooLarge),
        ("deeper by far, without an end", b"[" * 1_000_000, AnswerTooLarge),
        ("deep in what the type does not know", b'{"value":[],"x":' + b'{"a":' * 50 + b"1" + b"}" * 51, AnswerTooLarge),
        ("more rows than allowed", b'{"value":[' + b",".join([b'{"id":1}'] * 6) + b"]}", AnswerTooLarge),
        ("no JSON", b"<html>", AnswerUnreadable),
        ("cut off", b'{"value":[{"id":1}', AnswerUnreadable),
        ("another type", b'{"value":[{"id":"one"}]}', AnswerUnreadable),
        ("no text", b'{"value":[{"id":1,"name":"\xff"}]}', AnswerUnreadable),
        ("brackets that only stand in texts are none", b'{"value":[{"id":1,"name":"[[[[[[[["}]}', None),
    ],
)
def test_json_is_measured_before_it_is_read(rule: str, body: bytes, error: Any) -> None:
    if error is None:
        assert answers.decode(body, Page, QUICK)
        return
    with pytest.raises(error):
        answers.decode(body, Page, QUICK)


def test_lines_come_one_by_one_however_they_are_cut(settings: Any) -> None:
    assert list(answers.lines([b"on", b"e\r\n\ntw", b"o\nthree"], QUICK)) == [b"one", b"two", b"three"]
    with serving(says(body=b"a\nb\n")) as server, client(server, settings) as peer, peer.stream_lines("x") as found:
        assert list(found) == [b"a", b"b"]
    for pieces in ([b"x" * 101], [b"x\n" * 6]):
        with pytest.raises(AnswerTooLarge):
            list(answers.lines(pieces, QUICK))


def test_a_stream_that_is_left_early_leaves_the_client_usable(settings: Any) -> None:
    limits = Limits(body=10_000_000, seconds=5, step=1)
    with serving(says(body=b"line\n" * 1_000_000)) as server, client(server, settings, limits=limits) as peer:
        with peer.stream_lines("x") as found:
            assert next(found) == b"line"
        assert peer.get("y", headers={"x": "1"}).status == 200


def test_what_goes_wrong_names_the_host_and_no_secret(settings: Any) -> None:
    with serving(says(status=503)) as server, pytest.raises(PeerBusy) as told:
        client(server, settings, auth=("user", "hidden")).get("x?token=hidden")
    assert "127.0.0.1" in str(told.value)
    assert "hidden" not in str(told.value)


def test_a_key_that_is_none_is_told(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "key").write_text("none")
    settings.PEER_HOSTS = peer_addresses.allowed("peer.example.org")
    with pytest.raises(BadInput):
        Client("https://peer.example.org/", tls=outbound.Tls(tmp_path / "key", tmp_path / "key"))
