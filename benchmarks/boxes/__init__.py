"""Head boxes checked by hand, and the tool that they were made with."""
