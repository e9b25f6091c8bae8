"""Which IP addresses are of no public host. It knows addresses as text, and looks nothing up."""

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

# The special-purpose registries of IANA, read 2026-11. `ipaddress.is_global` knows less: it takes NAT64, 6to4 and
# multicast for public.
_IPV4 = {
    "0.0.0.0/8": "an unspecified address",
    "10.0.0.0/8": "a private address",
    "100.64.0.0/10": "an address shared by a provider's customers",
    "127.0.0.0/8": "a loopback address",
    "169.254.0.0/16": "a link-local address",
    "172.16.0.0/12": "a private address",
    "192.0.0.0/24": "a reserved address",
    "192.0.2.0/24": "a documentation address",
    "192.88.99.0/24": "a reserved address",  # the 6to4 relays of old
    "192.168.0.0/16": "a private address",
    "198.18.0.0/15": "a benchmarking address",
    "198.51.100.0/24": "a documentation address",
    "203.0.113.0/24": "a documentation address",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
}
_IPV6 = {
    "::/128": "an unspecified address",
    "::1/128": "a loopback address",
    "fc00::/7": "a private address",
    "fe80::/10": "a link-local address",
    "fec0::/10": "a site-local address",
    "ff00::/8": "a multicast address",
    "2001:2::/48": "a benchmarking address",
    "2001::/23": "a reserved address",
    "2001:db8::/32": "a documentation address",
    "3fff::/20": "a documentation address",
}
_SPECIAL_IPV4 = {IPv4Network(network): why for network, why in _IPV4.items()}
_SPECIAL_IPV6 = {IPv6Network(network): why for network, why in _IPV6.items()}
_PUBLIC_IPV6 = IPv6Network("2000::/3")  # all that was ever given out
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # RFC 8215


def forbidden(address: str) -> str:
    """Why an IP address may not be reached, ``"a loopback address"``; empty when it may.

    An IPv6 address that stands for IPv4 ones (mapped, NAT64, 6to4, Teredo) is judged by them. Text that is no address
    may not be reached either.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "no IP address"
    if isinstance(ip, IPv4Address):
        return next((why for network, why in _SPECIAL_IPV4.items() if ip in network), "")
    if inner := list(_embedded(ip)):
        return next((f"{why}, {ipv4}" for ipv4 in inner if (why := forbidden(str(ipv4)))), "")
    why = next((why for network, why in _SPECIAL_IPV6.items() if ip in network), "")
    return why or ("" if ip in _PUBLIC_IPV6 else "a reserved address")


def _embedded(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    packed = ip.packed
    yield from (inner for inner in (ip.ipv4_mapped, ip.sixtofour) if inner is not None)
    yield from ip.teredo or ()
    if ip in _NAT64 or (ip in _LOCAL_NAT64 and any(packed[12:])):
        yield IPv4Address(packed[12:])
    if ip in _LOCAL_NAT64 and not any(packed[13:]):  # prefixes of 48, 56 and 64 bits go round byte 8 (RFC 6052, 2.2)
        around = packed[:8] + packed[9:]
        yield from (IPv4Address(around[at : at + 4]) for at in (6, 7, 8) if not any(around[at + 4 :]))
