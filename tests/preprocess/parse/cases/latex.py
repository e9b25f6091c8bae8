"""LaTeX by files and by sections."""

from preprocess.parse.latex import Options

OPTIONS = (
    Options(kind="latex"),
    Options(kind="latex", unit="section"),
    Options(kind="latex", unit="section", comments="strip"),
)
GOOD = (
    rb"""\input{preamble}
% OK, start here.
\newcommand{\be}[1][x]{\begin{equation}}
\newenvironment{mill}{\begin{proof}}{\end{proof}}
\begin{document}
\title{On {Stone} Wheels}
\section[Short]{Stones}
\begin{lemma} A wheel has $2\pi r$ teeth. % as \begin{proof} would say
\end{lemma}
50\% of \{them\} \verb|\begin{a}|
\section*{Weirs}
\begin{verbatim}
\begin{nothing} {
\end{verbatim}
\end{document}
\begin{ignored}
""",
    b"A weir, left open: \\begin{proof} {x\n\\end{lemma}}\n\\endinput\n}",
    b"\\def\\be#1{\\begin{eqnarray}}%\n\\def\\ee{\\end{eqnarray}}",
)
PARTS = (
    b"\\",
    b"{",
    b"}",
    b"%",
    b"\\begin{a}",
    b"\\end{a}",
    b"\\begin{verbatim}",
    b"\\end{verbatim}",
    b"\\verb|",
    b"\\section{",
    b"\\title{",
    b"\\def\\a{",
    b"\\newcommand{\\a}",
    b"\\newenvironment{a}",
    b"\\end{document}",
    b"\\endinput",
    b"\\\\",
    b"\\%",
    b"[",
    b"\n",
)


def _repeated(unit):
    return lambda n: b"a" + unit * (n // len(unit))


GROWING = {
    "records": _repeated(GOOD[0].replace(rb"\end{document}", b"")),
    "one line": _repeated(b"a"),
    "begins": _repeated(b"\\begin{a}"),
    "ends": _repeated(b"\\end{a}"),
    "pairs": _repeated(b"\\begin{a}\\end{a}"),
    "braces": _repeated(b"{"),
    "closing braces": _repeated(b"}"),
    "verbatim": _repeated(b"\\begin{verbatim}"),
    "verb": _repeated(b"\\verb|"),
    "long verb": lambda n: b"\\verb|" + b"a" * n,
    "titles": _repeated(b"\\title{"),
    "sections": _repeated(b"\\section{"),
    "optional arguments": _repeated(b"\\section["),
    "definitions": _repeated(b"\\def\\a{"),
    "commands": _repeated(b"\\newcommand{\\a}"),
    "commands with bodies": _repeated(b"\\newcommand{\\a}{b}"),
    "commands with spaces": _repeated(b"\\newcommand         "),
    "environments": _repeated(b"\\newenvironment{a}{b}"),
    "backslashes": _repeated(b"\\"),
    "comments": _repeated(b"%"),
    "lines of comment": _repeated(b"% a\n"),
    "spaces": _repeated(b" "),
    "0xFF": lambda n: b"\xff" * n,
}
