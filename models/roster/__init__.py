"""Who there is: names, series and links of characters, and whom a typed name means."""
