"""What README, man pages and help say to type is understood: each word and option is there."""
import glob
import os
import shlex
import subprocess

import pytest
import schema


def lines_of(text):
    """Command lines, with what is continued on the next line."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True) if line.count("'") % 2 == 0 and line.count('"') % 2 == 0 else []
        if words and os.path.basename(words[0]) == "throughcare" and words[1:2] != ["-"]:  # else a page's name
            yield words


def typed(words):
    """Without what the shell takes for itself, or a placeholder of the manual."""
    ends = [at for at, word in enumerate(words) if word[0] in ">|;&"]
    return words[1:ends[0] if ends else None]


def sources(build):
    cli = os.path.join(build, "bin", "throughcare")
    yield "help", subprocess.run([cli, "help", "options"], capture_output=True, text=True, check=True).stdout
    pages = glob.glob(os.path.join(schema.ROOT, "deploy", "man", "*.scd"))
    for path in [os.path.join(schema.ROOT, "README.md"), *pages]:
        with open(path, encoding="utf-8") as file:
            yield os.path.basename(path), file.read()


@pytest.mark.quick
def test_every_command_line_that_is_shown_is_understood(build):
    cli, count = os.path.join(build, "bin", "throughcare"), 0
    for name, text in sources(build):
        for words in lines_of(text):
            done = subprocess.run([cli, *typed(words), "--help"], capture_output=True, text=True, check=False)
            assert done.returncode == 0 and "Usage: throughcare" in done.stdout, (name, words, done.stderr)
            count += 1
    assert count > 120
