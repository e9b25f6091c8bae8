import pytest

from corpusmill.errors import ParseError
from preprocess.parse.code import Options, parse
from tests.preprocess.snapshots import raw_file

OPTIONS = Options(kind="code")


@pytest.mark.parametrize(
    ("body", "text", "encoding"),
    [
        (b"x = 1\n", "x = 1\n", "utf-8"),
        ("# ü\n".encode(), "# ü\n", "utf-8"),
        (b"# coding: latin-1\n# \xfc\n", "# coding: latin-1\n# ü\n", "iso-8859-1"),
        (b"#!/bin/python\n# vim: set fileencoding=cp1251 :\n# \xef\n", None, "cp1251"),
        (b"# coding: utf-8\n# \xfc\n", "# coding: utf-8\n# ü\n", "windows-1252"),
        (b"# coding: no-such\n# \xfc\n", "# coding: no-such\n# ü\n", "windows-1252"),
        (b"# coding: rot13\nx\n", "# coding: rot13\nx\n", "utf-8"),
        (b"\xef\xbb\xbf# coding: latin-1\n# \xc3\xbc\n", "# coding: latin-1\n# ü\n", "utf-8"),
        (b"x = '\xfc'\n", "x = 'ü'\n", "windows-1252"),
        (b"crlf\r\n", "crlf\r\n", "utf-8"),
    ],
)
def test_a_python_file_is_read_in_the_encoding_it_truly_has(body, text, encoding):
    (document,) = parse(raw_file("stdlib:json/decoder.py"), body, OPTIONS)
    assert document.meta["encoding"].replace("utf-8-sig", "utf-8") == encoding
    assert text is None or document.text == text


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("stdlib:json/decoder.py", "json/decoder.py"),
        ("file:my%20notes%231.c", "my notes#1.c"),
        ("file:M%FChle.c", "M\\xfchle.c"),
        ("https://mill.example/", "https://mill.example/"),
        ("https://mill.example/src/main.c?raw=1", "src/main.c"),
        ("https://mill.example/mill.tar.xz!/mill/my%20main.c", "mill/my main.c"),
    ],
)
def test_the_path_is_the_title_and_in_meta(url, path):
    (document,) = parse(raw_file(url), b"int x;", OPTIONS)
    assert (document.title, document.meta["path"], document.source) == (path, path, url)


def test_a_declaration_means_nothing_outside_python():
    (document,) = parse(raw_file("file:notes.c"), b"# coding: utf-16\n\xfc", OPTIONS)
    assert document.meta["encoding"] == "windows-1252"


@pytest.mark.parametrize(("body", "reason"), [(b"", "empty"), (b"\n", "empty"), (b"\x7fELF\0", "binary")])
def test_a_file_without_source_is_refused(body, reason):
    with pytest.raises(ParseError, match=f"^{reason}: "):
        list(parse(raw_file("file:a.py"), body, OPTIONS))


LICENSED = b"#!/bin/sh\n# SPDX-License-Identifier: MIT\n\necho turn\n"


@pytest.mark.parametrize(
    ("options", "text", "counted"),
    [
        ({}, LICENSED.decode(), None),
        ({"licence_header": "strip"}, "#!/bin/sh\necho turn\n", 1),
        ({"licence_header": "spdx"}, "#!/bin/sh\n# SPDX-License-Identifier: MIT\necho turn\n", 1),
        ({"path_comment": True}, "# mill/turn.sh\n" + LICENSED.decode(), None),
    ],
)
def test_the_licence_may_go_and_the_path_may_come(options, text, counted):
    (document,) = parse(raw_file("https://mill.example/a.tar!/mill/turn.sh"), LICENSED, Options(kind="code", **options))
    assert (document.text, document.meta.get("licence_header")) == (text, counted)


def test_a_file_that_is_only_a_licence_is_a_drop():
    (nothing,) = parse(
        raw_file("file:a.c"), b"/* Copyright 2001 Ada */\n", Options(kind="code", licence_header="strip")
    )
    assert nothing.reason.startswith("only a licence: ")


def test_a_path_stays_on_its_line():
    (document,) = parse(raw_file("file:M%FChle%0Ax.c"), b"int x;", Options(kind="code", path_comment=True))
    assert document.text == "// M\\xfchle\\x0ax.c\nint x;"
