"""Backpropagation in ball arithmetic of 256 bits or more: results carry proven error bounds.

Written from the equations with python-flint's ``arb``, sharing no code with ``reference``: only the
float64 parameters, which balls hold exactly, are the same.
"""

from __future__ import annotations

from flint import arb, arb_mat, ctx

PRECISION = 256
"""Bits at first; doubled until every result is known to `WIDEST`. Balls can't see errors cancel:
radii grow like products of absolute values, by many powers of ten over fifty steps."""

WIDEST = 1e-30
"""Relative radius allowed in a result: far below anything float64 can show."""


def gradients(model, tokens):
    """Return dL/dh_t for t = 0 … T as lists of balls, for an RNNModel or a GRUModel."""
    precision = PRECISION
    while True:
        found = _gradients(model, tokens, precision)
        with ctx.workprec(precision):
            if all(size.rad() <= WIDEST * size.mid() for size in map(_norm, found)):
                return found
        precision *= 2


def _gradients(model, tokens, precision):
    with ctx.workprec(precision):
        net = _GRU(model.cell) if hasattr(model.cell, "U") else _RNN(model.cell)
        h = _column([0.0] * model.head.W_ho.shape[1])
        for token in tokens.ids.tolist():
            h = net.forward(_column(model.embedding[token].tolist()), h)
        vector = _head(model.head, h, tokens.target)
        vectors = [vector]
        for _ in tokens.ids:
            vector = net.backward(vector)
            vectors.append(vector)
        return [v.entries() for v in reversed(vectors)]


def worst_relative_error(chain, truth) -> float:
    """Return the largest ‖found - true‖ / ‖true‖ over t, itself computed in balls."""
    return max(relative_errors(chain, truth))


def relative_errors(chain, truth) -> list[float]:
    """Return ‖found - true‖ / ‖true‖ for each t."""
    with ctx.workprec(PRECISION):
        return [
            _relative_error(unit.tolist(), float(log10_norm), true)
            for unit, log10_norm, true in zip(chain.unit, chain.log10_norm, truth, strict=True)
        ]


def log10_norms(truth) -> list[float]:
    """Return log10 of the Euclidean norms."""
    with ctx.workprec(PRECISION):
        return [float((_norm(v).log() / arb(10).log()).mid()) for v in truth]


def _relative_error(unit, log10_norm, true):
    size = _norm(true)
    scale = arb(10) ** arb(log10_norm)
    return float(
        (_norm([arb(u) * scale - v for u, v in zip(unit, true, strict=True)]) / size).mid()
    )


def _norm(vector):
    return sum((v * v for v in vector), arb(0)).sqrt()


class _RNN:
    def __init__(self, cell):
        self.W_xh, self.W_hh = _mat(cell.W_xh), _mat(cell.W_hh)
        self.b_h = _column(cell.b_h.tolist())
        self.tape = []

    def forward(self, x, h):
        self.tape.append(_map(arb.tanh, self.W_hh * h + self.W_xh * x + self.b_h))
        return self.tape[-1]

    def backward(self, v):
        return self.W_hh.transpose() * _zip(lambda h, g: (1 - h * h) * g, self.tape.pop(), v)


class _GRU:
    def __init__(self, cell):
        self.W, self.U = [_mat(W) for W in cell.W], [_mat(U) for U in cell.U]
        self.b = [_column(b.tolist()) for b in cell.b]
        inner = cell.recurrent_bias
        self.inner = _column([0.0] * cell.b.shape[1] if inner is None else inner.tolist())
        self.reset_first = cell.reset == "before"
        self.z_is_new = cell.convention == "candidate"
        self.tape = []

    def forward(self, x, h):
        a = [W * x + b for W, b in zip(self.W, self.b, strict=True)]
        z, r = (_map(_sigmoid, self.U[k] * h + a[k]) for k in (0, 1))
        if self.reset_first:
            product = None
            candidate = _map(arb.tanh, a[2] + self.U[2] * _times(r, h))
        else:
            product = self.U[2] * h + self.inner
            candidate = _map(arb.tanh, a[2] + _times(r, product))
        self.tape.append((z, r, candidate, product, h))
        new = z if self.z_is_new else _map(lambda v: 1 - v, z)
        return h + _times(new, candidate - h)

    def backward(self, v):
        z, r, c, product, old = self.tape.pop()
        one_minus_z = _map(lambda u: 1 - u, z)
        new, keep = (z, one_minus_z) if self.z_is_new else (one_minus_z, z)
        d_new = _times(v, c - old)
        d_z = d_new if self.z_is_new else -d_new
        d_a_z = _times(d_z, _times(z, one_minus_z))
        d_a_h = _times(_times(v, new), _map(lambda u: 1 - u * u, c))
        if self.reset_first:
            d_rh = self.U[2].transpose() * d_a_h
            d_r, through_candidate = _times(d_rh, old), _times(d_rh, r)
        else:
            d_r = _times(d_a_h, product)
            through_candidate = self.U[2].transpose() * _times(d_a_h, r)
        d_a_r = _times(d_r, _map(lambda u: u * (1 - u), r))
        through_gates = self.U[0].transpose() * d_a_z + self.U[1].transpose() * d_a_r
        return _times(v, keep) + through_candidate + through_gates


def _head(head, h, target):
    W = _mat(head.W_ho)
    weights = [v.exp() for v in (W * h + _column(head.b_o.tolist())).entries()]
    total = sum(weights, arb(0))
    p = [w / total for w in weights]
    p[target] -= 1
    return W.transpose() * _column(p)


def _sigmoid(x):
    return 1 / (1 + (-x).exp())


def _mat(W):
    return arb_mat(*W.shape, W.ravel().tolist())


def _column(values):
    return arb_mat(len(values), 1, values)


def _map(function, column):
    return _column([function(v) for v in column.entries()])


def _zip(function, a, b):
    return _column([function(u, v) for u, v in zip(a.entries(), b.entries(), strict=True)])


def _times(a, b):
    return _zip(lambda u, v: u * v, a, b)
