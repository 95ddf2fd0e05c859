"""What belongs to this paper, and not to the library: what it compares, and what it calls things."""
