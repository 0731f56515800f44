"""Draw invented anime characters by code, so that a newcomer has pictures to post.

`canvas` knows curves, fills and strokes; `backdrops`, `hair`, `face` and `clothes` draw one part of
a picture each; `figure` puts them together. Everything follows from its arguments: the same
arguments give the same pixels.
"""
