"""The client of an S3-compatible store: where the bucket is, how patiently it is asked, and what its failures mean.

In: a place and the credentials that boto3 finds by itself (environment, files, instance role). Out: a client for this
process, made when it is first used and never carried over a fork; every failure as an EnvironmentFault whose text has
no address, key, name of a file or credential in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Any, Literal

from renderer.errors import EnvironmentFault

Addressing = Literal["auto", "path", "virtual"]

ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[A-Za-z0-9][A-Za-z0-9._-]*)*)/?")
"""``s3://bucket/prefix``; the names of a prefix are those of a store's keys."""
MAX_PREFIX = 200

NOT_THERE = "boto3 is not installed: it is the client of stores like S3."
INSTALL = "pip install --no-deps --require-hashes -r requirements/s3.txt, with Dearly's Python."


@dataclass(frozen=True, kw_only=True)
class Place:
    """A bucket and the folder in it. Without ``endpoint`` and ``region`` boto3 looks for them as its other users do."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    addressing: Addressing = "auto"

    @classmethod
    def at(cls, url: str, *, endpoint: str = "", region: str = "", addressing: Addressing = "auto") -> Place:
        """The place that ``s3://bucket/prefix`` means. Raises EnvironmentFault ``environment.setting``."""
        found = ADDRESS.fullmatch(url)
        if found is None or len(found["prefix"]) > MAX_PREFIX:
            raise EnvironmentFault(
                "environment.setting",
                "DEARLY_STORE_URL is no address of a bucket.",
                hint="s3://bucket or s3://bucket/prefix, with plain letters, digits, '.', '_' and '-'.",
            )
        prefix = found["prefix"].strip("/")
        return cls(bucket=found["bucket"], prefix=prefix, endpoint=endpoint, region=region, addressing=addressing)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long one call may take: seconds to connect and to answer, and how often it is made."""

    connect_s: float
    answer_s: float
    attempts: int


PATIENT = Patience(connect_s=3, answer_s=10, attempts=2)
"""For whoever makes files: together well below what any part may take (workers/lanes.py), so that a store which hangs
is known as one before the part is taken for too slow."""
QUICK = Patience(connect_s=2, answer_s=4, attempts=1)
"""For whoever must not be held up: a dispatcher that waits sends nothing, and comes back to what it wanted anyway."""


class Client:
    """Makes a boto3 client for the process that asks. Safe between threads."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self._place, self._patience = place, patience
        self._lock = Lock()
        self._made: tuple[int, Any] | None = None

    def __call__(self) -> Any:
        """The client. Raises EnvironmentFault when there can be none."""
        made = self._made
        if made is not None and made[0] == os.getpid():
            return made[1]
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                self._made = (os.getpid(), self._make())
            return self._made[1]

    def _make(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise EnvironmentFault("environment.library", NOT_THERE, hint=INSTALL) from error
        place, patience = self._place, self._patience
        config = Config(
            connect_timeout=patience.connect_s,
            read_timeout=patience.answer_s,
            retries={"mode": "standard", "total_max_attempts": patience.attempts},
            max_pool_connections=32,
            tcp_keepalive=True,
            s3={"addressing_style": place.addressing},
            # Newer checksums are a matter of AWS. What we send has a digest that every store checks (Content-MD5).
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with faults():
            session = boto3.session.Session()
            region = place.region or session.region_name or ("us-east-1" if place.endpoint else None)
            try:
                return session.client("s3", region_name=region, endpoint_url=place.endpoint or None, config=config)
            except ValueError as error:  # an endpoint that is no address
                raise unreachable(error) from error


# ---------------------------------------------------------------- Failures


def status_of(error: Exception) -> int:
    """The status of an answer that was an error; 0 for whatever else."""
    answer = getattr(error, "response", None) or {}
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status if isinstance(status, int) else 0


def code_of(error: Exception) -> str:
    """The store's own word for an error, if it is one that may be repeated; empty for whatever else."""
    code = (getattr(error, "response", None) or {}).get("Error", {}).get("Code", "")
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z][A-Za-z.]{2,59}", code) else ""


class Refusal(Exception):
    """The store answered, and the answer is an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.status, self.code = status_of(error), code_of(error)
        self.fault = refused(error)


@contextmanager
def answers() -> Iterator[None]:
    """No answer comes out as EnvironmentFault, an answer that is an error as Refusal, for whoever can use it."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError
    except ImportError as error:
        raise EnvironmentFault("environment.library", NOT_THERE, hint=INSTALL) from error
    try:
        yield
    except ClientError as error:
        raise Refusal(error) from error
    except (BotoCoreError, HTTPError, OSError, RecursionError) as error:
        # (HTTPError: botocore lets urllib3's own through where TLS breaks in the middle of a body.)
        # botocore follows a redirection without end, as of a proxy that wants HTTPS, and wraps that where it happens to
        # end while something is sent
        if isinstance(error, RecursionError) or isinstance(error.__context__, RecursionError):
            raise _elsewhere("redirected again and again") from error
        raise unreachable(error) from error


@contextmanager
def faults() -> Iterator[None]:
    """Both come out as EnvironmentFault."""
    try:
        with answers():
            yield
    except Refusal as refusal:
        raise refusal.fault from refusal.__cause__


def refused(error: Exception) -> EnvironmentFault:
    """What an answer means that is an error."""
    status, code = status_of(error), code_of(error)
    said = " ".join(str(part) for part in (status or "", code) if part)
    if code == "NoSuchKey":
        return EnvironmentFault(
            "store.missing",
            "A file that the ledger names is not in the store.",
            hint="Put it back from a backup or from the bucket's versions, or make it again.",
        )
    if code == "NoSuchBucket" or status == HTTPStatus.NOT_FOUND:
        return EnvironmentFault(
            "environment.store",
            f"The store has no such bucket ({said}).",
            hint="Make the bucket, or correct DEARLY_STORE_URL and DEARLY_S3_ENDPOINT.",
        )
    if code == "RequestTimeTooSkewed":
        return EnvironmentFault(
            "environment.store", f"The store finds our clock wrong ({said}).", hint="Set this machine's clock."
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return EnvironmentFault(
            "environment.store",
            f"The store does not let us ({said}).",
            hint="Check the credentials and their rights: docs/storage.md lists those that are needed.",
        )
    if status in (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT) or "Malformed" in code:
        return _elsewhere(said)
    return EnvironmentFault(
        "environment.store",
        f"The store answered with an error ({said}).",
        hint="It is asked again by itself. If it stays so, look at the store.",
    )


def _elsewhere(said: str) -> EnvironmentFault:
    return EnvironmentFault(
        "environment.store",
        f"The bucket is elsewhere, or is asked in a way that its store does not take ({said}).",
        hint="Check DEARLY_S3_REGION, DEARLY_S3_ENDPOINT and DEARLY_S3_ADDRESSING.",
    )


def unreachable(error: Exception) -> EnvironmentFault:
    """What it means that there was no answer. Only the kind of the error is told: its text may name hosts and keys."""
    kind = type(error).__name__
    if "Credential" in kind or "Token" in kind or kind in ("ProfileNotFound", "SSOError"):
        return EnvironmentFault(
            "environment.store",
            f"No credentials for the store were found ({kind}).",
            hint="boto3 looks for AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its files, or the machine's role.",
        )
    if kind in ("NoRegionError", "InvalidRegionError", "InvalidEndpointConfigurationError", "ValueError"):
        return EnvironmentFault(
            "environment.store",
            f"The store's address cannot be used ({kind}).",
            hint="Check DEARLY_S3_ENDPOINT and DEARLY_S3_REGION.",
        )
    return EnvironmentFault(
        "environment.store",
        f"The store cannot be reached ({kind}).",
        hint="It is asked again by itself. Check that it runs, and DEARLY_S3_ENDPOINT.",
    )
