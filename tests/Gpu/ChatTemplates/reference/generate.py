"""Writes reference.json: what Jinja2, set up as Hugging Face transformers sets it up, renders for each case.

Needs jinja2 (made with 3.1.6). Usage: python3 generate.py
"""
import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from snippets import ERRORS, SNIPPETS

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 1, 5, 18, 9, 7)


class Generation(jinja2.ext.Extension):
    """The generation tag, which changes nothing in the text."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("render"), [], [], body).set_lineno(line)

    def render(self, caller):
        return caller()


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


ENVIRONMENT = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
ENVIRONMENT.filters["tojson"] = to_json
ENVIRONMENT.globals["raise_exception"] = refuse
ENVIRONMENT.globals["strftime_now"] = NOW.strftime

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather — now", "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1, "maximum": 18446744073709551615},
                       "unit": {"enum": ["°C", "°F"]}, "hours": {"type": "array", "items": {"type": "number"}}},
        "required": ["city"]}}}
TOOLS = [WEATHER, WEATHER]
CALL = {"id": "abcdef123", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2, "x": [1.5, None, True]}}}
SYSTEM = {"role": "system", "content": " Be brief. "}
USER = {"role": "user", "content": "Hello \"you\" <b>\nand 🙂 "}
ANSWER = {"role": "assistant", "content": "<think>\nHm.\n</think>\n\n Hi. "}
CALLS = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": '{"t": 21.5}'}
PARTS = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}

CONVERSATIONS = {
    "one question": [USER],
    "with system": [SYSTEM, USER],
    "two turns": [SYSTEM, USER, ANSWER, USER],
    "call of a tool": [USER, CALLS, RESULT],
    "two results": [SYSTEM, USER, CALLS, RESULT, RESULT, ANSWER, USER],
    "ends with the assistant": [USER, ANSWER],
    "two calls": [USER, {**CALLS, "tool_calls": [CALL, CALL]}],
    "assistant first": [ANSWER, USER],
    "parts": [PARTS],
}


def case(template, data):
    variables = {"tools": None, "documents": None, "add_generation_prompt": False, **data}
    result = {}
    try:
        result["expected"] = ENVIRONMENT.from_string(template).render(**variables)
    except Exception as error:  # Every failure counts as the template's refusal.
        result["error"] = f"{type(error).__name__}: {error}"
    return result


def conversations():
    for file in sorted((HERE / "templates").glob("*.jinja")):
        template = file.read_text(encoding="utf-8")
        for name, messages in CONVERSATIONS.items():
            for tools in (0, 2):
                for extra in ({"add_generation_prompt": True}, {"add_generation_prompt": True, "enable_thinking": False}, {}):
                    if "enable_thinking" in extra and file.stem != "qwen3":
                        continue
                    data = {"messages": messages, "bos_token": "<s>", "eos_token": "</s>", "tools": TOOLS[:tools] or None, **extra}
                    yield {"template": file.name, "messages": name, "tools": tools, "extra": extra, **case(template, data)}


def main():
    data = {"messages": [SYSTEM, USER, ANSWER], "n": None, "nums": [3, 1, 2, 2], "words": ["b", "A", "c", "a"], "s": " Some text here ",
            "d": {"b": 1, "A": [1, 2.0], "c": {"x": None}}, "people": [{"name": "Eve", "age": 7, "at": {"city": "B"}}, {"name": "Bob", "age": 7},
            {"name": "ann", "age": 9, "at": {"city": "a"}}], "deep": [[1, [2]], "é🙂x"], "big": 123456789012345678901234567890, "f": 0.1}
    cases = [{"template": text, **case(text, data)} for text in SNIPPETS + ERRORS]
    for text, result in zip(SNIPPETS + ERRORS, cases):
        if ("error" in result) != (text in ERRORS):
            raise SystemExit(f"{text}: {result}")
    text = json.dumps({"data": data, "snippets": cases, "messages": CONVERSATIONS, "tools": TOOLS, "conversations": list(conversations())},
                      ensure_ascii=False, indent=1)
    (HERE / "reference.json").write_text(text + "\n", encoding="utf-8")


main()
