"""Training and evaluation of the weights in `models/weights/`."""
