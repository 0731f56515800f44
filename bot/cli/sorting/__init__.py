"""What `moedex sort` is made of: names of folders, companions, moving, the journal, the shelf."""
