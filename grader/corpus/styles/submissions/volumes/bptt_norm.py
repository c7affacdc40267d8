import numpy as np
import json
import matplotlib
matplotlib.use('agg')
import matplotlib.pyplot as plt

n_x, n_a, n_y, T_x, m = 27, 32, 27, 50, 1


def softmax(x):
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum(axis=0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_cell_forward(xt, a_prev, parameters):
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    ba = parameters["ba"]
    a_next = np.tanh(np.dot(Waa, a_prev) + np.dot(Wax, xt) + ba)
    cache = (a_next, a_prev, xt, parameters)
    return a_next, cache


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    dtanh = (1 - a_next ** 2) * da_next
    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=True)
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}


def gru_cell_forward(xt, c_prev, parameters):
    concat = np.concatenate((c_prev, xt), axis=0)
    Gu = sigmoid(np.dot(parameters["Wu"], concat) + parameters["bu"])
    Gr = sigmoid(np.dot(parameters["Wr"], concat) + parameters["br"])
    concat_r = np.concatenate((Gr * c_prev, xt), axis=0)
    cct = np.tanh(np.dot(parameters["Wc"], concat_r) + parameters["bc"])
    c_next = Gu * cct + (1 - Gu) * c_prev
    cache = (c_next, c_prev, Gu, Gr, cct, concat, concat_r, parameters)
    return c_next, cache


def gru_cell_backward(dc_next, cache):
    (c_next, c_prev, Gu, Gr, cct, concat, concat_r, parameters) = cache
    dcct = dc_next * Gu * (1 - cct ** 2)
    dGu = dc_next * (cct - c_prev) * Gu * (1 - Gu)
    dconcat_r = np.dot(parameters["Wc"].T, dcct)
    dGr = dconcat_r[:n_a, :] * c_prev * Gr * (1 - Gr)
    dconcat = np.dot(parameters["Wu"].T, dGu) + np.dot(parameters["Wr"].T, dGr)
    dc_prev = dc_next * (1 - Gu) + dconcat_r[:n_a, :] * Gr + dconcat[:n_a, :]
    gradients = {"da_prev": dc_prev, "dWu": np.dot(dGu, concat.T), "dWr": np.dot(dGr, concat.T), "dWc": np.dot(dcct, concat_r.T)}
    return gradients


def forward(x, a0, parameters, cell):
    caches = []
    n_a, m = a0.shape
    a = np.zeros((n_a, m, T_x))
    a_next = a0
    for t in range(T_x):
        a_next, cache = cell(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    y_pred = softmax(np.dot(parameters["Wya"], a_next) + parameters["by"])
    return a, y_pred, caches


def backward(y_pred, y, parameters, caches, cell):
    da = np.zeros((n_a, m, T_x + 1))
    dz = y_pred - y
    da[:, :, T_x] = np.dot(parameters["Wya"].T, dz)
    for t in reversed(range(T_x)):
        gradients = cell(da[:, :, t + 1], caches[t])
        da[:, :, t] = gradients["da_prev"]
    return da


# data
np.random.seed(42)
x = np.zeros((n_x, m, T_x))
for t in range(T_x):
    x[np.random.randint(n_x), 0, t] = 1
y = np.zeros((n_y, m))
y[0, 0] = 1
a0 = np.zeros((n_a, m))

np.random.seed(42)
parameters = {
    "Wax": np.random.randn(n_a, n_x) * 0.1,
    "Waa": np.random.randn(n_a, n_a) * 0.1,
    "Wya": np.random.randn(n_y, n_a) * 0.1,
    "ba": np.zeros((n_a, 1)),
    "by": np.zeros((n_y, 1)),
}
a, y_pred, caches = forward(x, a0, parameters, rnn_cell_forward)
print("cost", -np.sum(y * np.log(y_pred)))
da = backward(y_pred, y, parameters, caches, rnn_cell_backward)
rnn_norms = [np.linalg.norm(da[:, :, t]) for t in range(T_x)]
print("spectral radius =", np.max(np.abs(np.linalg.eigvals(parameters["Waa"]))))

np.random.seed(42)
parameters = {
    "Wu": np.random.randn(n_a, n_a + n_x) * 0.1, "bu": np.full((n_a, 1), -2.0),
    "Wr": np.random.randn(n_a, n_a + n_x) * 0.1, "br": np.zeros((n_a, 1)),
    "Wc": np.random.randn(n_a, n_a + n_x) * 0.1, "bc": np.zeros((n_a, 1)),
    "Wya": np.random.randn(n_y, n_a) * 0.1, "by": np.zeros((n_y, 1)),
}
a, y_pred, caches = forward(x, a0, parameters, gru_cell_forward)
print("cost", -np.sum(y * np.log(y_pred)))
da = backward(y_pred, y, parameters, caches, gru_cell_backward)
gru_norms = [np.linalg.norm(da[:, :, t]) for t in range(T_x)]

with open("decay.json", "w") as f:
    json.dump({"rnn": rnn_norms, "gru": gru_norms}, f)
plt.plot(rnn_norms, "r")
plt.plot(gru_norms, "b")
plt.yscale("log")
plt.legend(["RNN", "GRU"])
plt.savefig("decay.png")
