"""What a probe gathers on its way, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from grader.evidence.points import eased
from grader.evidence.scenes import Site
from grader.evidence.seeds import Plan
from grader.facts import ForwardFacts, LossFacts, Misbehaviour, PointFacts, ProbeFacts


@dataclass
class Notes:
    """What a probe gathers on its way, so that a late failure loses nothing."""

    misbehaviours: list[Misbehaviour] = field(default_factory=list)
    points: list[PointFacts] = field(default_factory=list)
    forward: ForwardFacts | None = None
    loss: LossFacts | None = None
    not_hot: str = ""
    recorded_seed: int | None = None
    sites: list[Site] = field(default_factory=list)
    dtype: str = "<f8"
    d: int = 0
    states_per_token: float = 0.0
    finished: bool = False

    def facts(self, plan: Plan) -> ProbeFacts:
        """Return what was found, judged as differences are where `bptt` takes such."""
        found = ProbeFacts(
            status="probed" if self.finished else "broken",
            misbehaviours=tuple(self.misbehaviours),
            d_hidden=self.d,
            seed=plan.seed,
            seed_source=plan.seed_source,
            dtype=self.dtype,
            points=tuple(self.points),
            forward=self.forward,
            loss=self.loss,
            not_hot=self.not_hot,
            recorded_seed=self.recorded_seed,
            states_per_token=self.states_per_token,
        )
        if not found.numerical:
            return found
        return replace(found, points=tuple(eased(point) for point in found.points))
