"""The answer as a picture: layout, drawing, fonts."""
