"""Downloads of the Python client: whole or not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dearly import downloading
from dearly.client import (
    Client,
    Damaged,
    NotThere,
    Unreachable,
)
from tests.client_house import PDF, answer, name, problem
from tests.http_house import HttpHouse
from tests.wire import Plan, Wire

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def film(house: HttpHouse) -> tuple[str, bytes]:
    """A request with a file of a few megabytes."""
    data = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(100_000))
    id_ = house.submit(name()).json["id"]
    house.make(id_, {PDF: data})
    return id_, data


def test_a_download_that_is_cut_goes_on(dearly: Client, bad: Wire, film: tuple[str, bytes], tmp_path: Path) -> None:
    id_, data = film
    (tmp_path / "film").write_bytes(b"the one before")
    bad.plans.extend([Plan(down=1_000_000), Plan(say=problem(429, "api.rate", "Retry-After: 0")), Plan(down=1_500_000)])
    assert dearly.download(id_, PDF, tmp_path / "film").read_bytes() == data
    assert bad.cut == 2 and bad.made == 4
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_a_download_is_whole_or_not_there(house: HttpHouse, bad: Wire, film: tuple[str, bytes], tmp_path: Path) -> None:
    id_, data = film
    with Client(bad.url, house.all, patience_s=0) as hasty:
        bad.plans.append(Plan(down=1_000_000))
        with pytest.raises(Unreachable):
            hasty.download(id_, PDF, tmp_path / "film")
        tag = hashlib.sha256(data).hexdigest()
        bad.plans.append(Plan(say=answer(200, b"something else", f'ETag: "{tag}"')))
        with pytest.raises(Damaged):
            hasty.download(id_, PDF, tmp_path / "film")
        with pytest.raises(NotThere):
            hasty.download(id_, "statement/other.pdf", tmp_path / "film")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_which_only_the_end_was_cut_is_whole(dearly: Client, bad: Wire, tmp_path: Path) -> None:
    """All bytes, and not the last chunk that says so: there is nothing left to ask for."""
    data = b"x" * downloading.PIECE
    tag = hashlib.sha256(data).hexdigest()
    head = f'HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\nETag: "{tag}"\r\nConnection: close\r\n\r\n'
    bad.plans.append(Plan(say=head.encode() + f"{len(data):x}\r\n".encode() + data + b"\r\n"))
    assert dearly.download("0" * 32, PDF, tmp_path / "film").read_bytes() == data


def test_a_file_that_changed_meanwhile_is_fetched_anew(
    dearly: Client, bad: Wire, film: tuple[str, bytes], tmp_path: Path
) -> None:
    """The first piece is of a file with another tag: what goes on from it would be two halves."""
    id_, data = film
    cut = answer(200, b"x" * 500_000, 'ETag: "other"').replace(b"Content-Length: 500000", b"Content-Length: 600000")
    bad.plans.append(Plan(say=cut))
    assert dearly.download(id_, PDF, tmp_path / "film").read_bytes() == data


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "C:x", "", "a\\b"])
def test_a_folder_of_files_is_not_left(path: str) -> None:
    from dearly.downloading import place_in

    with pytest.raises(Damaged):
        place_in(Path("to"), path)
