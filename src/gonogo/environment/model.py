"""What every model of an environment file is made of: strict, frozen, and its secrets masked wherever they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Self, cast, get_args, get_origin
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, SecretStr, SerializationInfo, model_validator
from pydantic_core import core_schema

from gonogo.environment.lines import KeyPath
from gonogo.environment.slips import Slip, Told, refuse


class Mark(StrEnum):
    """What a value stands for beyond its text; written into its type, so that nobody has to list where such values stand."""

    ROLE = "role"
    """The name of one of `[roles]`."""
    REACHED = "reached"
    """A URL, host or `host:port` that may be contacted."""
    FILE = "file"
    """A file, from the environment file's folder."""
    FOLDER = "folder"
    """A folder, from the environment file's folder."""


Marked = tuple[KeyPath, str]
"""Where a marked value stands, and the value."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:  # noqa: ARG003 - for models that have rules
        """What the keys of this table say against each other, as far as they can be read."""
        yield from ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        refuse(self.slips(self.model_dump(exclude_unset=True)))
        return self

    def named_hosts(self) -> Iterator[str]:
        """Every URL, host and `host:port` of this section that may be contacted; those too that follow from others."""
        for _, value in self._marked(Mark.REACHED):
            yield value
        for _, section in self._sections():
            yield from section.named_hosts()

    def named_roles(self) -> Iterator[Marked]:
        """Every role that this section names, and where."""
        yield from self._marked(Mark.ROLE)
        for path, section in self._sections():
            yield from (((*path, *inner), role) for inner, role in section.named_roles())

    def named_files(self) -> Iterator[tuple[KeyPath, str, Mark]]:
        """Every file and folder that this section names, where, and which of the two it is to be."""
        for mark in (Mark.FILE, Mark.FOLDER):
            yield from ((path, name, mark) for path, name in self._marked(mark))
        for path, section in self._sections():
            yield from (((*path, *inner), name, mark) for inner, name, mark in section.named_files())

    def _sections(self) -> Iterator[tuple[KeyPath, Model]]:
        for name in type(self).model_fields:
            for path, value in _inside(type(self), name, getattr(self, name)):
                if isinstance(value, Model):
                    yield path, value

    def _marked(self, mark: Mark) -> Iterator[Marked]:
        for name in type(self).model_fields:
            keys, values = marks(type(self), name)
            for path, value in _inside(type(self), name, getattr(self, name)):
                if mark is values and not isinstance(value, Model) and value:
                    yield path, value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                elif mark is keys and len(path) > 1:
                    yield path, str(path[1])


def _inside(model: type[Model], name: str, value: object) -> Iterator[tuple[KeyPath, object]]:
    """The field's value, or those that its array or its table of names holds."""
    if get_origin(_bare(model.model_fields[name].annotation)) is dict:
        yield from (((name, key), one) for key, one in value.items()) if isinstance(value, Mapping) else ()
    elif isinstance(value, tuple | list):
        yield from (((name, at), one) for at, one in enumerate(value))
    elif value is not None:
        yield (name,), value


def _bare(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def told(model: type[Model], said: Mapping[str, object], mark: Mark) -> Iterator[tuple[KeyPath, object]]:
    """Every value of a mark in a table as it was written, valid or not, and where."""
    for name in model.model_fields:
        keys, values = marks(model, name)
        inner = model_in(model.model_fields[name].annotation)
        for path, one in _inside(model, name, said.get(name)):
            if isinstance(one, Mapping) and inner is not None:
                yield from (((*path, *below), found) for below, found in told(inner, one, mark))
            elif mark is keys and len(path) > 1:
                yield path, path[1]
            elif mark is values:
                yield path, one


def model_in(annotation: object) -> type[Model] | None:
    """The model that a field holds, in an array or a table too; None for plain values."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((one for each in get_args(annotation) if (one := model_in(each))), None)


@cache
def marks(model: type[Model], name: str) -> tuple[Mark | None, Mark | None]:
    """What the keys and the values of a field are marked as."""
    info = model.model_fields[name]
    if get_origin(info.annotation) is dict:
        key, value = get_args(info.annotation)
        return _mark_in(key, ()), _mark_in(value, ())
    return None, _mark_in(info.annotation, info.metadata)


def _mark_in(annotation: object, metadata: Iterable[object]) -> Mark | None:
    found = next((one for one in metadata if isinstance(one, Mark)), None)
    if get_origin(annotation) is Annotated:
        return found or _mark_in(get_args(annotation)[0], get_args(annotation)[1:])
    return found or next((one for each in get_args(annotation) if (one := _mark_in(each, ()))), None)


class Secret(SecretStr):
    """A value whose text is `***` wherever it is printed; `get_secret_value()` reveals it.

    As JSON it is masked and keeps its shape, so that what was dumped can be read again: of a URL all but the passwords stays.
    The context `{"reveal": True}` is for the pipe to a process of ours, and for nothing else.
    """

    def _display(self) -> str:
        return MASK

    @property
    def masked(self) -> str:
        """Empty for an empty one, a URL without its passwords, `***` for all else."""
        value = self.get_secret_value()
        if "://" not in value:
            return MASK if value else ""
        parts = urlsplit(value)
        netloc = parts.netloc
        if parts.password is not None:
            netloc = f"{quote(unquote(parts.username or ''), safe='')}:{MASK}@{netloc.rpartition('@')[2]}"
        query = _PASSWORD_FIELD.sub(rf"\g<1>{MASK}", parts.query)
        return parts._replace(netloc=netloc, query=query).geturl()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema = super().__get_pydantic_core_schema__(source, handler)
        serialization = core_schema.plain_serializer_function_ser_schema(
            _as_json, info_arg=True, return_schema=core_schema.str_schema(), when_used="json"
        )
        return cast("core_schema.CoreSchema", {**schema, "serialization": serialization})


def _as_json(value: Secret, info: SerializationInfo) -> str:
    revealed = isinstance(info.context, dict) and info.context.get("reveal") is True
    return value.get_secret_value() if revealed else value.masked


MASK = "***"


_PASSWORD_FIELD = re.compile(r"((?:^|&)[^=&]*password[^=&]*=)[^&]*", re.IGNORECASE)


class Tier(StrEnum):
    DEMO = "demo"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"
