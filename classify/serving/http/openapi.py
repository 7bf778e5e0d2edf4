"""Completes the OpenAPI document with bodies, problems and the key."""

from typing import Any

from fastapi import FastAPI

from classify.serving.http import schemas

DESCRIPTION = (
    "Labels French press articles by category, says how sure it is, and asks for a person's review "
    "where it is not sure. Errors are application/problem+json."
)
_EXAMPLES = {
    "one": {"summary": "One text", "value": {"text": "Le festival de Cannes ouvre ses portes."}},
    "many": {
        "summary": "Several texts, explained",
        "value": {"text": ["Le film sort mardi.", "Les deux pays signent."], "explain": True},
    },
}
# A form does not distinguish a single value from a list of one.
_FLAG = {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "boolean"}}]}
_FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "explain": _FLAG,
        "all": _FLAG,
        "text_columns": {
            "type": "string",
            "description": "Columns of a table that hold the text, such as title,body. By default, "
            "usual names are recognised.",
        },
        "id_column": {"type": "string", "description": "Column of a table that holds the id."},
        "encoding": {
            "type": "string",
            "enum": list(schemas.ENCODINGS),
            "description": "Encoding of text that is not UTF-8, in upper or lower case; by default "
            "it is detected.",
        },
    },
}
_TEXTS = {"$ref": "#/components/schemas/PredictRequest"}


def _body(content_type: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {content_type: content}}}


JSON_BODY = _body("application/json", {"schema": _TEXTS, "examples": _EXAMPLES})
FORM_BODY = _body("multipart/form-data", {"schema": _FORM})


def complete_openapi(app: FastAPI, *, key: bool) -> None:
    """Complete the OpenAPI document of an application. key: the API requires one."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        """Return the document, which is made once."""
        if app.openapi_schema is None:
            document = generate()
            _add_schemas(document)
            if key:
                _add_key(document)
        assert app.openapi_schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _add_schemas(document: dict[str, Any]) -> None:
    """Add the schemas to which bodies and problems refer."""
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (schemas.PredictRequest, schemas.Problem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        components.update(schema.pop("$defs", {}))
        components[model.__name__] = schema


def _add_key(document: dict[str, Any]) -> None:
    """Say which routes require the key."""
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        if path.startswith("/v1/") or path == "/metrics":
            for operation in operations.values():
                operation["security"] = [{"key": []}]
