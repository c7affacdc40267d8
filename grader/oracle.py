"""The one door to the reference: what the grader uses of the instructor's numbers."""

from reference.arrays import Chain
from reference.cells import rnn_from_preactivation
from reference.chaining import amplification, chain, chain_error
from reference.differentiate import (
    central_points,
    choose_radius,
    complex_agrees,
    complex_derivative,
    complex_points,
    ladder_points,
    richardson,
)

__all__ = [
    "Chain",
    "amplification",
    "central_points",
    "chain",
    "chain_error",
    "choose_radius",
    "complex_agrees",
    "complex_derivative",
    "complex_points",
    "ladder_points",
    "richardson",
    "rnn_from_preactivation",
]
