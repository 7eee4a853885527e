"""Numba loops and GEMM calls on plain arrays: memory layout and threads are handled only here.

Inside, signals are channels-last: ``(batch, height, width, channels)``, a waveform having width 1.
The functions that layers call take and return ``(batch, channels, ...)``; results are views of
channels-last memory, so that a chain of layers never copies.
"""
