import pytest

from music_core.sources.rows import UnusableRowError
from music_core.sources.votes import name_of


@pytest.mark.parametrize("name", ["oidc:ada@example.org", "OIDC:ada@example.org", "  oidc:x"])
def test_an_annotator_of_a_foreign_file_cannot_take_the_name_of_somebody_who_signed_in(name: str) -> None:
    with pytest.raises(UnusableRowError):
        name_of(name)
    assert name_of("ada@example.org") == "ada@example.org"
