"""Benchmarks: each module is a command that measures, prints a table and writes JSON."""
