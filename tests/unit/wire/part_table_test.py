"""Shows that schemas which break the rules do not build, and that what is wrong is said.

part_table_test.py PROTOC SCHEMA_ROOT PROTOBUF_ROOT BAD_SCHEMAS
"""

import os
import subprocess
import sys
import tempfile

WANTED = {
    "no_category.proto": ["no_category.proto:9: message Untold has no information category",
                          "hint: add `option (category)"],
    "no_zero.proto": ["no_zero.proto:9: enum Colour has no zero value"],
    "recursive.proto": ["contains itself", "detail: Chain > Chain.Link > Chain"],
    "proto2_required.proto": ["field Strict.text is `required` in the sense of proto2"],
    "foreign.proto": ["field Foreign.any is of a foreign message type"],
    "nested_category.proto": ["message Outer.Inner has a category or envelope rule but is no part"],
}


def main():
    protoc, schema_root, protobuf_root, bad = sys.argv[1:]
    plugin = os.path.join(schema_root, "plugin", "part_table.py")
    assert sorted(os.listdir(bad)) == sorted(WANTED), "each bad schema has its expectation"
    for name, texts in WANTED.items():
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [protoc, f"--plugin=protoc-gen-throughcare={plugin}", "-I", schema_root, "-I", protobuf_root,
                 "-I", bad, f"--throughcare_out={folder}", "throughcare/v1/options.proto", name],
                capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
            said = done.stderr.decode()
            assert done.returncode != 0, f"{name} was taken"
            assert not os.listdir(folder), f"{name} left a table"
            for text in texts:
                assert text in said, f"{name}: '{text}' is not in:\n{said}"
            assert "Traceback" not in said, said
    print(f"{len(WANTED)} bad schemas refused")


if __name__ == "__main__":
    main()
