"""Transliteration to Latin letters, word by word, with schemes as data and character counts."""
