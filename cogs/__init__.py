"""The features a Discord user sees, one small file each."""
