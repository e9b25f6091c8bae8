"""What people see of tables and of progress."""

import io
import sys

from corpusmill.cli.console import progress, table

NOTE = "38,508 characters/s · train 3.81, validation 3.78 bits per byte"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_table_spells_out_what_would_break_its_lines():
    assert table([["\n", 7], ["a\x1b[1m", 12]], ["separator", "count"]).splitlines() == [
        "separator  count",
        r"\n             7",
        r"a\x1b[1m      12",
    ]


def test_a_narrow_terminal_shows_stage_share_and_speed(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    for name, value in {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)

    with progress() as show:
        show("train", 0, 0, "reading sea@v1")
        show("train", 41, 100, NOTE)

    assert f"train     41 % {NOTE[:49]}" in sys.stderr.getvalue()


def test_a_log_tells_no_time_left_before_it_is_known_how_much_there_is(capsys, monkeypatch):
    seconds = iter([0.0, 60.0, 70.0])
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))
    with progress() as show:
        show("train", 0, 0, "reading sea@v1")
        show("train", 1, 10, "slow")
        show("train", 2, 10, "slow")

    assert capsys.readouterr().err.splitlines() == [
        "train    0  reading sea@v1",
        "train     10 %  slow",
        "train     20 %  slow, 80 s left",
    ]
