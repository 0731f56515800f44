"""Makes the shipped roster from sources, by rule and by reviewed corrections."""
