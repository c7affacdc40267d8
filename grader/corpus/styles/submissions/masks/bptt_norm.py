import json
import os
import numpy as np


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(axis=0)


def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def word_embedding_forward(x, W):
    return W[x], (x, W)


def word_embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dtanh = dnext_h * (1 - next_h ** 2)
    dx = dtanh.dot(Wx.T)
    dprev_h = dtanh.dot(Wh.T)
    dWx = x.T.dot(dtanh)
    dWh = prev_h.T.dot(dtanh)
    db = dtanh.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def sigmoid(x):
    pos_mask = (x >= 0)
    neg_mask = (x < 0)
    z = np.zeros_like(x)
    z[pos_mask] = np.exp(-x[pos_mask])
    z[neg_mask] = np.exp(x[neg_mask])
    top = np.ones_like(x)
    top[neg_mask] = z[neg_mask]
    return top / (1 + z)


def gru_step_forward(x, prev_h, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + b
    ah = prev_h.dot(Wh[:, :2 * H])
    u = sigmoid(a[:, :H] + ah[:, :H])
    r = sigmoid(a[:, H:2 * H] + ah[:, H:])
    c = np.tanh(a[:, 2 * H:] + (r * prev_h).dot(Wh[:, 2 * H:]))
    next_h = (1 - u) * prev_h + u * c
    return next_h, (x, prev_h, Wx, Wh, u, r, c)


def gru_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, u, r, c = cache
    H = prev_h.shape[1]
    du = dnext_h * (c - prev_h) * u * (1 - u)
    dc = dnext_h * u * (1 - c ** 2)
    drh = dc.dot(Wh[:, 2 * H:].T)
    dr = drh * prev_h * r * (1 - r)
    da = np.hstack((du, dr, dc))
    dx = da.dot(Wx.T)
    dprev_h = dnext_h * (1 - u) + drh * r + da[:, :2 * H].dot(Wh[:, :2 * H].T)
    dWx = x.T.dot(da)
    dWh = np.hstack((prev_h.T.dot(da[:, :2 * H]), (r * prev_h).T.dot(dc)))
    db = da.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def sequence_forward(x, h0, Wx, Wh, b, step):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    caches = []
    prev_h = h0
    for t in range(T):
        prev_h, cache = step(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        caches.append(cache)
    return h, caches


def sequence_backward(dh, caches, step):
    N, T, H = dh.shape
    dprev_h = np.zeros((N, H))
    grads = []
    for t in reversed(range(T)):
        dx, dprev_h, dWx, dWh, db = step(dh[:, t, :] + dprev_h, caches[t])
        grads.append(np.linalg.norm(dprev_h))
    return grads[::-1]


def run(kind, seed=42):
    np.random.seed(seed)
    N, T, D, H, V = 1, 50, 16, 32, 28
    tokens = np.random.randint(V, size=(N, T))
    y = np.array([5])
    k = 1 if kind == 'rnn' else 3
    We = np.random.randn(V, D)
    Wx = 0.1 * np.random.randn(D, k * H)
    Wh = 0.1 * np.random.randn(H, k * H)
    b = np.zeros(k * H)
    if kind == 'gru':
        b[:H] = -2
    Wv, bv = 0.1 * np.random.randn(H, V), np.zeros(V)
    fwd, bwd = (rnn_step_forward, rnn_step_backward) if kind == 'rnn' else (gru_step_forward, gru_step_backward)
    x, _ = word_embedding_forward(tokens, We)
    h, caches = sequence_forward(x, np.zeros((N, H)), Wx, Wh, b, fwd)
    scores, cache = affine_forward(h[:, -1], Wv, bv)
    loss, dscores = softmax_loss(scores, y)
    dlast, dWv, dbv = affine_backward(dscores, cache)
    dh = np.zeros_like(h)
    dh[:, -1] = dlast
    print(kind, loss)
    if kind == 'rnn':
        print('radius', np.abs(np.linalg.eigvals(Wh)).max())
    return sequence_backward(dh, caches, bwd)


if __name__ == '__main__':
    out = {kind: [float(g) for g in run(kind)] for kind in ('rnn', 'gru')}
    folder = os.path.dirname(os.path.realpath(__file__))
    with open(os.path.join(folder, 'decay.json'), 'w') as f:
        json.dump(out, f, indent=2)
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot as plt
    plt.semilogy(out['rnn'], 'r-', out['gru'], 'b-')
    plt.legend(['RNN', 'GRU'])
    plt.savefig(os.path.join(folder, 'decay.png'))
