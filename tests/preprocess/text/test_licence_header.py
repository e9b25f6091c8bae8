import pytest

from preprocess.text.licence_header import strip

CODE = "int grind(int corn);\n"
BSD = """/*
 * Copyright (c) 2009, Ada's Mill.
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms are permitted.
 *
 *     * Neither the name of the mill may be used to endorse or promote bread.
 *
 * THIS SOFTWARE IS PROVIDED "AS IS".
 */

"""


@pytest.mark.parametrize(
    ("path", "text", "left"),
    [
        ("a.c", BSD + CODE, CODE),
        ("a.c", "// SPDX-License-Identifier: GPL-2.0\n/*\n * Wheels\n */\n" + CODE, "/*\n * Wheels\n */\n" + CODE),
        ("a.h", "#ifndef A_H\n#define A_H\n\n" + BSD + CODE, "#ifndef A_H\n#define A_H\n\n" + CODE),
        (
            "a.c",
            "/*\n * Wheels.\n *\n * Copyright (C) 2001 Ada\n *\n * Licensed under the GPL,\n * version 2.\n */\n"
            + CODE,
            "/*\n * Wheels.\n */\n" + CODE,
        ),
        ("a.c", "/* Copyright(c) 2019 Ada. */\n\n" + CODE, CODE),
        ("a.c", "/* Copyright (c) 2019 Ada\n * Wheels */\n" + CODE, "/*\n * Wheels */\n" + CODE),
        ("a.py", "#!/bin/sh\n# Copyright 2001 Ada\n# Author: Ada\nx = 1\n", "#!/bin/sh\n# Author: Ada\nx = 1\n"),
        ("a.py", "# -*- coding: utf-8 -*-\n# All rights reserved.\n\nx\n", "# -*- coding: utf-8 -*-\nx\n"),
        ("a.rs", "// Permission is hereby granted, free of charge.\n\nfn a() {}\n", "fn a() {}\n"),
        ("a.html", "<!-- Copyright 2001 Ada -->\n<p>\n", "<p>\n"),
        ("a.sql", "-- Licensed under the Apache License\nselect 1\n", "select 1\n"),
        ("Makefile", "# SPDX-License-Identifier: MIT\nall:\n", "all:\n"),
    ],
)
def test_a_licence_goes_and_what_else_the_head_says_stays(path, text, left):
    assert strip(text, path) == (left, True)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.c", CODE),
        ("a.c", "/* Wheels, by Ada */\n" + CODE),
        ("a.c", "/* This counts the licences of millers. */\n" + CODE),
        ("a.c", CODE + BSD),
        ("a.c", "/* Copyright 2001 Ada, in a comment that does not end\n" + CODE),
        ("a.c", "/* Copyright 2001 Ada */ " + CODE),
        ("a.c", 'MODULE_LICENSE("GPL");\n'),
        ("a.py", '"""Copyright 2001 Ada."""\n'),
        ("a.c", ""),
    ],
)
def test_what_has_no_licence_in_comments_of_its_own_stays(path, text):
    assert strip(text, path) == (text, False)


@pytest.mark.parametrize(
    ("path", "text", "left"),
    [
        (
            "a.c",
            "/* SPDX-License-Identifier: (MIT OR GPL-2.0+) */\n",
            "// SPDX-License-Identifier: (MIT OR GPL-2.0+)\n",
        ),
        ("a.sh", "#!/bin/sh\n# SPDX-License-Identifier: MIT\n", "#!/bin/sh\n# SPDX-License-Identifier: MIT\n"),
        ("a.css", "/* SPDX-License-Identifier: MIT */\n", "/* SPDX-License-Identifier: MIT */\n"),
        ("a.c", "/* Copyright 2001 Ada */\n", ""),
    ],
)
def test_one_line_with_the_spdx_id_may_stay(path, text, left):
    assert strip(text + CODE, path, spdx=True) == (left + CODE, True)
