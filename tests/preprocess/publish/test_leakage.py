import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.publish.leakage import measure
from tests.growth import growth

TEXTS = st.lists(st.text(st.sampled_from("ab \n\u00a0é粉"), max_size=60), max_size=6)
PROSE = " ".join(f"In the year {n} the mill by the river ground {n * n} sacks of corn." for n in range(2_000))


def by_hand(held: list[str], train: list[str], window: int) -> dict[str, float]:
    held, train = ([" ".join(text.split()) for text in texts] for texts in (held, train))
    cut = [[text[at : at + window] for at in range(0, len(text) - window + 1, window)] for text in held]
    found = [sum(any(part in text for text in train) for part in parts) for parts in cut]
    return {
        "windows": sum(map(len, cut)),
        "found": sum(found),
        "documents_short": sum(not parts for parts in cut),
        "documents_touched": sum(map(bool, found)),
        "documents_most": sum(2 * hits > len(parts) for hits, parts in zip(found, cut, strict=True)),
        "held_characters": sum(map(len, held)),
        "train_characters": sum(map(len, train)),
    }


@given(TEXTS, TEXTS, st.integers(1, 5))
def test_what_is_found_is_what_looking_by_hand_finds(held, train, window):
    found = measure(held, iter(train), window=window)
    assert by_hand(held, train, window).items() <= found.items()
    assert measure(held, train[::-1], window=window) == found


def test_figures_are_plain_and_say_what_was_compared():
    known, new = PROSE[:1_281], "The stones turn and nobody has ever counted how often they did so. " * 20
    assert measure([known + new[:640], known, new, "short"], ["Before. " + PROSE]) == {
        "window": 64,
        "held_documents": 4,
        "held_characters": 1_281 + 640 + 1_281 + len(new) - 1 + 5,
        "train_characters": len(PROSE) + 8,
        "windows": 30 + 20 + 20,
        "found": 40,
        "share": 0.571429,
        "documents_short": 1,
        "documents_touched": 2,
        "documents_most": 2,
        "share_most": 0.666667,
    }


@pytest.mark.parametrize(
    ("held", "train", "share"),
    [
        (PROSE, [PROSE], 1),
        (PROSE, [PROSE.replace(" ", "\r\n\t")], 1),
        (PROSE, [PROSE[start : start + 64] for start in range(0, len(PROSE), 64)], 0.88),
        (PROSE, [PROSE.upper()], 0),
        (PROSE, [], 0),
        (PROSE[:63], [PROSE], 0),
        ("", [""], 0),
        ("粉挽き小屋。" * 100, ["粉" + "粉挽き小屋。" * 13], 1),
        ("-" * 100_000, ["-" * 64], 1),
        ("-" * 100_000, ["-" * 63] * 3_000, 0),
        ("\ud800" * 64, ["\ud800" * 64], 1),
    ],
)
def test_a_window_is_found_letter_by_letter_wherever_it_starts(held, train, share):
    found = measure([held], train)["share"]
    assert found == share if share in (0, 1) else 0.5 < found <= 1


def test_windows_across_the_pieces_of_a_long_text_are_found():
    parts = [PROSE[start : start + 64].strip().ljust(64, "x") for start in range(0, 64 * 1_000, 64)]
    train = "".join(f"{part}{n:09}{'y' * (n % 7)}" for n, part in enumerate(parts))
    assert measure(parts, [train])["found"] == len(parts)


@pytest.mark.parametrize("line", ["-", "0x00, ", "The mill grinds. "])
def test_looking_takes_a_time_that_grows_with_the_training_text_alone(line):
    held, train = [line * (100_000 // len(line))], line * (1_000_000 // len(line))
    growth(lambda: measure(held, [train]), lambda: measure(held, [train * 4]), most=7)  # a square: 16
