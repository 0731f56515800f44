"""What `moedex sort` is made of: the run, the shelf, names, companions, moving, the journal."""
