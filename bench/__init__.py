"""Benchmarks: what one operation costs a server of ours, in CPU time of every process of it."""
