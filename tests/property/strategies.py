"""What the laws are tried on. Every draw is valid: nothing is discarded."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from reference.initialise import Configuration

seeds = st.integers(0, 2**32 - 1)


@st.composite
def configurations(draw, **fixed):
    """Small nets of every form, from nearly linear to strongly curved."""
    settings = {
        "T": draw(st.integers(1, 12)),
        "d_hidden": draw(st.integers(1, 8)),
        "d_embed": draw(st.integers(1, 6)),
        "vocabulary": draw(st.integers(10, 20)),
        "scale": draw(st.floats(1e-3, 0.6)),
        "scheme": draw(st.sampled_from(["normal", "orthogonal"])),
        "update_gate_bias": draw(st.floats(-5, 5)),
        "convention": draw(st.sampled_from(["candidate", "previous"])),
        "reset": draw(st.sampled_from(["before", "after"])),
        "option": draw(st.sampled_from(["A", "B"])),
        "seed": draw(seeds),
    }
    return Configuration(**(settings | fixed))


@st.composite
def jacobian_chains(draw):
    """Jacobians (T, d, d) of any common size down to 1e-150, and a head gradient."""
    T, d = draw(st.integers(1, 10)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(seeds))
    size = 10.0 ** draw(st.floats(-150, 2))
    return size * rng.standard_normal((T, d, d)), rng.standard_normal(d)
