"""Uploads, read back by a server's own parser."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

from botyard.telegram.multipart import encode_form

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
CONTENTS = st.one_of(st.binary(max_size=200), st.sampled_from([b"\r\n--", b"--", b"\r\n", b"\r\n\r\n", b""]))


async def read_back(content_type: bytes, pieces: list[bytes]) -> list[tuple[str, object]]:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    form = await MultiPartParser(Headers({"content-type": content_type.decode()}), stream()).parse()
    return [
        (name, (value.filename, await value.read()) if isinstance(value, UploadFile) else value)
        for name, value in form.multi_items()
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.text(st.characters(codec="utf-8")))
    ),
    st.lists(st.tuples(st.from_regex(r"file[0-9]", fullmatch=True), NAMES, CONTENTS)),
)
async def test_every_form_comes_back(
    fields: list[tuple[str, str]], files: list[tuple[str, str, bytes]]
) -> None:
    content_type, pieces = encode_form(fields, files)
    back = await read_back(content_type, pieces)
    assert back == [*fields, *((name, (file, content)) for name, file, content in files)]


async def test_no_name_can_add_a_header() -> None:
    content_type, pieces = encode_form([("a\r\nX-B: c", "1")], [("f", 'x"\r\nContent-Type: text/html', b"2")])
    assert not any(
        line.startswith((b"X-B", b"Content-Type: text")) for line in b"".join(pieces).split(b"\r\n")
    )
    (name, _), _ = await read_back(content_type, pieces)
    assert name == "a%0D%0AX-B: c"


def test_a_files_content_is_not_copied_and_the_boundary_is_new_each_time() -> None:
    content = b"x" * 1000
    first, second = (encode_form([], [("f", "n", content)]) for _ in range(2))
    assert any(piece is content for piece in first[1])
    assert first[0] != second[0]
