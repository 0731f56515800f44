"""From vectors to names: galleries, scores, calibration, the roster."""
