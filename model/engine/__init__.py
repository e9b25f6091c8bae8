"""Recurrent layers for processors, several times the speed of a library's where it counts: numba and torch's products.

`recurrence` has the layer, `lstm`, `gru` and `rnn` the arithmetic of each cell, `arithmetic` the numbers they share.
"""
