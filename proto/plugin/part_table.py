#!/usr/bin/python3
"""protoc plugin: writes part_table.c, the tables behind proto/wire/part_types.h.

protobuf-c keeps no options at run time. This plugin holds the schemas against the rules that
the rest of the program relies on, and writes down what it needs to know of them. Run as
`protoc --plugin=protoc-gen-throughcare=part_table.py --throughcare_out=DIR FILES`.
"""

import sys

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.compiler import plugin_pb2

import schema
import table


def learn_options(request):
    """Makes our options known to the protobuf library, so that it does not skip them."""
    pool = descriptor_pool.Default()
    for file in request.proto_file:
        if not file.name.endswith("/options.proto"):
            continue
        pool.AddSerializedFile(file.SerializeToString())
        for extension in pool.FindFileByName(file.name).extensions_by_name.values():
            owner = getattr(descriptor_pb2, extension.containing_type.name)
            if hasattr(owner, "RegisterExtension"):
                owner.RegisterExtension(extension)


def main():
    data = sys.stdin.buffer.read()
    learn_options(plugin_pb2.CodeGeneratorRequest.FromString(data))
    read = schema.Schema(plugin_pb2.CodeGeneratorRequest.FromString(data))
    response = plugin_pb2.CodeGeneratorResponse()
    if read.errors:
        response.error = "the schema breaks the rules\n" + "\n".join(read.errors)
    else:
        response.file.add(name="part_table.c", content=table.write(read))
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
