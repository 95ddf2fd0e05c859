"""Kernels in C++ for what PyTorch computes slowly on a CPU: draws, Henze–Zirkler, networks, whole training steps.

They know arrays, not data sets or methods. PyTorch's own path computes the same: it is the reference in tests, and
what runs on a GPU or without a compiler.
"""
