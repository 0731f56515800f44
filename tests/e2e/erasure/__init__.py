"""What is erased is gone, down to the bytes: of the database with its log, and of the crops."""
