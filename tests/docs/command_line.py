"""Checks that the reference of the command line is what the program says of itself. One line a finding; exit 1 if there
is one.

    command_line.py PROGRAM PAGE
    command_line.py --update PROGRAM PAGE    writes what the program says in place of what is shown

Between the page's two marks stand each verb's --help, whole, and below them every variable with the verbs that it is for,
as --print-config lists the options. So a verb or an option that the page lacks is a finding, too.
"""
import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

BEGIN = "<!-- What follows is written by tests/docs/command_line.py --update. -->\n"
END = "<!-- End of what is written. -->\n"
DEADLINE_S = 60
# A verb in the help of what it belongs to: two blanks, its name, what it does.
VERB = re.compile(r"^  ([a-z]+) ", re.MULTILINE)
SETTING = re.compile(r"^(?:# )?([a-z][a-z-]*)(?: = |  )", re.MULTILINE)


def said(program: str, *arguments: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("HEARSAY_")}
    done = subprocess.run([program, *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True, timeout=DEADLINE_S)
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def verbs_below(program: str, family: list[str]) -> list[list[str]]:
    _, _, listed = said(program, *family, "--help").partition("Subcommands:\n")
    return [[*family, name] for name in VERB.findall(listed.partition("\n\n")[0])]


def verbs(program: str, family: list[str]) -> list[list[str]]:
    """Every verb and every family of them, in the order of the help."""
    found = []
    for verb in verbs_below(program, family):
        found += [verb, *verbs(program, verb)]
    return found


def written(program: str) -> str:
    text = ""
    variables: dict[str, list[str]] = {}
    for verb in verbs(program, []):
        name = " ".join(verb)
        shown = said(program, *verb, "--help")
        text += f"\n## hearsay {name}\n\n```text\n$ hearsay {name} --help\n{shown.rstrip()}\n```\n"
        if verbs_below(program, verb):
            continue
        _, _, settings = said(program, *verb, "--print-config").partition("\n")
        for option in ["config", *SETTING.findall(settings)]:
            variables.setdefault("HEARSAY_" + option.upper().replace("-", "_"), []).append(name)
    text += "\n## Every variable\n\n| variable | verbs |\n|---|---|\n"
    for variable in sorted(variables):
        text += f"| `{variable}` | {', '.join(variables[variable])} |\n"
    return text + "\n`HEARSAY_PLUGIN` names plug-ins for every verb, as `--plugin FILE` before the verb does; ':' parts several.\n\n"


def main() -> int:
    arguments = sys.argv[1:]
    update = arguments[:1] == ["--update"]
    if update:
        arguments.pop(0)
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program, page = str(Path(arguments[0]).resolve()), Path(arguments[1])
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        print(f"{page}: the marks are missing")
        return 1
    before, rest = text.split(BEGIN)
    shown, after = rest.split(END)
    wanted = written(program)
    if update:
        page.write_text(before + BEGIN + wanted + END + after, encoding="utf-8")
        return 0
    first = text.count("\n", 0, len(before) + len(BEGIN))
    for line in difflib.unified_diff(shown.splitlines(), wanted.splitlines(), f"{page} from line {first + 1}", "the program",
                                     lineterm="", n=0):
        print(line)
    return int(shown != wanted)


if __name__ == "__main__":
    sys.exit(main())
