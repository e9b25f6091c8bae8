import pytest

from corpusmill.errors import ParseError
from preprocess.parse.reviews import Options, parse
from tests.preprocess.snapshots import raw_file


def read(body: bytes, path: str = "aclImdb/train/pos/12_9.txt", **options):
    url = f"https://mill.example/aclImdb_v1.tar.gz!/{path}"
    return list(parse(raw_file(url), body, Options(kind="reviews", **options)))


@pytest.mark.parametrize(
    ("path", "options", "meta"),
    [
        ("train/pos/12_9.txt", {}, {"label": "pos", "stars": 9}),
        ("test/neg/0_10.txt", {}, {"label": "neg", "stars": 10}),
        ("pos/neg/a.txt", {}, {"label": "neg"}),
        ("12_3.txt", {"labels": ()}, {"stars": 3}),
        ("good/1.txt", {"labels": ("good", "bad")}, {"label": "good"}),
    ],
)
def test_the_folder_is_the_label_and_the_name_holds_the_stars(path, options, meta):
    (review,) = read(b"Fine.", path, **options)
    assert review.meta == meta | {"encoding": "utf-8"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("A mill.<br /><br />A flood.", "A mill.\n\nA flood."),
        ("<br /><br />A mill. <br/> A flood.<BR>", "A mill.\nA flood."),
        ("A<br /><br /><br />B", "A\n\nB"),
        ("A <sigh> B & C; &#345; &amp; &#0;", "A <sigh> B & C; ř &amp; &#0;"),
        ("An <i>old</i> mill<hr>and new", "An old mill\nand new"),
        ("Say\x85\x85 it\x92s", "Say…… it’s"),
    ],
)
def test_two_breaks_end_a_paragraph_and_one_a_line(written, text):
    assert read(written.encode())[0].text == text


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        (b"Fine.", "train/unsup/0_0.txt", "no label: "),
        (b"Fine.", "pos.txt", "no label: "),
        (b" \n", "pos/1_1.txt", "empty: "),
        (b"a\0", "pos/1_1.txt", "binary: "),
    ],
)
def test_a_file_without_label_or_text_is_refused(body, path, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        read(body, path)


def test_a_review_of_nothing_but_markup_is_a_drop():
    (nothing,) = read(b"<br /><br />")
    assert nothing.reason.startswith("empty: ")
