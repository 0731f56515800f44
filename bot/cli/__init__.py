"""The `moedex` command line, one file a command group."""
