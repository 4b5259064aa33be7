"""Files of word vectors: text, gzipped text and models of fastText; their refusals."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from xltransfer.embeddings import csls
from xltransfer.embeddings.fasttext_model import read_fasttext_model
from xltransfer.embeddings.vector_text import read_vector_text, write_vector_text
from xltransfer.embeddings.word_vectors import WordVectors, load_word_vectors, save_word_vectors
from xltransfer.runtime.errors import InputError
from xltransfer.stages.check_vectors import check_vectors

TEXT = "3 2\nthe 1 -0.5\nle .25 2e-1 \nthe 7 7\n"


def vectors(number: int = 5, dimensions: int = 3) -> WordVectors:
    draws = np.random.default_rng(1)
    words = [f"w{place}" for place in range(number)]
    return WordVectors(words, draws.standard_normal((number, dimensions)).astype(np.float32))


@pytest.mark.parametrize("suffix", [".vec", ".vec.gz"])
def test_text_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(gzip.compress(TEXT.encode()) if suffix.endswith("gz") else TEXT.encode())
    found, repeated = read_vector_text(path, None)
    assert found.words == ["the", "le"] and repeated == 1
    np.testing.assert_array_equal(found.vectors, np.float32([[1, -0.5], [0.25, 0.2]]))
    first, _ = read_vector_text(path, 1)
    assert first.words == ["the"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ":1: not the number of words"),
        ("the 1 2\n", ":1: not the number of words"),
        ("2 x\na 1\n", ":1: not the number of words"),
        ("0 3\n", ":1: 0 words of 3 dimensions"),
        ("1 2\na 1\n", ":2: 1 values, not 2"),
        ("1 2\na 1 2 3\n", ":2: 3 values, not 2"),
        ("2 1\na 1\nb x\n", ":3: 'x' is not a finite number"),
        ("1 1\na nan\n", ":2: 'nan' is not a finite number"),
        ("1 1\na 1_0\n", ":2: '1_0' is not a finite number"),
        ("1 1\na 1e39\n", ":2: a value beyond the range of 32 bits"),
        ("1 1\n 1\n", ":2: the word is missing"),
        ("3 1\na 1\nb 1\n", ": 2 vectors, but its first line says 3"),
        ("1 1\na 1\nb 1\n", ":3: more lines than the 1 of the first line"),
    ],
)
def test_broken_text_is_refused_with_its_line(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.vec"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_vector_text(path, None)
    assert str(caught.value).startswith(f"{path}{reason}")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.vec"
    path.write_bytes(b"1 1\n\xff 1\n")
    with pytest.raises(InputError, match=r"a\.vec:2: byte 0xff is not UTF-8"):
        read_vector_text(path, None)
    path = tmp_path / "a.vec.gz"
    path.write_bytes(gzip.compress(TEXT.encode())[:-9])
    with pytest.raises(InputError, match="cannot be decompressed"):
        read_vector_text(path, None)


def test_written_text_is_read_again_exactly(tmp_path: Path) -> None:
    given = vectors()
    for path in (tmp_path / "a.vec", tmp_path / "b.vec"):
        write_vector_text(path, given)
    assert (tmp_path / "a.vec").read_bytes() == (tmp_path / "b.vec").read_bytes()
    found, _ = read_vector_text(tmp_path / "a.vec", None)
    assert found.words == given.words
    np.testing.assert_array_equal(found.vectors, given.vectors)


def test_safetensors_are_read_again(tmp_path: Path) -> None:
    given = vectors()
    save_word_vectors(tmp_path / "a.safetensors", given)
    found = load_word_vectors(tmp_path / "a.safetensors")
    assert found.words == given.words
    np.testing.assert_array_equal(found.vectors, given.vectors)
    (tmp_path / "a.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="not a file of word vectors"):
        load_word_vectors(tmp_path / "a.safetensors")


def test_normalisation_follows_the_order_of_its_steps() -> None:
    given = WordVectors(["a", "b", "c"], np.float32([[3, 4], [0, 2], [0, 0]]))
    unit = given.normalised(["unit"]).vectors
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0, 1], [0, 0]], atol=1e-7)
    centred = given.normalised(["unit", "center"]).vectors
    np.testing.assert_allclose(centred, unit - [0.2, 0.6], atol=1e-7)
    other = given.normalised(["center", "unit"]).vectors
    np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(other[0], np.array([2, 2]) / np.sqrt(8), atol=1e-6)
    with pytest.raises(ValueError, match="none of unit, center"):
        given.normalised(["whiten"])


def train(text: str, path: Path, **settings: object):
    fasttext = pytest.importorskip("fasttext")
    corpus = path.with_suffix(".txt")
    corpus.write_text(text)
    model = fasttext.train_unsupervised(
        str(corpus), dim=6, epoch=2, minCount=1, thread=1, verbose=0, bucket=500, **settings
    )
    model.save_model(str(path))
    return model


SENTENCES = "die gâteau 語 le the naïve a bb ccc\nthe a the gâteau\n" * 30


@pytest.mark.parametrize("ngrams", [(3, 6), (1, 2), (0, 0)])
def test_models_of_fasttext_are_read_as_by_fasttext(ngrams: tuple[int, int], tmp_path) -> None:
    path = tmp_path / "a.bin"
    model = train(SENTENCES, path, minn=ngrams[0], maxn=ngrams[1])
    found, repeated = read_fasttext_model(path, None)
    assert found.words == model.get_words() and not repeated
    matrix = model.get_input_matrix()
    expected = np.stack([matrix[model.get_subwords(w)[1]].mean(axis=0) for w in found.words])
    np.testing.assert_allclose(found.vectors, expected, atol=1e-6)
    # Some releases scale these to length 1.
    directions = np.stack([model.get_word_vector(word) for word in found.words])
    np.testing.assert_allclose(csls.unit(found.vectors), csls.unit(directions), atol=1e-5)
    first, _ = read_fasttext_model(path, 2)
    assert first.words == found.words[:2]


def test_other_binary_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for data, reason in (
        (b"", "ends too early"),
        (b"abcd", "ends too early"),
        (b"3 2\nthe \0\0\0\0", "not a model of fastText"),
        (struct.pack("<ii", 793712314, 12), "ends too early"),
        (struct.pack("<ii12id3i2q", 793712314, 12, *[0] * 13, 0, 0, 0, 0, -1), "impossible num"),
    ):
        path.write_bytes(data)
        with pytest.raises(InputError, match=reason):
            read_fasttext_model(path, None)


def test_truncated_and_changed_models_are_refused_or_read(tmp_path: Path) -> None:
    """No cut and no flipped bit gives anything but vectors or a line."""
    path = tmp_path / "a.bin"
    train(SENTENCES, path, minn=2, maxn=3)
    whole = path.read_bytes()
    draws = np.random.default_rng(1)
    for place in [*range(0, 300, 7), *draws.integers(0, len(whole), 100).tolist()]:
        path.write_bytes(whole[:place])
        try:
            read_fasttext_model(path, None)
        except InputError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error)
        else:
            # Behind the vectors come only those of the output layer.
            assert place > len(whole) / 2
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(draws.integers(8))
        path.write_bytes(flipped)
        try:
            read_fasttext_model(path, None)
        except InputError as error:
            assert str(error).startswith(str(path))


def test_the_stage_checks_and_counts(tmp_path: Path) -> None:
    from xltransfer.runtime.files import read_json

    path, output = tmp_path / "a.vec", tmp_path / "out.safetensors"
    path.write_text(TEXT)
    check_vectors(path, output, maximum_words=0)
    assert load_word_vectors(output).words == ["the", "le"]
    assert read_json(tmp_path / "out.provenance.json")["repeated"] == 1
    with pytest.raises(InputError, match="not the catalogued file"):
        check_vectors(path, output, 0, f"sha256:{'0' * 64}")
