"""Real material: members of an archive in the mirror."""

from fnmatch import fnmatchcase

import pytest

from corpusmill import archive
from tests import needs


@pytest.fixture
def real():
    """The bodies of an archive's members that match a pattern, by name; skipped where the mirror is absent."""

    def members(path: str, pattern: str) -> list[bytes]:
        with (needs.shared("web") / path).open("rb") as stream:
            found = archive.members(stream, wanted=lambda name: fnmatchcase(name, pattern))
            return [body for _, body in sorted(found)]

    return members
