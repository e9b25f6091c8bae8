"""Project Gutenberg's boilerplate in the forms it has had since 1971: where a book begins and ends between it.

    start, end = inside(text)

Since 2003 or so a book stands between two lines in asterisks; before, after the end of "the small print" and before a
line that says it ends, in the book's language; at first there was no more than a line or two that name the project.
Left out too are who produced a book, transcriber's notes around it, and marks of illustrations. It knows no chapters.
"""

import re

_NAME = r"(?:THE |THIS |DIESES |DU )?(?:(?:E-?BOOK|E-?TEXT) (?:OF )?(?:THE )?)?PROJE[CK]?T ?GUTENBERG"
_START = re.compile(  # a line (three, if the title is long), or what ended the small print
    rf"^[ \t]{{0,40}}\*{{3}} ?(?:START|BEGINNING) OF {_NAME}(?:[^*\n]*(?:\n[^*\n]+){{0,2}}?\*{{3}}[ \t]*$|.*$)"
    r"|^[ \t]{0,40}\*{3} ?START OF THE COPYRIGHTED .*$"
    r"|^.{0,80}\*END ?\*? ?(?:THE )?SMALL PRINT.*$"
    r"|^.{0,10}SMALL PRINT!.{0,80}\*END\*[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    rf"^[ \t]{{0,40}}\*{{0,3}} ?(?:THE )?END (?:OF )?{_NAME}"
    r"|^[ \t]{0,40}\*{3} ?END OF THE COPYRIGHTED "
    rf"|^[ \t]{{0,40}}\*{{0,3}} ?(?:ENDE|FIN) (?:DE |DU |DIESES? |DER |DES )?{_NAME}"
    r"|^[ \t]{0,40}ENDE DIESES E-?TEXTES\b"
    r"|^[ \t]{0,40}\*{3,9} ?This file should be named "
    r"|^[ \t]{0,40}\*{2}This is a COPYRIGHTED Project Gutenberg",
    re.MULTILINE | re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\s*(\S[^\n]*(?:\n[^\n]*\S[^\n]*)*)(?:\n|\Z)")
_CREDIT = re.compile(  # how a paragraph begins that tells of the making of the file
    r"\W{0,3}(?:Produced by|E-?text prepared|Transcribed (?:from|by)|An Anonymous Volunteer|HTML version by|"
    r"Transcriber['’]?s?['’]? notes?\b|Note: ?(?:Project Gutenberg|Images of|the original)|\W*The Project Gutenberg|"
    r"(?:This )?(?:Project Gutenberg )?e-?(?:text|book) (?:was )?(?:produced|prepared|scanned|transcribed|created)|"
    r"(?:This file was|Scanned|Prepared|Digiti[sz]ed|Typed|Proofed|Scanned and proofed) "
    r"(?:produced |made )?(?:by|from|with)\b|(?:The |This )?(?:online )?distributed proofread|"
    r"Dieses Buch wurde|Ce document fut)",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\W{0,3}(?:Transcriber['’]?s?['’]? notes?\b|End of (?:the )?(?:Project|Volume))", re.IGNORECASE)
_ILLUSTRATION = re.compile(r"\[(?:Illustration|Frontispiece)(?:[:.,] ?[^][]{0,2000})?\][ \t]*", re.IGNORECASE)
_LONGEST = 1_500  # characters of a credit or a note
_MOST = 12  # paragraphs of them
_TAIL = 4_000  # characters before the end in which notes are looked for
_UNMARKED = 2_000  # characters in which a file without a mark at the start is named and does not end


def inside(text: str) -> tuple[int, int]:
    """Where the book begins and ends."""
    starts = [match.end() for match in _START.finditer(text)]
    first = starts[0] if starts else 0
    ends = _END.finditer(text, first)
    last = next((end for end in ends if starts or end.start() > _UNMARKED or "named" not in end[0]), None)
    end = last.start() if last else len(text)
    start = _after_credits(text, max((place for place in starts if place < end), default=0), end)
    return start, _before_notes(text, start, end)


def without_pictures(text: str) -> tuple[str, int]:
    """The text without marks of illustrations and their captions, and how many there were."""
    return _ILLUSTRATION.subn("", text) if "[" in text else (text, 0)


def _after_credits(text: str, start: int, end: int) -> int:
    for _ in range(_MOST):
        paragraph = _PARAGRAPH.match(text, start, end)
        if not paragraph or len(paragraph[1]) > _LONGEST or not _CREDIT.match(paragraph[1]):
            break
        start = paragraph.end()
    return start


def _before_notes(text: str, start: int, end: int) -> int:
    """The end without a transcriber's note that stands alone after the last empty lines."""
    tail = max(start, end - _TAIL)
    parts = [match.end() for match in re.finditer(r"\n[ \t]*\n", text[tail:end])]
    notes = [tail + part for part in parts if _AFTER.match(text[tail + part : tail + part + _LONGEST].lstrip())]
    return notes[0] if notes else end
