"""Further characters on the operator's own machine: from folders, packs, AniList, a board."""
