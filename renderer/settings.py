"""Settings, read once from the environment (``DEARLY_…``) by whatever starts a process, and passed on from there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from renderer.errors import EnvironmentFault

DEAD_LETTERS = "intake-dead-letters"
"""RabbitMQ's queue for messages from outside that could not be delivered to any worker."""


def _default_home() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data.startswith("/") else Path.home() / ".local/share") / "dearly"


def _whole_path(path: Path) -> Path:
    return path.expanduser().absolute()


def _key_file(value: object, before: ValidationInfo) -> object:
    """An empty path is that of the home."""
    return before.data["home"] / "installation.key" if value in ("", None) else value


class Settings(BaseSettings):
    """What an installation can choose. An empty address means the embedded default."""

    model_config = SettingsConfigDict(env_prefix="DEARLY_", frozen=True, extra="ignore")

    home: Annotated[Path, AfterValidator(_whole_path)] = Field(
        default_factory=_default_home, description="Folder of state and caches."
    )
    broker_url: str = Field(
        "",
        pattern=r"^((rediss?|redis\+socket|amqps?|memory)://\S*)?$",
        description="Address of a broker: `redis://…` (Redis or Valkey) or `amqp://…` (RabbitMQ); empty for the "
        "embedded Valkey.",
    )
    database_url: str = Field("", description="SQLAlchemy address of the ledger; empty for SQLite under the home.")
    key_file: Annotated[Path, BeforeValidator(_key_file), AfterValidator(_whole_path)] = Field(
        default_factory=lambda before: before["home"] / "installation.key",
        description="File with the installation's key. Machines that share a ledger share the key.",
    )
    store_url: str = Field(
        "",
        description="Bucket for the files, `s3://bucket/prefix`; empty for a folder under the home. See "
        "[Keep files in a bucket](storage.md).",
    )
    s3_endpoint: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?)?$",
        description="Address of the bucket's store where it is not AWS.",
    )
    s3_region: str = Field(
        "", pattern=r"^[A-Za-z0-9-]*$", description="Region of the bucket; empty for what boto3 is set up with."
    )
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        "auto",
        description="How the bucket stands in addresses: `path`, `virtual` (in the host's name), or `auto`: the first "
        "where `DEARLY_S3_ENDPOINT` is set.",
    )
    voices: str = Field(
        "",
        description="Piper voices by locale, `en=/path/model.onnx,it=/path/other.onnx`; `en=` alone turns off the one "
        "that a package brings.",
    )
    children: int = Field(0, ge=0, le=256, description="Worker processes of each lane; 0 for one a processor core.")

    chunk_limit_gb: float = Field(
        20, gt=0, description="Gigabytes that encoded pieces of film may take; those not used for longest go first."
    )
    chunk_audit: int = Field(
        200,
        ge=0,
        description="Of so many pieces of film that are found, one is drawn again and compared; 0 for none.",
    )

    api_host: str = Field("127.0.0.1", min_length=1, description="Address that the HTTP API listens on.")
    api_port: int = Field(8480, ge=1, le=65535, description="Port that the HTTP API listens on.")
    api_url: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?)?$",
        description="Address that clients reach the HTTP API under, `https://dearly.example`; links to files begin "
        "with it, other addresses in answers with its path. Empty: links begin with their path.",
    )
    api_rate: float = Field(
        100, gt=0, le=100_000, description="Calls a second that each key may make, for each process of the HTTP API."
    )
    api_burst: int = Field(200, ge=1, le=1_000_000, description="Calls that a key may make at once after a pause.")
    api_streams: int = Field(4, ge=1, le=100, description="Streams of requests that a key may send at the same time.")
    tracing: bool = Field(
        False,
        description="Send traces to an OpenTelemetry collector; where it is, the standard `OTEL_…` variables say. See "
        "[Traces](operate.md#traces).",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port on which the service gives its metrics to Prometheus; 0 for none."
    )
    metrics_host: str = Field("127.0.0.1", description="Address on which it does; `0.0.0.0` for every one.")

    webhook_allow: str = Field(
        "",
        description="Networks inside which webhooks may be sent, `10.1.2.0/24,fd00::/8`, beside public addresses; with "
        "`127.0.0.0/8` also plain http to this machine.",
    )
    webhook_ca: str = Field(
        "", description="File of certificates (PEM) that webhook receivers may have beside the public ones."
    )
    webhook_connections: int = Field(
        8, ge=1, le=64, description="Messages that are sent to one webhook receiver at the same time."
    )
    webhook_days: int = Field(
        14, ge=4, le=365, description="Days that messages, their deliveries and the log of these are kept."
    )

    def __init__(self, **given: Any) -> None:
        """Raises EnvironmentFault ``environment.setting`` for a value that a setting cannot have."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            name = "DEARLY_" + "_".join(str(part) for part in fault["loc"]).upper()
            raise EnvironmentFault(
                "environment.setting", f"{name} cannot have this value: {fault['msg']}.", hint="See docs/settings.md."
            ) from error

    @property
    def embedded_broker(self) -> bool:
        """Whether the supervisor runs the broker itself."""
        return not self.broker_url

    @property
    def broker(self) -> str:
        """The broker's address as Celery takes it."""
        return self.broker_url or f"redis+socket://{self.broker_socket}"

    @property
    def broker_kind(self) -> Literal["redis", "rabbitmq"]:
        """What the broker is; Valkey speaks as Redis does."""
        return "rabbitmq" if self.broker.startswith("amqp") else "redis"

    @property
    def database(self) -> str:
        """The ledger's address as SQLAlchemy takes it."""
        return self.database_url or f"sqlite:///{self.home / 'ledger.sqlite'}"

    @property
    def store(self) -> Path:
        """Artefacts, and the bundles of releases, where they are in a folder."""
        return self.home / "store"

    @property
    def disk(self) -> Path:
        """A folder of the disk that fills: that of the store, or of the home where the store is a bucket."""
        return self.store if not self.store_url and self.store.exists() else self.home

    @property
    def cache(self) -> Path:
        """Prepared things that can be made again."""
        return self.home / "cache"

    @property
    def work(self) -> Path:
        """Files of parts at work; nothing in it outlives its process."""
        return self.home / "work"

    @property
    def logs(self) -> Path:
        """Logs of the processes that the supervisor starts."""
        return self.home / "logs"

    @property
    def broker_folder(self) -> Path:
        """The embedded broker's append-only file."""
        return self.home / "broker"

    @property
    def lane_children(self) -> int:
        """Worker processes of each lane."""
        return self.children or os.cpu_count() or 1

    @property
    def run_folder(self) -> Path:
        """Where the broker's socket and the supervisor's lock are: outside the home, whose path may be too long for a
        socket, and named by its hash. Made when used, for its owner only; a supervisor that ends removes it."""
        name = hashlib.blake2b(os.fsencode(self.home), digest_size=8).hexdigest()
        given = Path(os.environ.get("XDG_RUNTIME_DIR") or "-")
        if given.is_absolute() and given.is_dir() and given.stat().st_uid == os.getuid():
            return _private(_private(given / "dearly") / name)
        return _private(_private(Path(tempfile.gettempdir()) / f"dearly-{os.getuid()}") / name)

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's socket."""
        return self.run_folder / "broker.sock"

    def prepare(self) -> None:
        """Make the folders of the home, for their owner only. Raises EnvironmentFault when they cannot be made."""
        store = () if self.store_url else (self.store,)
        for folder in (self.home, *store, self.cache, self.work, self.logs, self.broker_folder):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise EnvironmentFault(
                    "environment.disk",
                    f"The folder DEARLY_HOME cannot be made: {error.strerror}.",
                    hint="Set DEARLY_HOME to a folder you can write.",
                ) from error


def _private(folder: Path) -> Path:
    """A folder that is ours alone: in a shared place somebody else may have made it first."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk", f"The run-time folder cannot be made: {error.strerror}.", hint="Check XDG_RUNTIME_DIR."
        ) from error
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EnvironmentFault(
            "environment.disk",
            "The run-time folder belongs to somebody else or is open to others.",
            hint="Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
        )
    return folder
