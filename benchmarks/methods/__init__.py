"""The rivals of `benchmarks/rivals.py`: each way of naming a drawn character, one file a way.

A way turns pictures of one face into vectors, or None where it finds nothing to describe; naming is
then a nearest mean or a linear model on those vectors, the same code for all of them.
"""
