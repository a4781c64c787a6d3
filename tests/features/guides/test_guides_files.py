"""CSV and JSON: what goes out comes back, bad rows are told by line, and nothing is half imported."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.features.guides.library_of import ADMIN, NOW, add

from botyard.db.session import Database
from botyard.features.guides.models import Guide
from botyard.features.guides.service import editing, exchange, library
from botyard.features.guides.service.drafts import BadGuide, fields_of, read_draft
from botyard.features.guides.service.exchange import Imported
from botyard.features.guides.service.files import COLUMNS, BadFile, FileKind, decoded, read_rows, written

KINDS = list(FileKind)
LINE = st.text(min_size=1, max_size=40)


async def load(database: Database, content: str | bytes) -> Imported:
    async with database.session() as session:
        raw = content if isinstance(content, bytes) else content.encode()
        return await exchange.import_file(session, raw, ADMIN)


async def faults(database: Database, content: str | bytes) -> list[str]:
    with pytest.raises(BadFile) as caught:
        await load(database, content)
    return [str(each) for each in caught.value.faults]


async def saved(database: Database, kind: FileKind = FileKind.CSV) -> str:
    async with database.reading() as session:
        return await exchange.export(session, kind)


@given(
    fields=st.fixed_dictionaries(
        {"title": LINE, "category": LINE, "description": LINE, "tags": LINE},
        optional={"url": st.just("https://a.example/?a=1,2&b=;")},
    ),
    prefix=st.sampled_from(["", "=", "+", "-", "@", "'", "'=", "''=", "\t", "\r", '"', "\n", ";"]),
    kind=st.sampled_from(KINDS),
)
def test_what_goes_out_comes_back(fields: dict[str, str], prefix: str, kind: FileKind) -> None:
    fields = {name: value if name == "url" else prefix + value for name, value in fields.items()}
    if "url" not in fields:
        fields["body"] = "=1 <b>&lt;x</b>\n\n- y"
    try:
        guide = editing.new_guide(read_draft(fields), NOW)
    except BadGuide:
        return
    (row,), found = read_rows(decoded(written([guide], kind).encode()))
    assert not found
    cells = {name: row.cells.get(name, "") for name in COLUMNS}
    assert cells == {**fields_of(guide), "key": guide.key, "position": str(guide.position)}
    assert fields_of(editing.new_guide(read_draft(cells), NOW)) == fields_of(guide)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "'="])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    draft = read_draft(
        {"title": f"{start}1+1", "category": "c", "description": f"{start}x", "body": f"{start}y"}
    )
    for cell in written([editing.new_guide(draft, NOW)], FileKind.CSV).splitlines()[1].split(","):
        assert cell[:1] not in ("=", "+", "-", "@", "\t")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_library_moves_to_another_house(database: Database, kind: FileKind) -> None:
    async with database.session() as session:
        for title in ("A", "B", "Ü"):
            await add(session, title, tags="x, y", description="two\nlines")
        await add(session, "T", "Texts", body="<b>x</b>", difficulty="advanced", language="de")
        await editing.set_active(session, await library.find(session, 1), ADMIN, active=False)
    file = await saved(database, kind)
    assert await load(database, file) == Imported(0, 0, 4)
    async with database.session() as session:
        for guide in await session.scalars(select(Guide)):
            await session.delete(guide)
    assert await load(database, b"\xef\xbb\xbf" + file.encode()) == Imported(4, 0, 0)
    assert await saved(database, kind) == file
    assert await load(database, file) == Imported(0, 0, 4)


async def test_a_file_of_few_columns_changes_just_those(database: Database) -> None:
    file = "title;category;url\nA;Basics;https://a.example\nB;Basics;https://b.example\n"
    assert await load(database, file) == Imported(2, 0, 0)
    assert await load(database, file) == Imported(0, 0, 2)
    assert await load(database, "Title,Category,Tags,Position\na,BASICS,new,2\n") == Imported(0, 1, 0)
    assert await load(database, "Title,Category,Tags,Position\nA,Basics,new,2\n") == Imported(0, 1, 0)
    async with database.reading() as session:
        first, second = await library.all_guides(session)
    assert (first.title, first.tags, first.url) == ("A", "new", "https://a.example")
    assert second.title == "B"


@pytest.mark.parametrize("positions", [[3, 1, 2], [9, 9, 1], [2, 2, 2], [0, 5, 1]])
async def test_positions_given_twice_change_nothing_the_second_time(
    database: Database, positions: list[int]
) -> None:
    async with database.session() as session:
        for title in "ABCDE":
            await add(session, title)
    rows = [f"{title},Basics,{place}" for title, place in zip("CAE", positions, strict=True)]
    file = "title,category,position\n" + "\n".join(rows)
    await load(database, file)
    once = await saved(database)
    assert await load(database, file) == Imported(0, 0, 3)
    assert await saved(database) == once


async def test_two_guides_can_swap_their_titles(database: Database) -> None:
    async with database.session() as session:
        first, second = await add(session, "A"), await add(session, "B")
    file = f"key,title\n{first.key},B\n{second.key},A\n"
    assert await load(database, file) == Imported(0, 2, 0)
    assert await load(database, file) == Imported(0, 0, 2)


async def test_bad_rows_are_told_by_line_and_nothing_is_imported(database: Database) -> None:
    async with database.session() as session:
        await add(session, "There")
    before = await saved(database)
    content = (
        "key,title,category,url,description,position\n"
        ',New,Basics,https://a.example,"two\nlines",\n'
        ",,Basics,ftp://a.example,,\n"
        ",NEW,basics,https://b.example,,\n"
        "\n"
        ",There,Basics,https://b.example,,first\n"
        "not a key!,X,Basics,https://a.example,,\n"
        "k1,there,Basics,https://a.example,,\n"
        "short\n"
    )
    assert await faults(database, content) == [
        "line 4: The title is missing. The url must be a full address that begins with https://.",
        "line 5: Title, category and language are those of line 2.",
        "line 7: The position must be a whole number, such as 3.",
        "line 8: A key has 1-32 of A-Z, a-z, 0-9, _ and -.",
        "line 9: This is the guide of line 7 again.",
        "line 10: It has 1 cell, and there are 6 columns.",
    ]
    assert await saved(database) == before


async def test_bad_entries_of_json_are_told_by_line(database: Database) -> None:
    content = (
        '[\n  {"title": "A", "category": "c",\n   "url": "https://a.example"},\n'
        '  {"titel": "B"},\n  7,\n  {"title": {}}\n]'
    )
    assert await faults(database, content) == [
        (
            f"line 4: There is no field 'titel'. The fields are {', '.join(COLUMNS)}. The title is missing. "
            "The category is missing. A guide needs a url or a body."
        ),
        'line 5: This is not a guide. Write each one as {"title": "...", "url": "...", "category": "..."}.',
        "line 6: The title must be text. The category is missing. A guide needs a url or a body.",
    ]
    assert await faults(database, '[\n{"title": }]') == ["line 2: This is not valid JSON: Expecting value."]
    assert await faults(database, json.dumps([{"title": "A"}])) == [
        "line 1: The category is missing. A guide needs a url or a body."
    ]


ONE_LINE = '{"title":"Dup","category":"DD","url":"https://a.example"%s}'


async def test_rows_of_one_line_are_told_apart(database: Database) -> None:
    one, other = ONE_LINE % "", ONE_LINE % ',"tags":"x"'
    assert await faults(database, f"[{one},{other}]") == [
        "entry 2: Title, category and language are those of entry 1."
    ]
    assert await faults(database, f"[{one},\n{other}]") == [
        "line 2: Title, category and language are those of line 1."
    ]
    assert await faults(database, f"[{one},]{other}, }}".replace("]", "")) == [
        "entry 2: Title, category and language are those of entry 1.",
        "entry 3: This is not valid JSON: Expecting value.",
    ]
    assert await load(database, f"[{one},{one.replace('Dup', 'Other')}]") == Imported(2, 0, 0)
    assert await load(database, await saved(database)) == Imported(0, 0, 2)


async def test_a_key_given_twice_is_told(database: Database) -> None:
    one, other = ONE_LINE % ',"key":"k"', (ONE_LINE % ',"key":"k"').replace("Dup", "Other")
    assert await faults(database, f"[{one},{other}]") == ["entry 2: This is the guide of entry 1 again."]
    assert await faults(database, f"[{one},\n{other}]") == ["line 2: This is the guide of line 1 again."]


async def test_who_imports_at_the_same_time_waits_for_his_turn(database: Database) -> None:
    content = "[" + ONE_LINE % ',"key":"k"' + "]"
    done = await asyncio.gather(*(load(database, content) for _ in range(5)))
    assert sorted(each.added for each in done) == [0, 0, 0, 0, 1]
    assert sorted(each.unchanged for each in done) == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("position", ["1.5", "NaN", "-1", "[]", '"first"', "true"])
async def test_a_position_that_is_none(database: Database, position: str) -> None:
    content = ONE_LINE % f',"position":{position}'
    assert await faults(database, f"[{content}]") == [
        "line 1: The position must be a whole number, such as 3."
    ]


async def test_all_that_is_wrong_is_told_at_once(database: Database) -> None:
    content = (
        '[\n{"title": {}, "url": "nowhere", "position": 1.5, "key": "no key!", "active": 2.5},\n'
        '{"titel": "B", "urls": 1, "tags": 1},\n'
        '{"title": "C", "category": "c", "language": "klingon!", "url": "https://a.example"},\n'
        '{"title": "c", "category": "C", "language": "klingon!", "url": "https://a.example"}\n'
    )
    assert await faults(database, content) == [
        (
            "line 2: The title must be text. The position must be a whole number, such as 3. "
            "Active must be true or false. A key has 1-32 of A-Z, a-z, 0-9, _ and -. "
            "The url must be a full address that begins with https://. The category is missing."
        ),
        (
            "line 3: There is no field 'titel'. There is no field 'urls'. "
            f"The fields are {', '.join(COLUMNS)}. "
            "The tags must be a list of texts. The title is missing. The category is missing. "
            "A guide needs a url or a body."
        ),
        "line 4: The language must be a code such as en, de or pt-br.",
        (
            "line 5: The language must be a code such as en, de or pt-br. "
            "Title, category and language are those of line 4."
        ),
        "line 6: The list is not closed with a ]. Is the file complete?",
    ]


async def test_a_wrong_header_does_not_hide_what_its_rows_have(database: Database) -> None:
    content = "titel,category,url,position\nA,Basics,https://a.example,1\nB,Basics,nowhere,x\nC,,\n"
    assert await faults(database, content) == [
        f"line 1: There is no column 'titel'. The columns are {', '.join(COLUMNS)}.",
        (
            "line 3: The url must be a full address that begins with https://. "
            "The position must be a whole number, such as 3."
        ),
        "line 4: It has 3 cells, and there are 4 columns.",
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "line 1: The file is empty."),
        (b"title\n\xff\n", "line 2: This is not UTF-8. Save the file as 'CSV UTF-8'."),
        (b"title,title\n", "line 1: The column 'title' is there twice."),
        (b'title\n"a\n', "line 2: This is not valid CSV: unexpected end of data."),
        (b"[" * 100_000, "line 1: This is not valid JSON: it is nested too deeply."),
        (b'[{"position": ' + b"9" * 5000, "line 1: This is not valid JSON: a number has too many digits."),
        (b"[\n", "line 2: The list is not closed with a ]. Is the file complete?"),
        (b"x" * (5 * 2**20 + 1), "line 1: The file has more than 5 MiB."),
    ],
    ids=["empty", "latin", "twice", "open quote", "deep", "digits", "cut off", "huge"],
)
async def test_a_file_that_is_none(sqlite_url: str, content: bytes, fault: str) -> None:
    database = Database(sqlite_url)
    assert await faults(database, content) == [fault]
    await database.aclose()
