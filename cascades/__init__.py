"""What a cascade detector needs: the manifest of known cascade files and their loader."""
