"""Whoever can choose a receiver's address reaches nothing that only this machine reaches."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from renderer.deliver.addresses import Rules, networks, public
from renderer.deliver.sender import Answer, Sender
from renderer.errors import BadInput, EnvironmentFault
from tests.receivers import LOOPBACK, Receiver, receiver

REFUSED = (
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1", "2001:0:1::1", "2001:db8::1", "3fff::1", "fe80::1", "fec0::1",
    "fc00::1", "fd12::1", "ff02::1", "100::1", "5f00::1",
)  # fmt: skip
OPEN = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00::1")

UNREADABLE = (
    "", "crm.example", "ftp://crm.example/", "gopher://crm.example/", "file:///etc/passwd", "//crm.example/",
    "https://", "https:///path", "https:crm.example", "https://user@crm.example/", "https://user:pw@crm.example/",
    "https://crm.example@127.0.0.1/", "https://crm.example\\@127.0.0.1/", "https://crm.example/#x",
    "https://crm.example /", "https://crm.example/\r\nX: y", "https://crm.example/\t", "https://crm.example/a b",
    "https://crm..example/", "https://-crm.example/", "https://crm.example:99999/", "https://crm.example:22/",
    "https://crm.example:80/", "https://crm.example:0/", "https://[fe80::1%25eth0]/", "https://[::1/", "https://[]/",
    "https://２１０.example/", "https://ⓛocalhost/", "https://crm%2eexample/", "https://127.1/", "https://2130706433/",
    "https://0x7f000001/", "https://0x7f.0.0.1/", "https://017700000001/", "https://0177.0.0.1/", "https://127.0.0.1./",
    "https://127.0.0.01/", "https://[cafe]/", "http://crm.example/", "http://8.8.8.8/", "https://" + "a" * 2000,
)  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_addresses_that_are_not_public(text: str) -> None:
    assert not public(ip_address(text))
    target = Rules().read("https://crm.example/hook")
    with pytest.raises(BadInput) as caught:
        Rules().check(target, ["8.8.8.8", text])  # each of them has to be
    assert caught.value.code == "webhook.address"
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(BadInput):
        Rules().read(f"https://{host}/")


@pytest.mark.parametrize("text", OPEN)
def test_addresses_that_are_public(text: str) -> None:
    assert Rules().check(Rules().read("https://crm.example/"), [text]) == [text]


@pytest.mark.parametrize("url", UNREADABLE)
def test_addresses_that_can_never_be_used(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Rules().read(url)
    assert caught.value.code == "webhook.address"


def test_an_address_is_taken_apart_once() -> None:
    target = Rules().read("HTTPS://CRM.Example:8443/hook/a%20b?c=d&e=%2F")
    assert (target.scheme, target.host, target.port, target.path) == (
        "https", "crm.example", 8443, "/hook/a%20b?c=d&e=%2F",
    )  # fmt: skip
    assert target.named == "crm.example:8443" and target.literal is None
    assert Rules().read("https://xn--bcher-kva.example").path == "/"
    assert Rules().read("https://crm.example./").host == "crm.example"  # as it stands in a certificate


def test_what_the_operator_allows_is_allowed_and_nothing_else() -> None:
    inside = Rules(networks("10.1.2.0/24, fd00::/8"))
    target = inside.read("https://crm.intern/")
    assert inside.check(target, ["10.1.2.3", "fd00::1"]) == ["10.1.2.3", "fd00::1"]
    for other in ("10.1.3.1", "127.0.0.1", "::ffff:10.1.2.3"):
        with pytest.raises(BadInput):
            inside.check(target, [other])
    with pytest.raises(BadInput):  # plain http is for this machine only
        inside.read("http://10.1.2.3/")
    machine = Rules(networks(LOOPBACK))
    machine.check(machine.read("http://hooks.local:8080/"), ["127.0.0.1"])
    for address in ("8.8.8.8", "10.1.2.3"):
        with pytest.raises(BadInput):
            machine.check(machine.read("http://hooks.local:8080/"), [address])


@pytest.mark.parametrize("text", ["10.1.2.3/8", "crm.example", "10.0.0.0/33", "a,b"])
def test_a_setting_that_is_no_network_is_said_so(text: str) -> None:
    with pytest.raises(EnvironmentFault):
        networks(text)


# ---------------------------------------------------------------- On the way


def post(url: str, *answers: Sequence[str], rules: Rules | None = None) -> list[Answer]:
    """An attempt for each answer that the name has."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        found = left.pop(0)
        if not found:
            raise socket.gaierror
        return found

    async def send() -> list[Answer]:
        sender = Sender(rules or Rules(networks(LOOPBACK)), resolve=resolve)
        try:
            return [await sender.post(url, {}, "{}") for _ in answers]
        finally:
            await sender.close()

    return asyncio.run(send())


def test_a_name_is_looked_up_and_looked_at_for_every_attempt() -> None:
    with receiver() as there:
        url = f"http://crm.example:{there.port}/ok"
        found = post(url, ["127.0.0.1"], ["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "192.168.0.1"], [])
        assert [one.code for one in found] == [None, None, "webhook.address", "webhook.address", "webhook.resolve"]
        assert [one.headers["host"] for one in there.got] == [f"crm.example:{there.port}"] * 2


def test_the_connection_is_made_to_the_address_that_was_looked_at() -> None:
    """A name that leads elsewhere a moment later (DNS rebinding) leads nowhere: it is asked once."""
    asked = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async def send(port: int) -> Answer:
        sender = Sender(Rules(networks(LOOPBACK)), resolve=resolve)
        try:
            return await sender.post(f"http://no-such-name.invalid:{port}/ok", {}, "{}")
        finally:
            await sender.close()

    with receiver() as there:
        assert asyncio.run(send(there.port)).code is None  # the system could not have found that name
    assert asked == ["no-such-name.invalid"]


def test_another_address_of_a_name_is_tried_when_one_does_not_answer() -> None:
    with receiver() as there:
        (found,) = post(f"http://crm.example:{there.port}/ok", ["127.0.0.9", "127.0.0.1"])
        assert found.code is None and len(there.got) == 1


def test_messages_to_one_host_do_not_wait_for_each_other() -> None:
    """Many endpoints may be at one host, as those of a service that takes in webhooks for others are."""

    async def send(there: Receiver) -> None:
        url, sender = there.url(""), Sender(Rules(networks(LOOPBACK)), connections=2)
        slow = [asyncio.create_task(sender.post(f"{url}/slow", {}, "{}")) for _ in range(6)]
        try:
            while len(there.of("/slow")) < 2:
                await asyncio.sleep(0.01)
            assert (await sender.post(f"{url}/ok", {}, "{}")).code is None and not any(one.done() for one in slow)
        finally:
            for one in slow:
                one.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
            await sender.close()

    with receiver() as there:
        asyncio.run(send(there))


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2027 00:00:99999999999999999999 GMT", None),
    ],
)
def test_what_a_receiver_asks_for_is_read_or_passed_over(asked: str, seconds: float | None) -> None:
    with receiver(answers={"/ok": f"503 Away\r\nretry-after: {asked}"}) as there:
        (found,) = post(there.url(), ["127.0.0.1"])
    assert (found.status, found.code, found.asked_s) == (503, "webhook.answer", seconds)


def test_a_name_that_hangs_takes_one_thread_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can call a question to the system's resolver back."""
    hanging, asked = threading.Event(), []

    def slow(host: str, *_given: object, **_options: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "hangs.example":
            hanging.wait(120)
        return [(0, 0, 0, "", ("127.0.0.1", 0))]

    monkeypatch.setattr("renderer.deliver.sender.RESOLVE_S", 0.3)
    monkeypatch.setattr("renderer.deliver.sender.socket.getaddrinfo", slow)

    async def send(port: int) -> list[str | None]:
        sender = Sender(Rules(networks(LOOPBACK)))
        try:
            hang = [asyncio.create_task(sender.post(f"http://hangs.example:{port}/ok", {}, "{}")) for _ in range(300)]
            await asyncio.sleep(0)  # all of them ask
            monkeypatch.setattr("renderer.deliver.sender.RESOLVE_S", 60)
            there = [sender.post(f"http://crm{number}.example:{port}/ok", {}, "{}") for number in range(3)]
            well = await asyncio.gather(*there)
            assert not hanging.is_set()
            return [one.code for one in (*await asyncio.gather(*hang), *well)]
        finally:
            hanging.set()
            await sender.close()

    with receiver() as there:
        codes = asyncio.run(send(there.port))
    assert codes == ["webhook.resolve"] * 300 + [None] * 3 and asked.count("hangs.example") == 1


def test_connections_are_kept_to_a_bounded_number_of_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.deliver.sender.KEPT", 3)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def send(port: int) -> tuple[set[str | None], int]:
        sender = Sender(Rules(networks(LOOPBACK)), resolve=resolve)
        try:
            tries = [sender.post(f"http://crm{number % 10}.example:{port}/ok", {}, "{}") for number in range(50)]
            return {one.code for one in await asyncio.gather(*tries)}, len(sender._lines)
        finally:
            await sender.close()

    with receiver() as there:
        assert asyncio.run(send(there.port)) == ({None}, 3)


def test_nothing_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiver() as there:
        found = post(f"http://crm.example:{there.port}/ok", ["127.0.0.1"], ["127.0.0.1"])
        assert [one.code for one in found] == [None, None]
        assert not [one for one in there.got if "cookie" in one.headers]  # it has set one each time
