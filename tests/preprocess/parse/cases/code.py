"""Source code, its licence kept and stripped."""

from preprocess.parse.code import Options

OPTIONS = (
    Options(kind="code", licence_header="strip", path_comment=True),
    Options(kind="code"),
    Options(kind="code", licence_header="spdx"),
)
GOOD = (
    b"#!/bin/sh\n# SPDX-License-Identifier: MIT\n# Copyright (c) 2020 Ada\n\necho turn\n",
    b"# -*- coding: latin-1 -*-\n#\n# Permission is hereby granted.\n#\n# The wheel, by Ada.\nx = 1\n",
    b"int x;\r\n/* Copyright (C) 2001 Ada */\r\n",
)
PARTS = (
    b"#",
    b"# ",
    b"#!",
    b"/*",
    b"*/",
    b"// ",
    b"\n",
    b"\r\n",
    b"Copyright (c) 2020 ",
    b"SPDX-License-Identifier: ",
    b"licensed under the terms of ",
    b"AS IS",
    b"coding: utf-16",
    b"coding: rot13",
    b"coding=",
    b"\xef\xbb\xbf",
)


def _repeated(unit):
    return lambda n: unit * (n // len(unit))


GROWING = {
    "records": lambda n: GOOD[0] + b"grind(corn) # one stone above\n" * (n // 30),
    "one line": _repeated(b"a"),
    "comments": _repeated(b"# the wheel\n"),
    "licences": _repeated(b"# Copyright (c) 2020 Ada, licensed under the MIT license\n"),
    "one comment": lambda n: b"# Copyright" + b" licence" * (n // 8),
    "signs": lambda n: b"#" * n,
    "signs in lines": _repeated(b"#\n"),
    "spaces": lambda n: b"# (c)" + b" " * n + b"a",
    "spaces before": lambda n: b" " * n + b"# (c) 2020",
    "line ends": lambda n: b"# (c) 2020" + b"\n" * n + b"a",
    "codings": _repeated(b"# coding:"),
    "almost a licence": _repeated(b"mit-bsd-isc-gnu-"),
    "addresses": lambda n: b"# terms http://" + b"a" * n,
    "0xFF": lambda n: b"\xff" * n,
}
