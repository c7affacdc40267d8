"""Renderings of a report: each a pure function of the report and a language."""
