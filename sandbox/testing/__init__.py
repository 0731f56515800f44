"""For tests and benchmarks: members driven by code, and fault injection."""
