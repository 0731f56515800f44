"""Makes what names faces of a finished embedding: the gallery of all characters."""
