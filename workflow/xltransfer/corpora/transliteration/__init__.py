"""Writing text in Latin letters: schemes as data, word by word, every character accounted for."""
