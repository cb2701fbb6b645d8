"""A whole run: what the demo sends stands in the page, with what mends it."""

from __future__ import annotations

import re
from html import unescape

from main_job import MainJob


def test_the_policy_of_each_host_is_in_the_page_and_the_summary(job: MainJob) -> None:
    run = job("--profile=security", "--defect=hsts-short", "--defect=permissions-malformed")
    page = unescape((run.folder / "verdict.html").read_text(encoding="utf-8"))
    assert re.findall(r"Security policy of (\S+)", page) == ["www.acme.test", "acme.test"]
    for wanted in (
        "Strict-Transport-Security: max-age=60",
        "HTTPS only for 1 minute",
        'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains',
        'Permissions-Policy "camera=(), geolocation=(), microphone=()"',
    ):
        assert wanted in page
    assert "Fix for acme.test" not in page  # nothing of the alias is broken
    summary = (run.folder / "summary.md").read_text(encoding="utf-8")
    assert "| Strict-Transport-Security | fail | HTTPS only for 1 minute, subdomains included |" in summary
