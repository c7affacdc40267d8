#!/usr/bin/env python
# coding: utf-8

# # Lab 03: vanishing gradient
# (jupyter nbconvert --to script). Follows Karpathy's min-char-rnn.

# In[1]:


import json
import numpy as np
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt


# In[2]:


T = 50
hidden_size = 32
vocab_size = 26
np.random.seed(42)
inputs = [int(i) for i in np.random.randint(0, vocab_size, size=T)]
target = 19     # option B, fixed token


# In[3]:


np.random.seed(42)
Wxh = np.random.randn(hidden_size, vocab_size)*0.1
Whh = np.random.randn(hidden_size, hidden_size)*0.1
Why = np.random.randn(vocab_size, hidden_size)*0.1
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))
max(abs(np.linalg.eigvals(Whh)))


# In[4]:


# forward, vanilla
xs, hs, ys, ps = {}, {}, {}, {}
hs[-1] = np.zeros((hidden_size, 1))
for t in range(T):
    xs[t] = np.zeros((vocab_size, 1))
    xs[t][inputs[t]] = 1
    hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)
    ys[t] = np.dot(Why, hs[t]) + by
    ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
loss = -np.log(ps[T-1][target, 0])
print('loss', loss)


# In[5]:


# backward, vanilla. hs[-1] is h_0 of the lab, hs[49] is h_50
rnn_norms = [0.0]*T
dhnext = np.zeros((hidden_size, 1))
for t in reversed(range(T)):
    dh = dhnext
    if t == T-1:
        dy = np.copy(ps[t])
        dy[target] -= 1
        dh = dh + np.dot(Why.T, dy)
    dhraw = (1 - hs[t]*hs[t])*dh
    dhnext = np.dot(Whh.T, dhraw)
    rnn_norms[t] = float(np.linalg.norm(dhnext))
print('rho', np.abs(np.linalg.eigvals(Whh)).max())


# In[6]:


# GRU with the same seed; z close to 0 keeps the state
np.random.seed(42)
Wxh = np.random.randn(hidden_size, vocab_size)*0.1
Whh = np.random.randn(hidden_size, hidden_size)*0.1
Why = np.random.randn(vocab_size, hidden_size)*0.1
Wxz = np.random.randn(hidden_size, vocab_size)*0.1
Whz = np.random.randn(hidden_size, hidden_size)*0.1
Wxr = np.random.randn(hidden_size, vocab_size)*0.1
Whr = np.random.randn(hidden_size, hidden_size)*0.1
bz = -1.5*np.ones((hidden_size, 1))
br = np.zeros((hidden_size, 1))

xs, hs, zs, rs, cs, ys, ps = {}, {}, {}, {}, {}, {}, {}
hs[-1] = np.zeros((hidden_size, 1))
for t in range(T):
    xs[t] = np.zeros((vocab_size, 1))
    xs[t][inputs[t]] = 1
    zs[t] = 1/(1 + np.exp(-(np.dot(Wxz, xs[t]) + np.dot(Whz, hs[t-1]) + bz)))
    rs[t] = 1/(1 + np.exp(-(np.dot(Wxr, xs[t]) + np.dot(Whr, hs[t-1]) + br)))
    cs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, rs[t]*hs[t-1]) + bh)
    hs[t] = (1 - zs[t])*hs[t-1] + zs[t]*cs[t]
    ys[t] = np.dot(Why, hs[t]) + by
    ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
allz = np.concatenate([zs[t] for t in range(T)])
print('z', allz.mean(), allz.std())


# In[7]:


# backward, GRU
gru_norms = [0.0]*T
dhnext = np.zeros((hidden_size, 1))
for t in reversed(range(T)):
    dh = dhnext
    if t == T-1:
        dy = np.copy(ps[t])
        dy[target] -= 1
        dh = dh + np.dot(Why.T, dy)
    dcraw = dh*zs[t]*(1 - cs[t]*cs[t])
    drh = np.dot(Whh.T, dcraw)
    dzraw = dh*(cs[t] - hs[t-1])*zs[t]*(1 - zs[t])
    drraw = drh*hs[t-1]*rs[t]*(1 - rs[t])
    dhnext = dh*(1 - zs[t])
    dhnext = dhnext + drh*rs[t]
    dhnext = dhnext + np.dot(Whz.T, dzraw)
    dhnext = dhnext + np.dot(Whr.T, drraw)
    gru_norms[t] = float(np.linalg.norm(dhnext))


# In[8]:


with open('decay.json', 'w') as f:
    json.dump({'timesteps': list(range(T)), 'rnn': rnn_norms, 'gru': gru_norms}, f)


# In[9]:


N = np.log10(rnn_norms[-1]/rnn_norms[0])
M = np.log10(gru_norms[-1]/gru_norms[0])
fig, ax = plt.subplots(figsize=(8, 5))
ax.semilogy(rnn_norms, 'r.-')
ax.semilogy(gru_norms, 'b.-')
ax.legend(['vanilla RNN', 'GRU'])
ax.set_xlabel('time step')
ax.set_ylabel('gradient norm')
ax.set_title('vanilla RNN gradient decays by %.2f orders of magnitude over 50 steps; GRU decays by %.2f' % (N, M), fontsize=9)
plt.savefig('decay.png')
print(N, M, N/49*10, M/49*10)
