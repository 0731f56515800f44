"""Programs that feed readers of files with whatever a fuzzer thinks of."""
