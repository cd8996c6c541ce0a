"""Speed: how time is taken, on which machine, and what `seqkit bench` prints."""
