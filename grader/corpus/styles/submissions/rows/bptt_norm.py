import json
import os

import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np

# everything is a row vector here: x is (1, e), h is (1, d), and we multiply from the left
hidden = 32
embed = 16
vocab_size = 64
steps = 50
sigma = 0.1
seed0 = 42


def make_sequence(seed, length):
    # Option B: random ids, fixed target
    rs = np.random.RandomState(seed)
    return [int(v) for v in rs.randint(0, vocab_size, size=length)], 7


def init_params(kind, seed):
    rs = np.random.RandomState(seed)
    n = lambda a, b: rs.randn(a, b) * sigma
    P = {'emb': n(vocab_size, embed)}
    if kind == 'rnn':
        P['Wx'] = n(embed, hidden)
        P['Wh'] = n(hidden, hidden)
        P['b'] = np.zeros((1, hidden))
    else:
        P['Wxz'], P['Whz'], P['bz'] = n(embed, hidden), n(hidden, hidden), 2.0 * np.ones((1, hidden))
        P['Wxr'], P['Whr'], P['br'] = n(embed, hidden), n(hidden, hidden), np.zeros((1, hidden))
        P['Wxc'], P['Whc'], P['bc'] = n(embed, hidden), n(hidden, hidden), np.zeros((1, hidden))
    P['Wy'] = n(hidden, vocab_size)
    P['by'] = np.zeros((1, vocab_size))
    return P


def sig(a):
    return 1 / (1 + np.exp(-a))


def rnn_cell(P, x, h):
    return np.tanh(x @ P['Wx'] + h @ P['Wh'] + P['b'])


def gru_cell(P, x, h):
    z = sig(x @ P['Wxz'] + h @ P['Whz'] + P['bz'])
    r = sig(x @ P['Wxr'] + h @ P['Whr'] + P['br'])
    hr = r * h
    c = np.tanh(x @ P['Wxc'] + hr @ P['Whc'] + P['bc'])
    # z keeps the old state (the PyTorch convention), so its bias is +2
    new = z * h + (1 - z) * c
    return new, (x, h, z, r, hr, c)


def step(kind, params, token_id, h_prev):
    x = params['emb'][token_id:token_id + 1]
    h = h_prev.reshape(1, -1)
    if kind == 'rnn':
        return rnn_cell(params, x, h)[0]
    return gru_cell(params, x, h)[0][0]


def update_gate(params, token_id, h_prev):
    x = params['emb'][token_id:token_id + 1]
    return gru_cell(params, x, h_prev.reshape(1, -1))[1][2][0]


def log_probs(P, h):
    y = h @ P['Wy'] + P['by']
    y = y - y.real.max()
    return y - np.log(np.exp(y).sum())


def loss(kind, params, h_last, target_id):
    return -log_probs(params, h_last.reshape(1, -1))[0, target_id]


def bptt(kind, params, token_ids, target_id):
    P = params
    hs, cache = [np.zeros((1, hidden))], []
    for tok in token_ids:
        x = P['emb'][tok:tok + 1]
        if kind == 'rnn':
            hs.append(rnn_cell(P, x, hs[-1]))
            cache.append(None)
        else:
            new, c = gru_cell(P, x, hs[-1])
            hs.append(new)
            cache.append(c)
    p = np.exp(log_probs(P, hs[-1]))
    p[0, target_id] -= 1
    d = p @ P['Wy'].T
    out = [d]
    for t in reversed(range(len(token_ids))):
        if kind == 'rnn':
            d = (d * (1 - hs[t + 1] ** 2)) @ P['Wh'].T
        else:
            x, h, z, r, hr, c = cache[t]
            dz = d * (h - c)
            dc = d * (1 - z) * (1 - c ** 2)
            dhr = dc @ P['Whc'].T
            dr = dhr * h * r * (1 - r)
            dz = dz * z * (1 - z)
            d = d * z + dhr * r + dr @ P['Whr'].T + dz @ P['Whz'].T
        out.append(d)
    out.reverse()
    return np.concatenate(out, axis=0)


def run(kind, seed):
    toks, target = make_sequence(seed, steps)
    P = init_params(kind, seed)
    grads = bptt(kind, P, toks, target)
    norms = np.sqrt((grads ** 2).sum(axis=1))
    return norms, P


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    rnn, P = run('rnn', seed0)
    gru, _ = run('gru', seed0)
    print('rho(W_hh) =', round(float(np.abs(np.linalg.eigvals(P['Wh'])).max()), 4))
    with open(os.path.join(folder, 'decay.json'), 'w') as f:
        json.dump({'rnn': rnn[:steps].tolist(), 'gru': gru[:steps].tolist()}, f)

    plt.figure()
    plt.plot(rnn[:steps], 'r-', label='RNN')
    plt.plot(gru[:steps], 'b--', label='GRU')
    plt.yscale('log')
    plt.xlabel('t'); plt.ylabel('g_t'); plt.legend(); plt.grid(True)
    plt.savefig(os.path.join(folder, 'decay.png'), dpi=90)


if __name__ == '__main__':
    main()
