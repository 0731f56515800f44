"""Draws the shelf's pictures: invented anime characters that a newcomer can post.

`python -m sandbox.samples.drawing` writes the files in `sandbox/samples/pictures` anew.

`canvas` knows curves, fills and strokes; `backdrops`, `hair`, `bangs`, `face`, `clothes` and
`accessories` draw one part of a picture each; `figure` puts them together; `cast` describes the
characters and `pictures` lists the shelf. The same arguments make the same pixels.
"""
