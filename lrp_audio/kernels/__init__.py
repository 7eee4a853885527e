"""Numba loops and GEMM calls on plain arrays: the only place that knows memory layout and threads.

Inside, signals are channels-last: ``(batch, height, width, channels)``, a waveform having width 1.
The functions that layers call take and give ``(batch, channels, ...)``; what they give is a view of
channels-last memory, so that a chain of layers never copies.
"""
