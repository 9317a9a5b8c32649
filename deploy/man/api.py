#!/usr/bin/python3
"""Man pages of libthroughcare, made from the comments of its public headers.

    api.py HEADERS-FOLDER OUTPUT-FOLDER

Writes one scdoc page per function, named like it, and functions.scd, the list of all of them for
libthroughcare(3). A comment stands for the declarations that follow it without an empty line.
"""
import os
import re
import sys

ORDER = ("connection.h", "submit.h", "collect.h", "terms.h", "query.h", "event.h", "message.h", "seal.h", "status.h")


def escape(text):
    text = re.sub(r"([\\*_<>`~\[\]])", r"\\\1", text)
    return re.sub(r"^([-.#|;])", r"\\\1", text, flags=re.MULTILINE)


def comment_text(lines):
    text = "\n".join(lines)
    text = re.sub(r"^\s*/\*+ ?|\s*\*+/\s*$", "", text)
    # scdoc takes a line that begins with spaces for a mistake.
    lines = [re.sub(r"^\s*\* ?", "", line).strip() for line in text.split("\n")]
    return "\n".join(lines).strip()


def read(path):
    """Yields (declaration, comment) of each function, and the header's own comment first."""
    with open(path, encoding="utf-8") as lines:
        source = lines.read().split("\n")
    comment, found, opening, i = "", [], None, 0
    while i < len(source):
        line = source[i]
        if line.startswith("/*"):
            start = i
            while "*/" not in source[i]:
                i += 1
            comment = comment_text(source[start:i + 1])
            opening = opening or comment
        elif line.startswith("TC_API"):
            start = i
            while not source[i].rstrip().endswith(";"):
                i += 1
            words = [word.strip() for word in source[start:i + 1]]
            found.append((re.sub(r"^TC_API\s+", "", " ".join(words)), comment))
        elif line.startswith(("struct", "enum")) and line.rstrip().endswith("{"):
            while not source[i].startswith("}"):
                i += 1
        elif not line.strip():
            comment = ""
        i += 1
    return opening, found


def brief(comment):
    sentence = re.split(r"(?<=[.:;])\s", comment.replace("\n", " "), maxsplit=1)[0]
    return sentence.rstrip(".:;")


def page(name, declaration, comment, opening, header, others):
    see = ", ".join(f"*{escape(other)}*(3)" for other in others if other != name)
    return (
        f'{name}(3) "Throughcare" "Throughcare manual"\n\n# NAME\n\n{name} - {escape(brief(comment or opening))}\n\n'
        f"# SYNOPSIS\n\n```\n#include <throughcare/{header}>\n\n{declaration}\n```\n\n"
        f"# DESCRIPTION\n\n{escape(comment or brief(opening) + '.')}\n\n"
        f"# RETURN VALUE\n\nWhere it is an int: 0 when it is done, a negative _enum tc\\_fault_, or a positive outcome "
        f"named above. Blocking, threads and ownership are in *libthroughcare*(3) and in the header.\n\n"
        f"# SEE ALSO\n\n*libthroughcare*(3){', ' if see else ''}{see}\n")


def main():
    headers, output = sys.argv[1:3]
    os.makedirs(output, exist_ok=True)
    overview = ""
    for header in ORDER:
        opening, functions = read(os.path.join(headers, header))
        name_of = {d: re.search(r"(\w+)\(", d).group(1) for d, _ in functions}
        names = list(name_of.values())
        title, _, rest = opening.partition("\n")
        overview += f"# {header.upper()}\n\n{escape(title)}\n{escape(rest)}\n\n"
        for place, (declaration, comment) in enumerate(functions):
            name = name_of[declaration]
            near = names[max(0, place - 4):place + 5]
            with open(os.path.join(output, f"{name}.3.scd"), "w", encoding="utf-8") as to:
                to.write(page(name, declaration, comment, opening, header, near))
            overview += f"*{escape(name)}*(3)\n\t{escape(brief(comment or opening))}\n\n"
    with open(os.path.join(output, "functions.scd"), "w", encoding="utf-8") as to:
        to.write(overview)


if __name__ == "__main__":
    main()
