"""Holds our JSON mapping against Google's: each part type's template, both ways.

json_mapping_test.py JSON_CONVERT PROTOC SCHEMA_ROOT PROTOBUF_ROOT
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def classes(protoc, schema_root, protobuf_root):
    """Message classes by name, read from the schemas themselves."""
    files = sorted(os.path.relpath(path, schema_root)
                   for path in glob.glob(os.path.join(schema_root, "throughcare/v1/*.proto")))
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "image")
        subprocess.run([protoc, "-I", schema_root, "-I", protobuf_root, "--include_imports",
                        f"--descriptor_set_out={image}", *files], check=True)
        with open(image, "rb") as read:
            descriptors = descriptor_pb2.FileDescriptorSet.FromString(read.read())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.AddSerializedFile(file.SerializeToString())
    if hasattr(message_factory, "GetMessageClass"):
        make = message_factory.GetMessageClass
    else:
        make = message_factory.MessageFactory(pool).GetPrototype
    return lambda name: make(pool.FindMessageTypeByName(f"throughcare.v1.{name}"))


def run(convert, action, name, given):
    done = subprocess.run([convert, action, name], input=given.encode(), capture_output=True)
    assert done.returncode == 0, f"{action} {name}: {done.stderr.decode()}"
    return done.stdout.decode().strip()


def main():
    convert, protoc, schema_root, protobuf_root = sys.argv[1:]
    find = classes(protoc, schema_root, protobuf_root)
    lines = subprocess.run([convert, "templates"], check=True, capture_output=True).stdout.decode()
    compared = 0
    for line in lines.splitlines():
        name, _, template = line.partition(" ")
        theirs = json_format.Parse(template, find(name)())
        ours = run(convert, "encode", name, template)
        assert find(name).FromString(bytes.fromhex(ours)) == theirs, f"{name}: {template}"
        printed = json.loads(run(convert, "decode", name, theirs.SerializeToString().hex()))
        wanted = json.loads(json_format.MessageToJson(theirs))
        assert printed == wanted, f"{name}: {printed} is not {wanted}"
        compared += 1
    assert compared > 60, compared
    print(f"{compared} part types mapped alike")


if __name__ == "__main__":
    main()
