"""Tests of labelling on the site."""
