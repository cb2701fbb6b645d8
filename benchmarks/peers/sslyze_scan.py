"""Scans each address of the demo with sslyze, and prints what it said and how long each round took.

Runs in sslyze's own environment: `python sslyze_scan.py ROUNDS`, with the target in PEERS_TARGET. What counts as said:
issues against Mozilla's intermediate profile, a failed validation with the demo's own root, and lines of its console
report that say FAILED, VULNERABLE, INSECURE or WARNING. That the public trust stores do not know the demo's root is
left out.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

from sslyze import (
    CertificateInfoExtraArgument,
    ScanCommandsExtraArguments,
    Scanner,
    ServerNetworkLocation,
    ServerScanRequest,
)
from sslyze.mozilla_tls_profile.tls_config_checker import (
    SCAN_COMMANDS_NEEDED_BY_MOZILLA_CHECKER,
    MozillaTlsConfiguration,
    ServerNotCompliantWithTlsConfiguration,
    ServerScanResultIncomplete,
    TlsConfigurationEnum,
    check_server_against_tls_configuration,
)
from sslyze.plugins.scan_commands import ScanCommandsRepository

TARGET = json.loads(os.environ["PEERS_TARGET"])
PROFILE = MozillaTlsConfiguration.get(TlsConfigurationEnum.MOZILLA_INTERMEDIATE)
COMMANDS = SCAN_COMMANDS_NEEDED_BY_MOZILLA_CHECKER
STRONG = ("FAILED", "VULNERABLE", "INSECURE")


def requests() -> list[ServerScanRequest]:
    trust = ScanCommandsExtraArguments(certificate_info=CertificateInfoExtraArgument(custom_ca_file=Path(TARGET["ca"])))
    return [
        ServerScanRequest(
            server_location=ServerNetworkLocation(hostname=host, port=TARGET["https_port"], ip_address=address),
            scan_commands=COMMANDS,
            scan_commands_extra_arguments=trust,
        )
        for host, addresses in TARGET["addresses"].items()
        for address in addresses
    ]


def issues(result) -> list[dict]:
    """Each element of an issue's set is a finding of its own: the sets have no fixed order."""
    try:
        check_server_against_tls_configuration(result, PROFILE)
    except ServerNotCompliantWithTlsConfiguration as broken:
        return [
            {"weight": "finding", "text": f"{name}: {part}"}
            for name, words in broken.issues.items()
            for part in (re.findall(r"'([^']+)'", words) or [words])
        ]
    except ServerScanResultIncomplete as incomplete:
        return [{"weight": "error", "text": str(incomplete)}]
    return []


def report_lines(result) -> list[dict]:
    told = []
    for command in COMMANDS:
        attempt = getattr(result.scan_result, command.value)
        if attempt.result is None:
            continue
        connector = ScanCommandsRepository.get_implementation_cls(command).cli_connector_cls
        for line in connector.result_to_console_output(attempt.result):
            text = " ".join(line.split())
            if "CA Store" in text and not text.startswith("Custom") and "Supplied" not in text:
                continue
            if any(word in text for word in STRONG):
                told.append({"weight": "finding", "text": text[:200]})
            elif "WARNING" in text:
                told.append({"weight": "advice", "text": text[:200]})
    return told


def scanned() -> list[dict]:
    scanner = Scanner()
    scanner.queue_scans(requests())
    findings = []
    for result in scanner.get_results():
        location = result.server_location
        where = f"{location.hostname} at {location.ip_address}"
        if result.scan_result is None:
            findings.append({"where": where, "weight": "error", "text": str(result.connectivity_error_trace)[-300:]})
            continue
        findings += [{"where": where, **one} for one in issues(result) + report_lines(result)]
    return findings


def main() -> None:
    findings, seconds = [], []
    for _ in range(int(sys.argv[1])):
        begun = time.perf_counter()
        findings = scanned()
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"findings": findings, "seconds": seconds}))


if __name__ == "__main__":
    main()
