"""Derives contract.json from an OpenAPI description of the Mastodon client API.

    python tests/client_api/derive_contract.py REFERENCE.json > tests/client_api/contract.json

The reference stays out of the project; the contract is the compact table of facts that tests compare answers with.

A type is written as text: `string`, `integer`, `number`, `boolean`, `datetime`, `date`, `uri`, `any`, `empty`, the name
of an entity or enum, `[T]` for a list, `{T}` for an object of any names, `A|B` for alternatives, and `T?` where null
is allowed. The names of fields that may be absent end in `?`. Objects inside entities are entities of their own,
named after their place: `Instance.usage`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
FORMATS = {"date-time": "datetime", "date": "date", "uri": "uri"}
Document = dict[str, Any]


class Contract:
    """The table, growing while the reference is read."""

    def __init__(self, reference: Document) -> None:
        self.reference = reference
        self.entities: dict[str, dict[str, str]] = {}
        self.enums: dict[str, list[str]] = {}
        self.operations: list[Document] = []

    def derive(self) -> Document:
        """Read everything."""
        for name, schema in self.reference["components"]["schemas"].items():
            self.define(name, schema)
        for path, methods in sorted(self.reference["paths"].items()):
            for method in METHODS:
                if method in methods:
                    self.operations.append(self.operation(method, path, methods[method]))
        return {"operations": self.operations, "entities": self.entities, "enums": self.enums}

    def define(self, name: str, schema: Document) -> None:
        """Enter an entity or an enum."""
        if "enum" in schema:
            self.enums[name] = [value for value in schema["enum"] if value is not None]
            return
        if schema.get("type") == "array":
            return  # written out where it is used
        required = set(schema.get("required", ()))
        self.entities[name] = {
            field if field in required else f"{field}?": self.type_of(inner, f"{name}.{field}")
            for field, inner in sorted(schema.get("properties", {}).items())
        }

    def type_of(self, schema: Document, place: str) -> str:
        """Write a schema as text; `place` names objects without a name."""
        named = schema.get("type")
        kinds = named if isinstance(named, list) else [named]
        null = "?" if "null" in kinds else ""
        kind = next((one for one in kinds if one != "null"), None)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            named_list = self.reference["components"]["schemas"].get(name, {})
            return (self.type_of(named_list, name) if named_list.get("type") == "array" else name) + null
        for combined in ("oneOf", "anyOf", "allOf"):
            if combined in schema:
                types = [self.type_of(one, place) for one in schema[combined] if one.get("type") != "null"]
                null = "?" if len(types) < len(schema[combined]) else null
                return "|".join(dict.fromkeys(types)) + null
        if "enum" in schema:
            self.enums[place] = [value for value in schema["enum"] if value is not None]
            return place + null
        if kind == "array":
            return f"[{self.type_of(schema.get('items', {}), place)}]" + null
        if kind == "object" or "properties" in schema:
            return self.object_type(schema, place) + null
        return FORMATS.get(schema.get("format", ""), kind or "any") + null

    def object_type(self, schema: Document, place: str) -> str:
        """Write an object: an entity of its own when its fields are known."""
        if schema.get("properties"):
            self.define(place, schema)
            return place
        values = schema.get("additionalProperties")
        return "{" + (self.type_of(values, place) if isinstance(values, dict) and values else "any") + "}"

    def operation(self, method: str, path: str, described: Document) -> Document:
        """Enter what a route takes and answers."""
        place = f"{method.upper()} {path}"
        answers = described["responses"]
        success = next((answers[status] for status in sorted(answers) if status.startswith("2")), {})
        body = success.get("content", {}).get("application/json", {}).get("schema")
        scopes = [scope for way in described.get("security") or [] for scope in way.get("OAuth2", ())]
        return {
            "method": method.upper(),
            "path": path,
            "scopes": sorted(scopes) if described.get("security") else None,
            "statuses": sorted(answers),
            "parameters": {
                f"{one['in']}:{one['name']}": self.type_of(one.get("schema", {}), f"{place} {one['name']}")
                for one in described.get("parameters", ())
            },
            "body": self.body(described, place),
            "answer": self.type_of(body, place) if body else "empty",
        }

    def body(self, described: Document, place: str) -> str | None:
        """Write what a route's body is, None when it takes none."""
        content = described.get("requestBody", {}).get("content", {})
        schema = next((content[kind]["schema"] for kind in content if "schema" in content[kind]), None)
        return None if schema is None else self.type_of(schema, f"{place} body")


def main() -> None:
    """Print the contract of the reference named on the command line."""
    reference = json.loads(Path(sys.argv[1]).read_text())
    contract = Contract(reference).derive()
    lines = [f"{json.dumps(name)}: {{\n{_lines(part)}\n}}" for name, part in contract.items() if name != "operations"]
    operations = ",\n".join(json.dumps(one) for one in contract["operations"])
    sys.stdout.write("{" + f'"operations": [\n{operations}\n],\n' + ",\n".join(lines) + "}\n")


def _lines(part: Document) -> str:
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(part.items()))


if __name__ == "__main__":
    main()
