"""A score as a file that people can play, written by mido: `to_file(score).save("tune.mid")`.

mido sees only what was checked before, since it has traps for the rest: it writes a number of any length, where a file
may have four bytes, and the time it takes to read one grows with the square of its length. So what comes from files is
read by `smf`, which writes exact text too: mido ends every system exclusive message with F7, and knows no escape.
"""

import re
from collections import defaultdict

import mido  # type: ignore[import-untyped]  # it has no annotations

from preprocess.midi.score import BEAT, BEATS, TEMPI, Score
from preprocess.midi.smf import LONGEST

_VELOCITY = 80  # of every note: mezzo forte
_TEMPO_SAID = re.compile("T([0-9]{1,3})")
_METER_SAID = re.compile("M([0-9]{1,3})/([0-9]{1,3})")


def to_file(score: Score) -> mido.MidiFile:
    """One track for the signs and one for each voice that has notes; a tick is a step."""
    tracks = [_track([(start, message) for start, said in score.signs if (message := sign(said))])]
    timed: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for start, voice, pitch, steps in score.notes:
        timed[voice] += [(start, _VELOCITY, pitch), (start + steps, 0, pitch)]  # sorted, ends come before beginnings
    for voice, keys in sorted(timed.items()):
        channel, program = score.voices[voice]
        instrument = mido.Message("program_change", channel=channel, program=program)
        tracks.append(_track([(0, instrument), *((at, _key(channel, *key)) for at, *key in sorted(keys))]))
    return mido.MidiFile(type=1, ticks_per_beat=score.grid, tracks=tracks)


def sign(said: str) -> mido.MetaMessage | None:
    """The message of a sign; None for words that are no sign."""
    if (match := _TEMPO_SAID.fullmatch(said)) and int(match[1]) in TEMPI:
        return mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(int(match[1])))
    if (match := _METER_SAID.fullmatch(said)) and int(match[1]) in BEATS and int(match[2]) in BEAT:
        return mido.MetaMessage("time_signature", numerator=int(match[1]), denominator=int(match[2]))
    try:
        return mido.MetaMessage("key_signature", key=said[1:]) if said.startswith("K") else None
    except ValueError:  # no such key
        return None


def _key(channel: int, velocity: int, pitch: int) -> mido.Message:
    """A key struck, or let go; a score holds no other numbers than mido would let pass, which asks slowly."""
    kind = "note_on" if velocity else "note_off"
    return mido.Message(kind, skip_checks=True, channel=channel, note=pitch, velocity=velocity)


def _track(timed: list[tuple[int, mido.Message]]) -> mido.MidiTrack:
    """Messages at their steps as messages after their waits."""
    track = mido.MidiTrack()
    now = 0
    for at, message in timed:
        while at - now > LONGEST:  # nothing happens for longer than one event can say: a text without text
            track.append(mido.MetaMessage("text", time=LONGEST))
            now += LONGEST
        message.time = at - now
        track.append(message)
        now = at
    return track
