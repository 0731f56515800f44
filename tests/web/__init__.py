"""Tests of the site: its API, its pages in a browser, and what may be sent to it on purpose."""
