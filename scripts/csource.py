# SPDX-License-Identifier: MIT
"""csource - just enough of C's lexical rules for the checks in this folder."""
import re

TOKEN = re.compile(r"""
    (?P<comment> /\*.*?\*/ | //[^\n]* )
  | (?P<include> ^[ \t]*\#[ \t]*include[^\n]* )
  | (?P<string> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
""", re.VERBOSE | re.DOTALL | re.MULTILINE)


def code_only(text):
    """The text with comments blanked and strings emptied; every line keeps its number."""
    def blank(match):
        if match["include"]:
            return match["include"]
        if match["string"]:
            return match["string"][0] * 2
        return "\n" * match[0].count("\n") or " "
    return TOKEN.sub(blank, text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
