"""What the store in a bucket owes to stores as they are: answers that are odd, late, torn or lost, and buckets that
keep versions, are missing, or are not ours. moto's server over HTTP, with faults to order, and SeaweedFS for what is
real."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from renderer.errors import EnvironmentFault
from renderer.store import s3
from renderer.store.s3 import S3Store
from renderer.store.s3_client import Patience, Place, faults
from renderer.store.s3_probe import probe
from renderer.store.s3_reading import FIRST_BYTES
from renderer.units import sha256
from tests import stores
from tests.ports import free_port
from tests.stores import Bucket, Moto, Wsgi

pytestmark = pytest.mark.integration

PATIENT = Patience(connect_s=10, answer_s=20, attempts=2)
"""Of few attempts; time says nothing on a machine that runs other tests beside it."""
HASTY = Patience(connect_s=1, answer_s=1, attempts=2)
LARGE = bytes(range(256)) * 2400  # 614,400 bytes: what is read in several pieces


@pytest.fixture
def bucket(moto: Moto) -> Iterator[Bucket]:
    moto.requests.clear()
    yield moto.bucket()
    moto.faults.clear()


@pytest.fixture
def store(bucket: Bucket) -> S3Store:
    return S3Store(bucket.place(), PATIENT)


def fault_of(call: Callable[[], object]) -> EnvironmentFault:
    with pytest.raises(EnvironmentFault) as caught:
        call()
    said = str(caught.value)
    for secret in (stores.ACCESS, stores.SECRET, "127.0.0.1", "localhost", "dearly-", "some/key"):
        assert secret not in said
    return caught.value


def objects(bucket: Bucket) -> dict[str, bytes]:
    """All that is in a bucket, past the store."""
    client = bucket.client()
    listed = client.list_objects_v2(Bucket=bucket.name).get("Contents", ())
    return {one["Key"]: client.get_object(Bucket=bucket.name, Key=one["Key"])["Body"].read() for one in listed}


def once(moto: Moto, method: str, answer: Callable[[dict[str, Any], Callable[..., Any], Wsgi], Any]) -> list[str]:
    """Let the next request of a method be answered so; what is returned says which were."""
    seen: list[str] = []

    def fault(environ: dict[str, Any], start: Callable[..., Any], inner: Wsgi) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] != method or seen:
            return None
        seen.append(environ["PATH_INFO"])
        said: Iterable[bytes] | None = answer(environ, start, inner)
        return said

    moto.faults.append(fault)
    return seen


def says(status: str, code: str = "") -> Callable[[dict[str, Any], Callable[..., Any], Wsgi], Iterable[bytes]]:
    """An answer in the server's place."""

    def answer(environ: dict[str, Any], start: Callable[..., Any], _inner: Wsgi) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = f"<Error><Code>{code}</Code><Message>with {stores.ACCESS} for some/key</Message></Error>".encode()
        if status.startswith("304"):
            body = b""
        start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def then_lost(environ: dict[str, Any], start: Callable[..., Any], inner: Wsgi) -> Iterable[bytes]:
    """The server does what it is asked, and the answer is lost."""
    list(inner(environ, lambda *_: None))
    return says("500 Internal Server Error", "InternalError")({"wsgi.input": io.BytesIO()}, start, inner)


# ---------------------------------------------------------------- Writing


def test_objects_stand_under_the_prefix_with_their_digest(store: S3Store, bucket: Bucket) -> None:
    store.put_if_absent("a/b", b"content")
    assert objects(bucket) == {"dearly/one/a/b": b"content"}
    about = bucket.client().head_object(Bucket=bucket.name, Key="dearly/one/a/b")["Metadata"]
    assert about["sha256"] == sha256(b"content")


def test_a_writer_whose_answer_was_lost_knows_its_own_work(store: S3Store, moto: Moto, bucket: Bucket) -> None:
    lost = once(moto, "PUT", then_lost)
    assert store.put_if_absent("k", b"mine").created
    assert lost
    assert not store.put_if_absent("k", b"another").created
    assert objects(bucket) == {"dearly/one/k": b"mine"}


def test_a_lost_completion_of_parts_is_known_too(store: S3Store, moto: Moto, bucket: Bucket) -> None:
    def fault(environ: dict[str, Any], start: Callable[..., Any], inner: Wsgi) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] == "POST" and "uploadId" in environ["QUERY_STRING"] and not lost:
            lost.append(environ["PATH_INFO"])
            return then_lost(environ, start, inner)
        return None

    lost: list[str] = []
    moto.faults.append(fault)
    assert store.in_parts().put_if_absent("k", b"mine").created
    assert lost and objects(bucket) == {"dearly/one/k": b"mine"}


@pytest.mark.parametrize(
    ("status", "code"),
    [("409 Conflict", "ConditionalRequestConflict"), ("400 Bad Request", "BadDigest")],
)
def test_a_race_and_a_torn_body_are_tried_again(store: S3Store, moto: Moto, status: str, code: str) -> None:
    seen = once(moto, "PUT", says(status, code))
    assert store.put_if_absent("k", b"content").created
    assert seen


def test_a_304_where_a_412_is_due_is_understood(store: S3Store, moto: Moto) -> None:
    store.put_if_absent("k", b"first")
    seen = once(moto, "PUT", says("304 Not Modified"))
    again = store.put_if_absent("k", b"second")
    assert seen and (again.created, again.bytes, again.sha256) == (False, 5, sha256(b"first"))


def test_the_first_ones_digest_is_read_and_not_believed(store: S3Store, bucket: Bucket) -> None:
    """Put by somebody else, with a digest that is wrong or without one."""
    for name, about in (("k", {"sha256": "0" * 64, "writer": "x"}), ("n", {})):
        bucket.client().put_object(Bucket=bucket.name, Key=f"dearly/one/{name}", Body=b"theirs", Metadata=about)
        found = store.put_if_absent(name, b"ours")
        assert (found.created, found.bytes, found.sha256) == (False, 6, sha256(b"theirs"))


def test_a_body_that_is_changed_on_the_way_is_not_taken(seaweed: stores.Seaweed) -> None:
    """By a real store: moto does not look."""
    bucket = seaweed.bucket()
    store = S3Store(bucket.place(), PATIENT)
    client = store._client()
    client.meta.events.register("before-send.s3.PutObject", _changes_the_body)
    assert "BadDigest" in fault_of(lambda: store.put_if_absent("k", b"content")).message
    assert objects(bucket) == {}


def _changes_the_body(request: Any, **_: object) -> None:
    request.body = b"C" + request.body.read()[1:]


def test_a_large_file_goes_in_parts_and_comes_back(bucket: Bucket, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(LARGE * 20)
    store = S3Store(bucket.place(), whole_bytes=1 << 20, part_bytes=5 << 20)
    made = store.put_if_absent("k", file)
    assert (made.created, made.bytes, made.sha256) == (True, len(LARGE) * 20, sha256(LARGE * 20))
    assert bucket.client().head_object(Bucket=bucket.name, Key="dearly/one/k")["ETag"].endswith('-3"')
    with store.open("k") as content:
        assert sha256(content.read()) == made.sha256
    assert file.exists()


def test_an_upload_that_fails_leaves_no_parts(store: S3Store, moto: Moto, bucket: Bucket) -> None:
    def fails(environ: dict[str, Any], start: Callable[..., Any], inner: Wsgi) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] == "PUT":
            return says("503 Slow Down", "SlowDown")(environ, start, inner)
        return None

    moto.faults.append(fails)
    assert fault_of(lambda: store.in_parts().put_if_absent("some/key", b"x")).code == "environment.store"
    moto.faults.clear()
    assert "Uploads" not in bucket.client().list_multipart_uploads(Bucket=bucket.name)


def test_what_a_killed_writer_left_is_tidied_once_it_is_old(seaweed: stores.Seaweed) -> None:
    bucket = seaweed.bucket()
    store, client = S3Store(bucket.place(), PATIENT), bucket.client()
    client.create_multipart_upload(Bucket=bucket.name, Key="dearly/one/k")
    client.create_multipart_upload(Bucket=bucket.name, Key="somebody/else")
    assert store.abort_unfinished() == 0, "somebody may be at it"
    assert store.abort_unfinished(timedelta(seconds=-5)) == 1
    assert [one["Key"] for one in client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]] == ["somebody/else"]


# ---------------------------------------------------------------- Reading


def test_a_part_of_a_file_costs_that_part(store: S3Store, moto: Moto) -> None:
    store.put_if_absent("k", LARGE)
    moto.requests.clear()
    with store.open("k") as file:
        assert file.seek(-1000, io.SEEK_END) == len(LARGE) - 1000
        assert file.read(300) == LARGE[-1000:-700]
        assert file.tell() == len(LARGE) - 700
        file.seek(10)
        assert file.read(5) == LARGE[10:15]
    assert len(moto.requests) == 2, "the first piece, and one from where it was wanted"


def test_a_small_file_is_read_at_once(store: S3Store, moto: Moto) -> None:
    store.put_if_absent("k", b"small")
    moto.requests.clear()
    with store.open("k") as file:
        assert file.read() == b"small"
    assert len(moto.requests) == 1


@pytest.mark.parametrize("whole", [False, True])
def test_a_read_that_breaks_off_goes_on_where_it_was(store: S3Store, moto: Moto, whole: bool) -> None:
    """``whole``: by a store that knows no ranges and always gives everything."""
    store.put_if_absent("k", LARGE)
    breaks = {"left": 2}

    def fault(environ: dict[str, Any], start: Callable[..., Any], inner: Wsgi) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] != "GET":
            return None
        if whole:
            environ.pop("HTTP_RANGE", None)
        if not breaks["left"]:
            return None
        breaks["left"] -= 1
        content = b"".join(inner(environ, start))
        return _broken(content[: len(content) // 2])

    moto.faults.append(fault)
    with store.open("k") as file:
        assert sha256(file.read()) == sha256(LARGE)
    assert not breaks["left"]


def _broken(*content: bytes) -> Iterator[bytes]:
    """A body that ends in the middle: the server closes the connection."""
    yield from content
    raise ConnectionAbortedError


def test_a_read_that_goes_on_breaking_is_a_fault_and_never_short(store: S3Store, moto: Moto) -> None:
    store.put_if_absent("k", LARGE)

    def fault(environ: dict[str, Any], start: Callable[..., Any], inner: Wsgi) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] != "GET" or environ.get("HTTP_RANGE", "").startswith("bytes=0-"):
            return None
        list(inner(environ, start))
        return _broken()

    moto.faults.append(fault)
    with store.open("k") as file:
        assert file.read(1000) == LARGE[:1000]
        assert fault_of(file.read).code == "environment.store"


def test_a_file_that_was_replaced_while_it_was_read_is_not_mixed(store: S3Store) -> None:
    store.put_if_absent("k", LARGE)
    with store.open("k") as file:
        file.read(FIRST_BYTES)
        store.delete("k")
        store.put_if_absent("k", LARGE[::-1])
        assert fault_of(file.read).code == "environment.store"


def test_a_file_that_was_deleted_while_it_was_read_is_missing(store: S3Store) -> None:
    store.put_if_absent("k", LARGE)
    with store.open("k") as file:
        file.read(FIRST_BYTES)
        store.delete("k")
        assert fault_of(file.read).code == "store.missing"


# ---------------------------------------------------------------- The bucket


def test_a_list_has_every_page_and_nothing_that_is_not_ours(
    store: S3Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = bucket.client()
    monkeypatch.setattr(s3, "PAGE_KEYS", 3)
    for number in range(10):
        client.put_object(Bucket=bucket.name, Key=f"dearly/one/many/{number}", Body=b"")
    for stray in ("dearly/one/many/", "dearly/one/.hidden", "dearly/one/many/a b", "dearly/onemore", "else"):
        client.put_object(Bucket=bucket.name, Key=stray, Body=b"")
    assert sorted(store.list("many")) == sorted(f"many/{number}" for number in range(10))
    assert sum(1 for _ in store.list()) == 10


def test_where_versions_are_kept_what_is_deleted_is_gone(store: S3Store, bucket: Bucket) -> None:
    client = bucket.client()
    client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    store.put_if_absent("k", b"personal")
    assert store.delete("k") and store.stat("k") is None and not store.delete("k")
    left = client.list_object_versions(Bucket=bucket.name)
    assert not left.get("Versions") and not left.get("DeleteMarkers")
    assert store.put_if_absent("k", b"again").created


def test_a_bucket_that_is_not_there_is_not_taken_for_an_empty_one(bucket: Bucket) -> None:
    store = S3Store(replace(bucket.place(), bucket="no-such-bucket"), PATIENT)
    for call in (
        lambda: store.stat("some/key"),
        lambda: store.open("some/key"),
        lambda: store.delete("some/key"),
        lambda: list(store.list()),
        lambda: store.put_if_absent("some/key", b"x"),
    ):
        assert fault_of(call).code == "environment.store"


def test_failures_are_told_without_addresses_and_secrets(store: S3Store, moto: Moto, bucket: Bucket) -> None:
    for status, code, word in (
        ("403 Forbidden", "InvalidAccessKeyId", "let us"),
        ("403 Forbidden", "RequestTimeTooSkewed", "clock"),
        ("301 Moved Permanently", "PermanentRedirect", "elsewhere"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", "elsewhere"),
        ("503 Slow Down", "SlowDown", "SlowDown"),
        ("507 Insufficient Storage", f"x<{stores.SECRET}>", "507"),
    ):
        moto.faults[:] = [says(status, code)]
        fault = fault_of(lambda: store.put_if_absent("some/key", b"x"))
        assert fault.code == "environment.store" and word in fault.message, status
    moto.faults[:] = [
        lambda environ, start, inner: says("501 Not Implemented", "NotImplemented")(environ, start, inner)
    ]
    assert fault_of(lambda: store.put_if_absent("some/key", b"x")).code == "store.create-only"


def test_a_read_in_which_tls_breaks_is_a_fault() -> None:
    import ssl

    from botocore.response import StreamingBody
    from urllib3.response import HTTPResponse

    class Breaks(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise ssl.SSLError("decryption failed or bad record mac")

    body = StreamingBody(HTTPResponse(Breaks(), preload_content=False), 10)

    def reads() -> None:
        with faults():
            body.read(5)

    assert fault_of(reads).code == "environment.store"


def test_redirections_without_end_are_told_wherever_they_end() -> None:
    from botocore.exceptions import HTTPClientError

    def sends() -> None:  # as botocore's session does
        try:
            raise RecursionError
        except Exception as error:
            raise HTTPClientError(error=error)  # noqa: B904

    def asks() -> None:
        with faults():
            sends()

    assert "elsewhere" in fault_of(asks).message


def test_a_store_that_is_away_or_hangs_is_known_soon(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    away = S3Store(replace(bucket.place(), endpoint=f"http://127.0.0.1:{free_port()}"), HASTY)
    assert "reached" in fault_of(lambda: away.stat("some/key")).message
    import socket

    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        silent = S3Store(replace(bucket.place(), endpoint=f"http://127.0.0.1:{hanging.getsockname()[1]}"), HASTY)
        assert "reached" in fault_of(lambda: silent.put_if_absent("some/key", b"x")).message
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert "credentials" in fault_of(lambda: S3Store(bucket.place()).stat("some/key")).message


def test_without_boto3_the_error_says_how_to_install_it(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    fault = fault_of(lambda: S3Store(bucket.place()).stat("some/key"))
    assert fault.code == "environment.library" and "requirements/s3.txt" in (fault.hint or "")


@pytest.mark.parametrize("url", ["s3://", "s3://b", "http://bucket", "s3://bucket//x", "s3://bucket/.x", "s3://Bucket"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert fault_of(lambda: Place.at(url)).code == "environment.setting"


def test_a_forked_process_makes_a_client_of_its_own(store: S3Store) -> None:
    store.put_if_absent("k", b"x")
    before = store._client()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            own = store._client() is not before and store.stat("k") == 1
            os.write(writing, b"y" if own else b"n")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        assert said.read() == b"y"


# ---------------------------------------------------------------- Create-only


def test_a_store_that_keeps_the_first_writer_passes_and_is_left_as_it_was(seaweed: stores.Seaweed) -> None:
    bucket = seaweed.bucket()
    probe(S3Store(bucket.place()))
    assert objects(bucket) == {}


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_store_that_ignores_the_condition_is_refused(store: S3Store, moto: Moto, bucket: Bucket, method: str) -> None:
    """Of puts, or only of the completion of uploads."""

    def ignores(environ: dict[str, Any], _start: Callable[..., Any], _inner: Wsgi) -> None:
        if environ["REQUEST_METHOD"] == method:
            environ.pop("HTTP_IF_NONE_MATCH", None)

    moto.faults.append(ignores)
    fault = fault_of(lambda: probe(store))
    assert fault.code == "store.create-only"
    assert objects(bucket) == {}
    moto.faults.clear()
    probe(store)


WRITER = """
import sys
from renderer.store import s3
from renderer.store.s3 import S3Store
from renderer.store.s3_client import Place
store = S3Store(Place.at(sys.argv[1], endpoint=sys.argv[2], region=sys.argv[3]))
store.stat("warm")
sys.stdin.read(1)
print(sum(store.put_if_absent(f"race/{n}", (sys.argv[4] * 50_000).encode()).created for n in range(25)))
"""


def test_of_racing_processes_one_wins_each_key_and_contents_are_whole(seaweed: stores.Seaweed) -> None:
    bucket = seaweed.bucket()
    command = [sys.executable, "-c", WRITER, bucket.url, bucket.endpoint, stores.REGION]
    racers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in "abc"
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    assert sum(int(racer.communicate()[0]) for racer in racers) == 25
    for content in objects(bucket).values():
        assert len(content) == 50_000 and len(set(content)) == 1
