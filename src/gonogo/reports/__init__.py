"""The report writers: one module a format, each a pure function from a `Report` to one text."""

from gonogo.evidence.summary import Point
from gonogo.reports.model import EvidenceSummary, Report

__all__ = ["EvidenceSummary", "Point", "Report"]
