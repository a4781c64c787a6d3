"""One body for every error: `{"error": {"code", "message", "remedy"}}`."""

from __future__ import annotations

import re
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from botyard.api.entitled import NotEntitled
from botyard.errors import BotyardError


class Problem(BaseModel):
    """What went wrong."""

    code: str = Field(description="For programs; it stays the same from version to version.")
    message: str = Field(description="For people: what is wrong.")
    remedy: str = Field(description="For people: what to do next.")


class ErrorBody(BaseModel):
    """The body of every answer that is not 2xx."""

    error: Problem


_KNOWN = {
    401: Problem(
        code="not_signed_in",
        message="There is no live session.",
        remedy="Sign in to the console and send its cookie.",
    ),
    403: Problem(
        code="forbidden",
        message="This may not be done from here.",
        remedy="Do it from a page of the console.",
    ),
    404: Problem(
        code="not_found",
        message="There is nothing at this address.",
        remedy="See openapi.json for what there is.",
    ),
    405: Problem(
        code="method_not_allowed",
        message="This address does not take this method.",
        remedy="See the Allow header for those that it takes.",
    ),
}


def install_error_bodies(api: FastAPI) -> None:
    """Makes every error of this application speak with `ErrorBody`."""
    api.add_exception_handler(HTTPException, _refusal)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(BotyardError, _expected)
    api.add_exception_handler(NotEntitled, _denied)
    api.add_exception_handler(Exception, _bug)


async def _refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    problem = _KNOWN.get(error.status_code, Problem(code=_code(phrase), message=error.detail, remedy=""))
    if error.detail != phrase:
        problem = problem.model_copy(update={"message": error.detail})
    return _answer(error.status_code, problem, dict(error.headers or {}))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    findings = [f"{'.'.join(str(step) for step in each['loc'])}: {each['msg']}" for each in error.errors()]
    return _answer(
        422,
        Problem(
            code="invalid_request",
            message="; ".join(findings),
            remedy="See openapi.json for what is expected.",
        ),
    )


async def _expected(_request: Request, error: Exception) -> JSONResponse:
    """A rule of the business said no: the class names the code (`LastOwner`: `last_owner`)."""
    assert isinstance(error, BotyardError)
    return _answer(409, Problem(code=_code(type(error).__name__), message=error.message, remedy=error.remedy))


async def _denied(_request: Request, error: Exception) -> JSONResponse:
    """The member has not paid for it."""
    assert isinstance(error, NotEntitled)
    return _answer(403, Problem(code="not_entitled", message=error.message, remedy=error.remedy))


async def _bug(_request: Request, _error: Exception) -> JSONResponse:
    """The server logs the error; the answer says nothing of it."""
    return _answer(
        500,
        Problem(
            code="internal_error",
            message="botyard failed.",
            remedy="Try again; what happened is in botyard's log.",
        ),
    )


def _answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(ErrorBody(error=problem).model_dump(), status, headers)


def _code(words: str) -> str:
    """`LastOwner` and `Last Owner` as `last_owner`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", words).lower()
