"""Where the heads are in a picture: boxes, and a file for each detector."""
