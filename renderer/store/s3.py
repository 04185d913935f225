"""The store in a bucket of an S3-compatible store: one object a key.

A put says ``If-None-Match: *``, on the completion of a large one too, so the store itself lets the first writer win,
between machines as well. Whoever comes second reads what is there: its size and digest are those that count. Each put
has a token of its own with it, so a writer whose answer was lost, and who asks again, knows its own work.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from renderer.errors import EnvironmentFault
from renderer.store.base import Stored, checked, is_key
from renderer.store.s3_client import PATIENT, Client, Patience, Place, Refusal, answers, faults
from renderer.store.s3_reading import opened

WHOLE_BYTES = 2**30
"""What is larger goes in parts; a store takes 5 GiB at once. No file of a part may be larger (workers/lanes.py). To go
in one piece is also safer: of parts, not every store ends two uploads one after the other (SeaweedFS 4.48 does not)."""
PART_BYTES = 64 * 2**20
"""The size of a part. One is in memory at a time."""
MOST_PARTS = 9_000
"""A store takes 10,000 parts for one file."""
TURNS = 6
"""How often a put is begun again that met another one, or that came damaged."""
PAGE_KEYS = 1_000
"""Keys that come with one answer."""
BUCKET_SEEN_S = 5.0
"""For so long a bucket that was there is taken to be there."""

_THERE = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.NOT_MODIFIED)  # 304: MinIO once said so (minio#19442)
_DAMAGED = ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody")
_AGAIN = (HTTPStatus.CONFLICT, *_THERE)  # another put of the same key at the same moment
_AGAIN_CODES = (*_DAMAGED, "NoSuchUpload")  # ended already, perhaps by our own call whose answer was lost


class S3Store:
    """Objects under a place's prefix. Sizes are smaller in tests only: AWS wants parts of 5 MiB and more."""

    def __init__(
        self,
        place: Place,
        patience: Patience = PATIENT,
        *,
        whole_bytes: int = WHOLE_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._bucket, self._prefix = place.bucket, f"{place.prefix}/" if place.prefix else ""
        self._client = Client(place, patience)
        self._whole_bytes, self._part_bytes = whole_bytes, part_bytes
        self._asks_first = True
        self._bucket_seen = float("-inf")

    def in_parts(self) -> S3Store:
        """The same store, but what is put goes in parts, however small it is, and whatever is there already."""
        other = copy.copy(self)
        other._whole_bytes, other._asks_first = 0, False
        return other

    # ---- The port

    def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True, take: bool = False) -> Stored:
        checked(key)
        source = _Source(data)
        whole = source.bytes <= self._whole_bytes
        if not whole and self._asks_first and (first := self._first(key, source, "")) is not None:
            return first  # before all of it is sent for nothing
        writer = secrets.token_hex(12)
        turns = 0
        while True:
            try:
                with answers():
                    (self._put_whole if whole else self._put_in_parts)(key, source, writer)
                return Stored(key=key, bytes=source.bytes, sha256=source.sha256, created=True)
            except Refusal as refusal:
                if refusal.status == HTTPStatus.NOT_IMPLEMENTED or refusal.code == "NotImplemented":
                    raise not_create_only("it does not take the condition of a put") from refusal.__cause__
                turns += 1
                again = refusal.status in _AGAIN or refusal.code in _AGAIN_CODES
                if again and (first := self._first(key, source, writer)) is not None:
                    return first
                if not again or turns == TURNS:
                    raise refusal.fault from refusal.__cause__
            time.sleep(random.uniform(0.02, 0.1) * 2**turns)

    def open(self, key: str) -> BufferedReader:
        place = self._place(key)
        with faults():
            return opened(partial(self._client().get_object, Bucket=self._bucket, Key=place))

    def stat(self, key: str) -> int | None:
        found = self._head(key)
        return None if found is None else int(found["ContentLength"])

    def delete(self, key: str) -> bool:
        found = self._head(key)
        if found is None:
            return False
        # In a bucket that keeps versions a plain delete would hide the content and keep it.
        version = found.get("VersionId")
        which = {} if version in (None, "", "null") else {"VersionId": version}
        place = self._place(key)
        with faults():
            self._client().delete_object(Bucket=self._bucket, Key=place, **which)
        return True

    def list(self, prefix: str = "") -> Iterator[str]:
        start = self._place(prefix) if prefix else self._prefix
        with faults():
            pages = (
                self._client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self._bucket, Prefix=start, PaginationConfig={"PageSize": PAGE_KEYS})
            )
            turning = iter(pages)
        while True:
            with faults():
                page = next(turning, None)
            if page is None:
                return
            for one in page.get("Contents", ()):
                key = one["Key"].removeprefix(self._prefix)
                # What begins alike is not asked for; what is no key of ours was put there by somebody else.
                if (not prefix or key == prefix or key.startswith(prefix + "/")) and is_key(key):
                    yield key

    # ---- Upkeep

    def abort_unfinished(self, older: timedelta = timedelta(days=1)) -> int:
        """Drop the parts of large files that nobody went on with for so long: their writers were killed. How many."""
        before, gone = datetime.now(UTC) - older, 0
        with faults():
            client = self._client()
            pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=self._prefix)
            for page in pages:
                for one in page.get("Uploads", ()):
                    if one["Initiated"] < before and one["Key"].startswith(self._prefix):
                        client.abort_multipart_upload(Bucket=self._bucket, Key=one["Key"], UploadId=one["UploadId"])
                        gone += 1
        return gone

    # ---- Putting

    def _put_whole(self, key: str, source: _Source, writer: str) -> None:
        with source.opened() as body:
            self._client().put_object(
                Bucket=self._bucket,
                Key=self._place(key),
                Body=body,
                ContentMD5=source.md5,
                IfNoneMatch="*",
                Metadata=source.about(writer),
            )

    def _put_in_parts(self, key: str, source: _Source, writer: str) -> None:
        client, place = self._client(), {"Bucket": self._bucket, "Key": self._place(key)}
        upload = client.create_multipart_upload(**place, Metadata=source.about(writer))["UploadId"]
        try:
            parts, digest = [], hashlib.sha256()
            for number, body in enumerate(source.pieces(max(self._part_bytes, -(-source.bytes // MOST_PARTS))), 1):
                digest.update(body)
                sent = client.upload_part(**place, UploadId=upload, PartNumber=number, Body=body, ContentMD5=_md5(body))
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            if digest.hexdigest() != source.sha256:
                raise EnvironmentFault(
                    "environment.disk",
                    "A file was changed while it was put into the store.",
                    hint="See who else writes in the work folder of DEARLY_HOME, and check its disk.",
                )
            client.complete_multipart_upload(
                **place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        except BaseException:
            with suppress(Exception):  # else the leader does it a day later
                client.abort_multipart_upload(**place, UploadId=upload)
            raise

    def _first(self, key: str, source: _Source, writer: str) -> Stored | None:
        """What stands under a key, None when nothing does. It is read: what a store says of it need not be so."""
        found = self._head(key)
        if found is None:
            return None
        if writer and found.get("Metadata", {}).get("writer") == writer:
            return Stored(key=key, bytes=source.bytes, sha256=source.sha256, created=True)
        try:
            with self.open(key) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return Stored(key=key, bytes=file.tell(), sha256=digest, created=False)
        except EnvironmentFault as error:
            if error.code == "store.missing":  # deleted meanwhile
                return None
            raise

    # ---- Asking

    def _head(self, key: str) -> Mapping[str, Any] | None:
        place = self._place(key)
        try:
            with answers():
                found: Mapping[str, Any] = self._client().head_object(Bucket=self._bucket, Key=place)
        except Refusal as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise refusal.fault from refusal.__cause__
            self._see_bucket()  # an answer without a body does not say what is not there
            return None
        self._bucket_seen = time.monotonic()
        return found

    def _see_bucket(self) -> None:
        if time.monotonic() - self._bucket_seen < BUCKET_SEEN_S:
            return
        with faults():
            self._client().head_bucket(Bucket=self._bucket)
        self._bucket_seen = time.monotonic()

    def _place(self, key: str) -> str:
        return self._prefix + checked(key)


def not_create_only(how: str) -> EnvironmentFault:
    """The fault of a store that cannot be used."""
    return EnvironmentFault(
        "store.create-only",
        f"The store does not keep the first of two writers: {how}.",
        hint="It must keep the condition If-None-Match of a put and of the completion of a multipart upload; "
        "docs/storage.md says which stores do.",
    )


class _Source:
    """What is to be stored, with its digests. A file is read twice; more of it than a part is never in memory. Raises
    EnvironmentFault when a file cannot be read."""

    def __init__(self, data: bytes | Path) -> None:
        self._data = data
        digest, plain, self.bytes = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        for piece in self.pieces(1 << 20):
            digest.update(piece)
            plain.update(piece)
            self.bytes += len(piece)
        self.sha256, self.md5 = digest.hexdigest(), base64.b64encode(plain.digest()).decode()

    @contextmanager
    def opened(self) -> Iterator[bytes | BinaryIO]:
        """All of it, as a client takes it."""
        if isinstance(self._data, bytes):
            yield self._data
            return
        with _reading():
            file = self._data.open("rb")
        with file:
            yield file

    def pieces(self, size: int) -> Iterator[bytes]:
        """All of it, in pieces of so many bytes."""
        if isinstance(self._data, bytes):
            for start in range(0, len(self._data), size):
                yield self._data[start : start + size]
            return
        with _reading(), self._data.open("rb") as file:
            while piece := file.read(size):
                yield piece

    def about(self, writer: str) -> Mapping[str, str]:
        """What is kept with it: for people, and for a writer whose answer was lost."""
        return {"sha256": self.sha256, "writer": writer}


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk", f"A file that was made could not be read: {error.strerror}.", hint="Check DEARLY_HOME."
        ) from error


def _md5(body: bytes) -> str:
    """The digest by which every store checks what it gets: a torn or changed body is refused. It guards against
    accidents; content is known by its SHA-256."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
