"""Characters: finding them, and what is known of one."""
