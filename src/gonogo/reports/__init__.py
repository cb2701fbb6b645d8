"""The report writers: one module a format, each a pure function from a `Report` to one text."""

from gonogo.reports.model import EvidenceSummary, Point, Report

__all__ = ["EvidenceSummary", "Point", "Report"]
