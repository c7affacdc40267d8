import json
import numpy as np
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
from os.path import dirname, abspath, join

HERE = dirname(abspath(__file__))
SEED = 42
T = 50
H = 32
V = 20


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(y):
    e = np.exp(y - np.max(y))
    return e / np.sum(e)


class VanillaRNN:
    """Minimal char-rnn style network: one-hot inputs, column vectors."""

    def __init__(self, scale=0.1):
        np.random.seed(SEED)
        self.Wxh = np.random.randn(H, V) * scale
        self.Whh = np.random.randn(H, H) * scale
        self.Why = np.random.randn(V, H) * scale
        self.bh = np.zeros((H, 1))
        self.by = np.zeros((V, 1))

    def forward(self, inputs, target):
        self.xs, self.hs = {}, {}
        self.hs[-1] = np.zeros((H, 1))
        for t in range(len(inputs)):
            self.xs[t] = np.zeros((V, 1))
            self.xs[t][inputs[t]] = 1
            self.hs[t] = np.tanh(np.dot(self.Wxh, self.xs[t]) + np.dot(self.Whh, self.hs[t - 1]) + self.bh)
        self.target = target
        self.p = softmax(np.dot(self.Why, self.hs[T - 1]) + self.by)
        return -np.log(self.p[target, 0])

    def backward(self):
        dy = np.copy(self.p)
        dy[self.target] -= 1
        dh = np.dot(self.Why.T, dy)
        grads = np.zeros(T)
        for t in reversed(range(T)):
            dhraw = (1 - self.hs[t] * self.hs[t]) * dh
            dh = np.dot(self.Whh.T, dhraw)
            grads[t] = np.linalg.norm(dh)   # gradient w.r.t. the state before token t
        return grads


class GRU:
    def __init__(self, scale=0.1):
        np.random.seed(SEED)
        self.Wxh = np.random.randn(H, V) * scale
        self.Whh = np.random.randn(H, H) * scale
        self.Why = np.random.randn(V, H) * scale
        self.Wxz = np.random.randn(H, V) * scale
        self.Whz = np.random.randn(H, H) * scale
        self.Wxr = np.random.randn(H, V) * scale
        self.Whr = np.random.randn(H, H) * scale
        self.bh = np.zeros((H, 1))
        self.bz = -2 * np.ones((H, 1))
        self.br = np.zeros((H, 1))
        self.by = np.zeros((V, 1))

    def cell(self, x, hprev):
        z = sigmoid(np.dot(self.Wxz, x) + np.dot(self.Whz, hprev) + self.bz)
        r = sigmoid(np.dot(self.Wxr, x) + np.dot(self.Whr, hprev) + self.br)
        hbar = np.tanh(np.dot(self.Wxh, x) + np.dot(self.Whh, r * hprev) + self.bh)
        h = (1 - z) * hprev + z * hbar
        return h, {'z': z, 'r': r, 'hbar': hbar, 'hprev': hprev}

    def forward(self, inputs, target):
        self.cache = {}
        h = np.zeros((H, 1))
        for t in range(len(inputs)):
            x = np.zeros((V, 1))
            x[inputs[t]] = 1
            h, self.cache[t] = self.cell(x, h)
        self.target = target
        self.p = softmax(np.dot(self.Why, h) + self.by)
        return -np.log(self.p[target, 0])

    def backward(self):
        dy = np.copy(self.p)
        dy[self.target] -= 1
        dh = np.dot(self.Why.T, dy)
        grads = np.zeros(T)
        for t in reversed(range(T)):
            k = self.cache[t]
            z, r, hbar, hprev = k['z'], k['r'], k['hbar'], k['hprev']
            dhbar = np.multiply(dh, z)
            dhbar_raw = np.multiply(dhbar, 1 - np.square(hbar))
            drh = np.dot(self.Whh.T, dhbar_raw)
            dr = np.multiply(drh, hprev)
            dr_raw = np.multiply(dr, r * (1 - r))
            dz = np.multiply(dh, hbar - hprev)
            dz_raw = np.multiply(dz, z * (1 - z))

            dh_a = np.multiply(dh, 1 - z)
            dh_b = np.multiply(drh, r)
            dh_c = np.dot(self.Whz.T, dz_raw)
            dh_d = np.dot(self.Whr.T, dr_raw)
            dh = dh_a + dh_b + dh_c + dh_d
            grads[t] = np.linalg.norm(dh)
        return grads


def run():
    np.random.seed(SEED)
    inputs = list(np.random.randint(0, V, T))
    target = 3
    out = {}
    for name, net in (('rnn', VanillaRNN()), ('gru', GRU())):
        print(name, 'loss', net.forward(inputs, target))
        out[name] = net.backward().tolist()
    return out


def orders(g):
    return np.log10(g[-1] / g[0])


if __name__ == '__main__':
    res = run()
    with open(join(HERE, 'decay.json'), 'w') as f:
        json.dump(res, f)
    for k in res:
        print(k, orders(res[k]), 'orders;', orders(res[k]) / 4.9, 'per 10 steps')
    print('spectral radius', np.abs(np.linalg.eigvals(VanillaRNN().Whh)).max())
    plt.plot(res['rnn'], c='red', label='vanilla RNN')
    plt.plot(res['gru'], c='blue', label='GRU')
    plt.yscale('log')
    plt.xlabel('t')
    plt.ylabel('|dL/dh_t|')
    plt.text(1, max(res['gru']) * 2, 'vanilla RNN gradient decays by %.1f orders of magnitude over 50 steps; GRU decays by %.1f'
             % (orders(res['rnn']), orders(res['gru'])), fontsize=7)
    plt.legend()
    plt.savefig(join(HERE, 'decay.png'))
