"""Why nothing was run, and what to do about it."""

from __future__ import annotations

from grader.model import Term, Value
from grader.texts import Catalogue


class IsolationRefusedError(Exception):
    """Nothing is run: `reason` names the sentence that says why and what to do about it.

    `lacking` holds the probes that failed, by name; for the reason "failed" what the child said.
    """

    def __init__(self, reason: str, lacking: tuple[str, ...] = (), tier: str = "") -> None:
        super().__init__(reason, lacking, tier)
        self.reason = reason
        self.lacking = lacking
        self.tier = tier


def said(error: IsolationRefusedError, texts: Catalogue) -> str:
    """Put a refusal into words, with the exact remedies."""
    lacking: list[str] = list(error.lacking)
    remedies: list[str] = []
    if error.reason != "failed":
        remedies = [Term(f"isolation.remedy.{name}") for name in lacking]
        lacking = [Term(f"isolation.probe.{name}") for name in lacking]
    data: dict[str, Value] = {
        "tier": error.tier,
        "lacking": lacking,
        "remedies": remedies,
    }
    return texts.say(f"isolation.refused.{error.reason}", data)
