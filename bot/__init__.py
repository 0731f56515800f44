"""The process: command line, configuration, client, inference worker, storage."""
