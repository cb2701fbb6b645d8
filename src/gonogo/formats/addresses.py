"""Addresses of hosts, told from names."""

from __future__ import annotations

import ipaddress


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
