"""Tests of enrolling further characters, against local servers that hold to what is published."""
