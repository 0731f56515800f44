"""What may be sent to the site on purpose, and what it gets; docs/site.md has the table."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from yarl import URL

from sandbox import Sandbox
from tests.web.conftest import Served, served
from web.api import swagger
from web.api.uploads import shown_name
from web.guard import HEADERS


async def raw(site: Served, *parts: bytes) -> bytes:
    """Send bytes as they are; return what comes back."""
    where = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(20):
        answer = await reader.read(4096)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../app.py",
        b"/static/..%2fapp.py",
        b"/static/%2e%2e/app.py",
        b"/static/....//app.py",
        b"/static//etc/passwd",
        b"/static/%00",
        b"/characters/..%2f..%2fetc%2fpasswd",
        b"/api/v1/characters/%2e%2e",
    ],
)
async def test_no_path_leads_out(site: Served, path: bytes) -> None:
    answer = await raw(site, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.split(b" ")[1] in {b"400", b"403", b"404"}
    assert b"root:" not in answer
    assert b"def build_app" not in answer


async def test_every_answer_has_the_headers(site: Served) -> None:
    for path in ("", "characters", "api", "static/site.css", "api/v1/characters", "no/where"):
        async with site.client.get(f"{site.url}{path}") as answer:
            policy = swagger.POLICY if path == "api" else HEADERS["Content-Security-Policy"]
            wanted = {**HEADERS, "Content-Security-Policy": policy}
            assert wanted.items() <= dict(answer.headers).items()
            text = await answer.text()
            assert "<script>" not in text
            assert " style=" not in text
            assert " onclick=" not in text


async def test_what_is_typed_is_never_code(site: Served) -> None:
    typed = '"><script>alert(1)</script>'
    async with site.client.get(f"{site.url}characters", params={"q": typed}) as answer:
        text = await answer.text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


async def test_a_body_that_is_too_large_is_not_read(site: Served) -> None:
    head = b"POST /api/v1/identify HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    assert b" 413 " in await raw(site, head)


async def test_a_body_without_a_length_is_left_at_the_limit(site: Served) -> None:
    async def endless():  # noqa: ANN202 - an async generator
        for _ in range(40):
            yield bytes(2**20)

    async with site.client.post(f"{site.url}api/v1/identify", data=endless()) as answer:
        assert answer.status == 413


async def test_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    async with served(tmp_path, upload_s=0.2) as site:
        head = b"POST /api/v1/identify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
        assert b" 408 " in await raw(site, head)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\n1\r\n--x--\r\n',
        b"\xff" * 500,
        b'--x\r\nContent-Disposition: form-data; name="\x02"\r\n\r\n1\r\n--x--\r\n',
    ],
)
async def test_a_form_that_is_none(site: Served, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    url = f"{site.url}api/v1/identify"
    async with site.client.post(url, data=body, headers=headers) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


async def test_a_form_without_a_boundary(site: Served) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    url = f"{site.url}api/v1/identify"
    async with site.client.post(url, data=b"1", headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\a.png", "a.png"),
        ("a\r\nSet-Cookie: b", "a Set-Cookie: b"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "picture"),
        ("a" * 999, "a" * 120),
    ],
)
def test_names_of_files(name: str, shown: str) -> None:
    assert shown_name(name) == shown


async def test_addresses_that_are_made_up_do_not_count(tmp_path: Path) -> None:
    async with served(tmp_path, requests_a_minute=3) as site:
        statuses = []
        for number in range(5):
            headers = {"X-Forwarded-For": f"10.0.0.{number}"}
            async with site.client.get(f"{site.url}healthz", headers=headers) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 200, 429, 429]


async def test_behind_a_proxy_the_last_address_counts(tmp_path: Path) -> None:
    async with served(tmp_path, requests_a_minute=1, proxies=["127.0.0.1"]) as site:

        async def status(passed_on: str) -> int:
            headers = {"X-Forwarded-For": passed_on}
            async with site.client.get(f"{site.url}healthz", headers=headers) as answer:
                return answer.status

        assert [await status("1.1.1.1"), await status("2.2.2.2")] == [200, 200]
        # Whatever the client put before it, the proxy adds where it really came from.
        assert await status("9.9.9.9, 1.1.1.1") == 429


async def test_a_slash_at_the_end_leads_to_the_page(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:

        async def led(path: str) -> tuple[int, str]:
            where = URL(f"{site.url}{path}", encoded=True)
            async with site.client.get(where, allow_redirects=False) as answer:
                return answer.status, answer.headers.get("Location", "")

        for path in ("label", "stats", "account", "characters", "characters/rem", "api"):
            assert await led(f"{path}/?q=a") == (308, f"/{path}?q=a")
        assert await led("nowhere/") == (404, "")
        assert await led("/evil.example/label/") == (404, "")


async def test_another_method(site: Served) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        async with site.client.request(method, f"{site.url}api/v1/identify") as answer:
            assert answer.status == 405


async def test_a_fault_is_told_by_a_reference_alone(
    site: Served, caplog: pytest.LogCaptureFixture
) -> None:
    site.stages.find = lambda *_: 1 / 0  # type: ignore[method-assign]
    status, answer = await site.upload(b"1")
    assert status == 500
    assert "ZeroDivision" not in answer["detail"]
    reference = answer["detail"].split()[-1].rstrip(".")
    assert reference in caplog.text
