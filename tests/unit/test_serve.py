"""The little server: ranges as players ask for them, nothing outside the folder, nothing for another host's page."""

from __future__ import annotations

import http.client

import pytest

from renderer.cli.serve import start

FILM = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("served")
    folder = root / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>hello")
    (folder / "sub" / "film.mp4").write_bytes(FILM)
    (folder / "captions.vtt").write_text("WEBVTT")
    (folder / ".hidden").write_text("hidden")
    (root / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(root / "secret.txt")
    return start(folder).removeprefix("http://").rstrip("/")


def get(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_serves_files_with_their_types_and_careful_headers(address: str) -> None:
    status, headers, body = get(address, "/")
    assert (status, body) == (200, b"<!doctype html>hello")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert get(address, "/captions.vtt")[1]["content-type"] == "text/vtt; charset=utf-8"
    status, headers, body = get(address, "/sub/film.mp4", "HEAD")
    assert (status, headers["content-length"], headers["accept-ranges"], body) == (200, str(len(FILM)), "bytes", b"")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=100-", 100, len(FILM) - 1),
        ("bytes=-5", len(FILM) - 5, len(FILM) - 1),
        ("bytes=9-99999999", 9, len(FILM) - 1),
        (f"bytes={len(FILM) - 1}-", len(FILM) - 1, len(FILM) - 1),
    ],
)
def test_gives_the_part_that_was_asked_for(address: str, asked: str, first: int, last: int) -> None:
    status, headers, body = get(address, "/sub/film.mp4", Range=asked)
    assert status == 206
    assert headers["content-range"] == f"bytes {first}-{last}/{len(FILM)}"
    assert body == FILM[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={len(FILM)}-", "bytes=-0"])
def test_says_when_a_part_cannot_be_given(address: str, asked: str) -> None:
    status, headers, _ = get(address, "/sub/film.mp4", Range=asked)
    assert (status, headers["content-range"]) == (416, f"bytes */{len(FILM)}")


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_ignores_ranges_it_does_not_know(address: str, asked: str) -> None:
    status, _, body = get(address, "/sub/film.mp4", Range=asked)
    assert (status, body) == (200, FILM)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sub/../../secret.txt",
        "/link.txt",
        "/.hidden",
        "/sub/",
        "/nothing",
        "/%00",
        "//etc/passwd",
    ],
)
def test_gives_nothing_else(address: str, path: str) -> None:
    status, _, body = get(address, path)
    assert status == 404
    assert b"secret" not in body


def test_answers_only_pages_of_this_machine(address: str) -> None:
    """DNS rebinding: another site's name may point here."""
    assert get(address, "/", Host="evil.example:80")[0] == 421
    assert get(address, "/", Host=address.replace("127.0.0.1", "localhost"))[0] == 200
