"""How a language writes comments, told by a file's name: what begins a line of comment, what stands around a block.

It reads no text. A name that says nothing has the number sign, which most formats of settings have.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Comments:
    """The signs of a language; empty where it has none."""

    line: tuple[str, ...] = ()  # the first is the usual one
    block: tuple[tuple[str, str], ...] = ()

    def of(self, words: str) -> str:
        """One line of comment that says so; what would end it early is kept from doing so by a backslash."""
        if self.line:
            return f"{self.line[0]} {words}"
        opens, closes = self.block[0]
        kept = words.replace(closes, "\\".join((closes[:1], closes[1:])))
        return f"{opens} {kept} {closes}"


def of(path: str) -> Comments:
    """The comments of the language that a file is in, by the ending of its name."""
    return _BY_ENDING.get(PurePosixPath(path).suffix, _HASH)


_HASH = Comments(("#",))
_SLASHES = Comments(("//",), (("/*", "*/"),))
_LANGUAGES: tuple[tuple[str, Comments], ...] = (
    (".c .h .cc .cpp .cxx .hh .hpp .hxx .inl .m .mm .cu .cuh .java .kt .kts .scala .groovy .gradle .go .rs", _SLASHES),
    (".js .mjs .cjs .jsx .ts .tsx .cs .dart .proto .thrift .glsl .v .sv .svh .dts .dtsi .zig .scss .less", _SLASHES),
    (".json .jsonc .swift .y .l", _SLASHES),
    (".S .s .asm .lds", Comments(("//", ";", "@"), (("/*", "*/"),))),
    (".php", Comments(("//", "#"), (("/*", "*/"),))),
    (".css", Comments((), (("/*", "*/"),))),
    (".html .htm .xml .xhtml .svg .md .vue .launch .urdf .xacro", Comments((), (("<!--", "-->"),))),
    (".lua", Comments(("--",), (("--[[", "]]"),))),
    (".sql", Comments(("--",), (("/*", "*/"),))),
    (".hs", Comments(("--",), (("{-", "-}"),))),
    (".ada .adb .ads .vhd .vhdl .elm", Comments(("--",))),
    (".ml .mli .fs .fsi .pas", Comments((), (("(*", "*)"),))),
    (".el .lisp .lsp .scm .clj .cljs .ini", Comments((";",))),
    (".tex .sty .cls .bib .erl .hrl", Comments(("%",))),
    (".vim", Comments(('"',))),
    (".f90 .f95 .f03 .f08", Comments(("!",))),
    (".bat .cmd", Comments(("REM", "::"))),
    (".jl", Comments(("#",), (("#=", "=#"),))),
    (".ps1", Comments(("#",), (("<#", "#>"),))),
)
_BY_ENDING = {ending: comments for endings, comments in _LANGUAGES for ending in endings.split()}
