"""Which addresses a webhook may be sent to.

The address of a receiver comes from outside, and whoever can choose it must not reach what only this machine reaches.
So an address is read strictly (what two programs may read differently is refused), its name is resolved here, each of
the addresses found must be a public one, and the connection is made to one of those that were looked at, never to the
name. All of this is done again for every attempt: a name may lead elsewhere the next time.

An operator may allow networks by name (``DEARLY_WEBHOOK_ALLOW``). Addresses in them count as public ones; plain
``http`` is for those of them that are this very machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from renderer.errors import EnvironmentFault, UsageError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_CHARACTERS = 2_000
DEFAULT_PORTS = {"https": 443, "http": 80}
UNPRIVILEGED = 1024
"""Ports below belong to services that are no web servers, but for those of :data:`DEFAULT_PORTS`."""

_READ = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?P<query>\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")

# Of IPv4, what the registry of special-purpose addresses (IANA, RFC 6890) does not call globally reachable, and what is
# no single machine. Written out, because Python's own answer differs between versions.
_CLOSED_4 = tuple(
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only global unicast is open, without what stands for an IPv4 address (6to4, Teredo) or for nobody. What lies
# outside has mapped and translated IPv4 addresses (NAT64) among other things.
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A receiver's address, taken apart. ``host`` is in small letters and without brackets; ``path`` has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The host where it is an address and no name."""
        return _address(self.host)

    @property
    def named(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


class Rules:
    """The rules, with what the operator allows beside public addresses."""

    def __init__(self, allow: Sequence[Network] = ()) -> None:
        self._allow = tuple(allow)

    def read(self, url: str) -> Target:
        """Take an address apart. Raises UsageError ``webhook.address`` for one that can never be used."""
        found = _READ.fullmatch(url) if len(url) <= MOST_CHARACTERS else None
        if found is None:
            raise _refused(
                "is not one of the form https://host/path",
                "Without user, password and fragment, in plain letters; a name in another script as punycode (xn--…).",
            )
        scheme = found["scheme"].lower()
        host = found["host"].strip("[]").lower()
        port = int(found["port"]) if found["port"] else DEFAULT_PORTS[scheme]
        if not (port == DEFAULT_PORTS[scheme] or UNPRIVILEGED <= port <= 65535):
            raise _refused("has a port that is not for web servers", "Use 443, or one of 1024 to 65535.")
        target = Target(scheme=scheme, host=host, port=port, path=(found["path"] or "/") + (found["query"] or ""))
        if target.literal is not None:
            self.check(target, [host])
        elif found["host"].startswith("["):
            raise _refused("names a host that cannot be")
        else:
            _check_name(host)
            target = replace(target, host=host.removesuffix("."))  # certificates have names without the last point
        if scheme == "http" and not any(network.is_loopback for network in self._allow):
            raise _refused("is not https", _HTTP)
        return target

    def check(self, target: Target, addresses: Sequence[str]) -> list[str]:
        """See that each address that a target's name leads to may be spoken to; the same addresses, as they are
        written. Raises UsageError ``webhook.address``."""
        checked = []
        for text in addresses:
            address = _address(text)
            if address is None:
                raise _refused("leads to something that is no address")
            allowed = any(address in network for network in self._allow if network.version == address.version)
            if not allowed and not public(address):
                raise _refused("leads to an address that is not public", _INSIDE)
            if target.scheme == "http" and not (allowed and address.is_loopback):
                raise _refused("is not https", _HTTP)
            checked.append(str(address))
        return checked


def networks(text: str) -> tuple[Network, ...]:
    """Networks as the setting lists them, with commas between. Raises EnvironmentFault."""
    try:
        return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise EnvironmentFault(
            "environment.setting",
            "DEARLY_WEBHOOK_ALLOW holds something that is no network.",
            hint="Networks are written as 10.1.2.0/24, with commas between.",
        ) from error


def public(address: Address) -> bool:
    """Whether an address is one of the public internet, and of one machine."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    return address in _OPEN_6 and address.scope_id is None and not any(address in network for network in _CLOSED_6)


_INSIDE = "Receivers inside have to be allowed by DEARLY_WEBHOOK_ALLOW."
_HTTP = "Plain http is only for this machine itself, where DEARLY_WEBHOOK_ALLOW names it (127.0.0.0/8)."


def _check_name(host: str) -> None:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("names a host that cannot be")
    # 127.1, 0x7f000001, 017700000001: to some programs these are addresses.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise _refused("has a number for a host that is written in an unusual way", "Write it as 203.0.113.7.")


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _refused(what: str, hint: str | None = None) -> UsageError:
    return UsageError("webhook.address", f"The receiver's address {what}.", hint=hint)
