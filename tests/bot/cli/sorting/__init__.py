"""Tests of `bot.cli.sorting`, by way of `moedex sort`."""
