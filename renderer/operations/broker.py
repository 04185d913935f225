"""Asks the broker whether it is there, whatever it is: a look that takes seconds at most and changes nothing. And has
Redis or Valkey let go of what went through it."""

from __future__ import annotations

import socket
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from renderer.settings import DEAD_LETTERS, Settings

WAIT_S = 2

CUT_S = 5.0
"""How long a command waits for the broker's file to be written anew; it goes on in any case."""


@dataclass(frozen=True, kw_only=True)
class BrokerView:
    """Whether it ``answers``, and how many messages from outside it could not deliver (RabbitMQ only)."""

    answers: bool
    dead_letters: int = 0


def look(settings: Settings) -> BrokerView:
    """How the broker is. Raises nothing."""
    if settings.embedded_broker:
        return BrokerView(answers=_embedded(settings))
    return _rabbitmq(settings) if settings.broker_kind == "rabbitmq" else BrokerView(answers=_redis(settings))


def cut_log(settings: Settings, wait_s: float = 0.0) -> bool:
    """Have Redis or Valkey write its append-only file anew, with what waits now and nothing else. By itself it does so
    at 64 MB; until then the file has all that went through, and a message that handed a request in has a profile.

    Whether it is written, in so much time: without waiting it is only asked for. Raises nothing."""
    if settings.broker_kind == "rabbitmq":
        return False
    import redis

    until, asked = time.monotonic() + wait_s, False
    try:
        with closing(_client(settings)) as client:
            while True:
                about = client.info("persistence")
                if not about.get("aof_enabled"):
                    return True
                if not about["aof_rewrite_in_progress"] and not about["aof_rewrite_scheduled"]:
                    if asked:
                        return bool(about["aof_last_bgrewrite_status"] == "ok")
                    client.bgrewriteaof()  # one that was at work before may have begun too early
                    asked = True
                if time.monotonic() >= until:
                    return False
                time.sleep(0.02)
    except (redis.RedisError, ValueError, KeyError):
        return False


def _client(settings: Settings) -> Any:
    import redis

    address = settings.broker.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(address, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S)


def _embedded(settings: Settings) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(WAIT_S)
        client.connect(str(settings.broker_socket))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _redis(settings: Settings) -> bool:
    import redis

    try:
        with closing(_client(settings)) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError):
        return False


def _rabbitmq(settings: Settings) -> BrokerView:
    from kombu import Connection

    limits = {"read_timeout": WAIT_S, "write_timeout": WAIT_S}
    verified: Any = {"server_hostname": None} if settings.broker.startswith("amqps:") else False
    connection: Any = Connection(settings.broker, connect_timeout=WAIT_S, transport_options=limits, ssl=verified)
    try:
        connection.ensure_connection(max_retries=1)
        try:
            found = connection.default_channel.queue_declare(DEAD_LETTERS, passive=True)
        except connection.channel_errors:  # no service has made it yet
            return BrokerView(answers=True)
        return BrokerView(answers=True, dead_letters=int(found.message_count))
    except Exception:  # it has many ways to be away
        return BrokerView(answers=False)
    finally:
        connection.collect()  # without a farewell, whose answer would be waited for
