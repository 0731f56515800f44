"""Tests of the chat page and its shelf of drawn samples."""
