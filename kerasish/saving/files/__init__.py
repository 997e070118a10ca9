"""File formats: bytes to arrays and texts and back, from files that nobody vouches for."""
