"""Solvers, chain-free: what to give to whom, and by which way."""
