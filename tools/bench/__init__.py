"""Benchmarks: measured, never asserted; ratios are taken in one run on one node."""
