"""A song as text for models of characters and tokens: compact, and any text can be played.

    notes 24                        steps a quarter note
    a 0 25                          voice a: channel 0, instrument 25
    b 0 0
    0 T120 M6/8 KD aF#5/12 bD4/36   steps since the line before; tempo, meter, key; notes, each with its length in steps
    12 aE5/12

Velocities, controllers and texts are left out. A note has a length, so none is left hanging. Reading never fails: what
is no word is passed over, a number out of range is brought into it, and each such mend is counted. Where a header comes
again, as between the tunes of a sample, what follows is played when the notes before it have ended.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from preprocess.midi import playing
from preprocess.midi.score import Note, Score, Sign, Voice

GRID = 24  # steps a quarter note: thirty-seconds, and triplets down to sixteenths
GRIDS = range(1, 961)
LONGEST = 9_999  # steps of a note or of a rest; longer ones are shortened
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_KEYS = 128
_HEADER = re.compile(r"notes ([0-9]{1,9})")
_VOICE = re.compile(r"([a-z]) ([0-9]{1,2}) ([0-9]{1,3})")
_STEPS = re.compile(r"[0-9]{1,9}")
_NOTE = re.compile(r"([a-z])([A-G]#?)(-?[0-9]{1,2})/([0-9]{1,9})")


def to_text(score: Score) -> str:
    """The lines of a score."""
    moments: dict[int, list[str]] = defaultdict(list)
    for sign in score.signs:
        moments[sign.start].append(sign.said)
    for start, voice, pitch, steps in score.notes:
        octave, key = divmod(pitch, len(_PITCHES))
        moments[start].append(f"{_LETTERS[voice]}{_PITCHES[key]}{octave - 1}/{min(steps, LONGEST)}")
    lines = [f"notes {score.grid}"]
    lines += [f"{_LETTERS[n]} {voice.channel} {voice.program}" for n, voice in enumerate(score.voices)]
    now = 0
    for start, words in sorted(moments.items()):
        lines.append(" ".join([str(min(start - now, LONGEST)), *words]))
        now = start
    return "\n".join(lines)


def to_score(text: str) -> tuple[Score, int]:
    """The score that a text gives, and how many mends that took. Never fails."""
    reader = _Reader()
    for line in filter(None, map(str.strip, text.split("\n"))):
        reader.read(line)
    score = reader.score()
    return score, reader.mends + score.lost["merged"]


@dataclass(slots=True)
class _Reader:
    """What was read so far."""

    grid: int = 0
    now: int = 0
    ended: int = 0  # when all notes so far have
    mends: int = 0
    voices: dict[str, Voice] = field(default_factory=dict)
    notes: list[tuple[str, Note]] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)

    def read(self, line: str) -> None:
        """One line: the header, a voice or a moment."""
        header = _HEADER.fullmatch(line)
        if header or not self.grid:
            self._begin(int(header[1]) if header else 0)
        if voice := _VOICE.fullmatch(line):
            told = Voice(self._within(voice[2], 0, 15), self._within(voice[3], 0, 127))
            self.mends += self.voices.setdefault(voice[1], told) != told
        elif not header:
            self._moment(line.split())

    def score(self) -> Score:
        """The voices that play, in the order of their letters, and all notes and signs."""
        used = sorted({letter for letter, _ in self.notes})
        notes = (note._replace(voice=used.index(letter)) for letter, note in self.notes)
        return Score.of(self.grid or GRID, [self.voices[x] for x in used], notes, self.signs, Counter())

    def _begin(self, grid: int) -> None:
        """A tune, on the grid of the first."""
        self.grid = self.grid or (grid if grid in GRIDS else GRID)
        self.mends += self.grid != grid
        self.now = max(self.now, self.ended)

    def _moment(self, words: list[str]) -> None:
        if _STEPS.fullmatch(words[0]):
            self.now += self._within(words.pop(0), 0, LONGEST)
        else:
            self.mends += 1
        for word in words:
            if match := _NOTE.fullmatch(word):
                self._note(match)
            elif playing.sign(word):
                self.signs.append(Sign(self.now, word))
            else:
                self.mends += 1

    def _note(self, match: re.Match[str]) -> None:
        pitch = _PITCHES.index(match[2]) + len(_PITCHES) * (int(match[3]) + 1) if match[2] in _PITCHES else -1
        if pitch not in range(_KEYS):
            self.mends += 1
            return
        if match[1] not in self.voices:
            self.mends += 1
            self.voices[match[1]] = Voice(0, 0)
        steps = self._within(match[4], 1, LONGEST)
        self.notes.append((match[1], Note(self.now, 0, pitch, steps)))
        self.ended = max(self.ended, self.now + steps)

    def _within(self, digits: str, least: int, most: int) -> int:
        """A number brought into its range; a mend if it was not in it."""
        number = int(digits)
        self.mends += not least <= number <= most
        return min(max(number, least), most)
