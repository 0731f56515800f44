"""Tests of the process: configuration, worker, client, errors, logs, command line."""
