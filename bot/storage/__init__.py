"""Settings and answers in a database; the only place with SQL."""
