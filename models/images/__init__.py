"""From the bytes of a file to pixels: decoding, resizing, cropping, perceptual hashes."""
