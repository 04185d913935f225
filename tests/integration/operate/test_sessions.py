"""Who is let in on the operators' page and until when, and that forms count only from pages of ours."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from renderer.errors import EnvironmentFault
from renderer.ledger.ended_sessions import EndedSessions
from renderer.ledger.model import wall_clock
from tests.http_house import HttpHouse, http_house
from tests.operate_house import (
    Visitor,
    location,
    run_row,
    text_of,
)

# ---------------------------------------------------------------- signing in and out


def test_a_key_signs_in_and_never_comes_back(house: HttpHouse) -> None:
    key = house.key("read")
    visitor = Visitor(house)
    answer = visitor.sign_in(key, to="/operate/runs?state=open")
    assert location(answer) == "/operate/runs?state=open"
    cookie = answer.headers["set-cookie"]
    name, *attributes = [part.strip().lower() for part in cookie.split(";")]
    assert name.startswith("dearly-operate=")
    assert {"httponly", "samesite=strict", "path=/operate", "max-age=28800"} <= set(attributes)
    assert "secure" not in attributes  # this address speaks no HTTPS
    assert key not in cookie and key.split("_")[1] not in cookie
    assert "Nothing" in text_of(visitor.get("/operate/runs")) or "Runs" in text_of(visitor.get("/operate/runs"))
    assert location(visitor.get("/operate/sign-in")) == "/operate"


@pytest.mark.parametrize("shown", ["", "dearly_nobody", "dearly_0123456789ab_" + "A" * 43])
def test_what_is_no_key_signs_nobody_in(house: HttpHouse, shown: str) -> None:
    visitor = Visitor(house)
    answer = visitor.sign_in(shown)
    assert answer.status == 401 and "set-cookie" not in answer.headers
    assert "This key opens nothing." in text_of(answer)
    assert not shown or shown not in answer.body.decode()


def test_a_key_that_may_not_read_signs_nobody_in(house: HttpHouse) -> None:
    answer = Visitor(house).sign_in(house.key("submit"))
    assert answer.status == 403 and "set-cookie" not in answer.headers and "'read'" in text_of(answer)


def test_guesses_are_slowed_down_and_a_good_key_is_not(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("renderer.api.limits.Buckets.take", _refused_missed)
        answer = Visitor(house).sign_in("nothing")
        assert answer.status == 429 and int(answer.headers["retry-after"]) > 0
        assert Visitor(house).sign_in(house.all).status == 303


def _refused_missed(self: Any, name: str) -> Any:
    """Of an address there is nothing left; of keys there is."""
    from renderer.api.limits import Taken

    return Taken(name != "127.0.0.1", 5, 0 if name != "127.0.0.1" else 2)


def test_who_is_not_signed_in_is_led_to_the_door_and_back(house: HttpHouse, held: str) -> None:
    visitor = Visitor(house)
    door = location(visitor.get(f"/operate/runs/{held}"))
    assert door == f"/operate/sign-in?to=%2Foperate%2Fruns%2F{held}"
    shown = visitor.get(door).body.decode()
    assert f'name="to" value="/operate/runs/{held}"' in shown
    assert location(visitor.sign_in(house.all, to=f"/operate/runs/{held}")) == f"/operate/runs/{held}"
    picture = Visitor(house).get(f"/operate/runs/{held}/report.csv", Sec_Fetch_Dest="image")
    assert picture.status == 401


def test_signing_out_ends_the_session(house: HttpHouse) -> None:
    visitor = Visitor(house, house.all)
    kept = visitor.cookie
    answer = visitor.send("/operate/sign-out", {"token": visitor.token()})
    assert location(answer) == "/operate/sign-in" and "max-age=0" in answer.headers["set-cookie"].lower()
    visitor.cookie = kept  # somebody wrote it down before
    assert location(visitor.get("/operate")) == "/operate/sign-in"


def test_signing_out_counts_in_every_process_of_the_api(tmp_path: Path, ledger_url: str) -> None:
    with http_house(tmp_path, ledger_url) as house, http_house(tmp_path, ledger_url) as other:
        visitor, elsewhere = Visitor(house, house.all), Visitor(other)
        elsewhere.cookie = visitor.cookie
        assert elsewhere.get("/operate").status == 200
        assert location(visitor.send("/operate/sign-out", {"token": visitor.token()})) == "/operate/sign-in"
        until = time.monotonic() + 60  # what was alive a moment ago is taken to be so for a second
        while elsewhere.get("/operate").status == 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert location(elsewhere.get("/operate")) == "/operate/sign-in"
        assert Visitor(other, house.all).get("/operate").status == 200  # the key opens as before
        assert location(visitor.get("/operate")) == "/operate/sign-in"


def test_who_could_not_be_signed_out_is_told_so(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_self: EndedSessions, _nonce: str, _until_ms: int) -> None:
        raise EnvironmentFault("environment.ledger", "The ledger is away.")

    visitor = Visitor(house, house.all)
    token = visitor.token()
    with monkeypatch.context() as patch:
        patch.setattr(EndedSessions, "add", away)
        answer = visitor.send("/operate/sign-out", {"token": token})
    assert answer.status == 503 and "The ledger is away." in text_of(answer) and "set-cookie" not in answer.headers
    assert visitor.get("/operate").status == 200
    assert location(visitor.send("/operate/sign-out", {"token": token})) == "/operate/sign-in"


@pytest.mark.parametrize("how", ["revoked", "rotated", "expired"])
def test_a_session_ends_with_its_key(house: HttpHouse, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = house.key("read", expires_ms=wall_clock() + 3_600_000 if how == "expired" else None)
    visitor = Visitor(house, key)
    assert visitor.get("/operate").status == 200
    key_id = key.split("_")[1]
    if how == "revoked":
        house.keys.revoke(key_id)
    elif how == "rotated":
        _, fresh = house.keys.rotate(key_id, 0)
        assert Visitor(house, fresh).get("/operate").status == 200
    else:
        later = wall_clock() + 3_600_000
        monkeypatch.setattr(house.services.key_ring, "_clock", lambda: later)
    until = time.monotonic() + 60
    while visitor.get("/operate").status == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert location(visitor.get("/operate")) == "/operate/sign-in"
    assert visitor.send("/operate/sign-out", {"token": "x"}).status == 401


def test_a_rotated_key_opens_as_long_as_the_overlap_lasts(house: HttpHouse) -> None:
    key = house.key("read")
    visitor = Visitor(house, key)
    house.keys.rotate(key.split("_")[1], 60_000)
    time.sleep(1.1)
    assert visitor.get("/operate").status == 200


def test_behind_a_proxy_addresses_and_cookie_are_its(tmp_path: Path) -> None:
    address = "https://dearly.example/render"
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_url=address) as house:
        visitor = Visitor(house)
        assert visitor.sign_in(house.all).status == 403  # sent by a page of another address
        visitor.sent["Origin"] = "https://dearly.example"
        answer = visitor.sign_in(house.all)
        assert location(answer) == "/render/operate"
        cookie = answer.headers["set-cookie"].lower()
        assert (
            cookie.startswith("__secure-dearly-operate=") and "; secure" in cookie and "path=/render/operate;" in cookie
        )
        links = re.findall(r'(?:href|src|action)="([^"#]+)"', visitor.get("/operate").body.decode())
        assert links and all(link.startswith("/render/operate") for link in links)


# ---------------------------------------------------------------- forms


def test_a_form_from_elsewhere_changes_nothing(house: HttpHouse, all_: Visitor, held: str) -> None:
    token = all_.token()
    other = Visitor(house, house.all)
    fields = {"token": token}
    refused = {
        "no token": all_.send(f"/operate/runs/{held}/approve", {}),
        "a wrong token": all_.send(f"/operate/runs/{held}/approve", {"token": "0" * 32}),
        "another session's token": other.send(f"/operate/runs/{held}/approve", fields),
        "another origin": all_.send(f"/operate/runs/{held}/approve", fields, Origin="https://example.com"),
        "no origin": all_.send(f"/operate/runs/{held}/approve", fields, Origin="null"),
        "another site": all_.send(f"/operate/runs/{held}/approve", fields, Sec_Fetch_Site="cross-site"),
        "the same site": all_.send(f"/operate/runs/{held}/approve", fields, Sec_Fetch_Site="same-site"),
        "nobody knows where": all_.send(f"/operate/runs/{held}/reject", fields, Origin="", Sec_Fetch_Site=""),
        "signing in from elsewhere": other.sign_in(house.all, Origin="https://example.com"),
    }
    assert {name: answer.status for name, answer in refused.items()} == dict.fromkeys(refused, 403)
    row = run_row(house, held)
    assert row.approved_ms is None and row.state == "running"
    assert all_.get(f"/operate/runs/{held}/approve").status == 200
    assert run_row(house, held).approved_ms is None  # to ask is not to decide
    assert all_.send(f"/operate/runs/{held}/approve", fields).status == 303


def test_a_form_of_another_kind_is_not_read(house: HttpHouse, all_: Visitor, held: str) -> None:
    sent = {**all_.sent, "Cookie": all_.cookie, "Content_Type": "text/plain"}
    answer = house.call("POST", f"/operate/runs/{held}/approve", f"token={all_.token()}", key=None, **sent)
    assert answer.status == 415
    many = all_.send(f"/operate/runs/{held}/approve", {f"f{number}": "x" for number in range(20)})
    assert many.status == 400
    assert all_.send("/operate/sign-in", {"key": "x" * 100_000}).status == 413
    assert all_.get("/operate/sign-out").status == 405
