"""The schemas as the plugin sees them: messages, enumerations, and what is wrong with them."""

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as F

PACKAGE = "throughcare.v1"
TIMESTAMP = ".google.protobuf.Timestamp"
FIELDS_MAX = 64  # TC_MESSAGE_FIELDS_MAX
DEPTH_MAX = 8  # of messages inside messages
KINDS = {
    F.TYPE_BOOL: "BOOL",
    F.TYPE_INT32: "INT32",
    F.TYPE_INT64: "INT64",
    F.TYPE_UINT32: "UINT32",
    F.TYPE_UINT64: "UINT64",
    F.TYPE_DOUBLE: "DOUBLE",
    F.TYPE_ENUM: "ENUM",
    F.TYPE_STRING: "STRING",
    F.TYPE_BYTES: "BYTES",
    F.TYPE_MESSAGE: "MESSAGE",
}


def option(options, name):
    """The value of one of our options, or None."""
    extension = descriptor_pool.Default().FindExtensionByName(f"{PACKAGE}.{name}")
    return options.Extensions[extension] if options.HasExtension(extension) else None


class Message:
    def __init__(self, proto, full_name, where, is_part):
        self.proto = proto
        self.full_name = full_name
        self.name = full_name[len(PACKAGE) + 1 :]
        self.where = where
        self.is_part = is_part
        self.category = option(proto.options, "category")
        self.envelope = option(proto.options, "envelope")
        self.fields = sorted(proto.field, key=lambda field: field.number)


class Enum:
    def __init__(self, proto, full_name, where):
        self.proto = proto
        self.full_name = full_name
        self.name = full_name[len(PACKAGE) + 1 :]
        self.where = where


class Schema:
    def __init__(self, request):
        self.errors = []
        self.messages = []
        self.enums = []
        wanted = set(request.file_to_generate)
        for file in request.proto_file:
            if file.name in wanted:
                self._read_file(file)
        self.messages.sort(key=lambda message: message.name)
        self.enums.sort(key=lambda enum: enum.name)
        self.by_name = {"." + message.full_name: message for message in self.messages}
        for enum in self.enums:
            self._check_enum(enum)
        for message in self.messages:
            self._check_message(message)
        if not self.errors:
            for message in self.messages:
                self._check_depth(message, [])

    def _refuse(self, where, what, detail, hint):
        error = f"{where}: {what}\n  detail: {detail}\n  hint: {hint}"
        if error not in self.errors:
            self.errors.append(error)

    def _read_file(self, file):
        lines = {tuple(place.path): place.span[0] + 1 for place in file.source_code_info.location}
        parts = not option(file.options, "no_parts")
        if file.package != PACKAGE:
            self._refuse(f"{file.name}:1", f"the package is not {PACKAGE}", f"it is '{file.package}'",
                         f"write: package {PACKAGE};")
            return
        if file.syntax not in ("", "proto2"):
            self._refuse(f"{file.name}:1", "the syntax is not proto2", f"it is {file.syntax}",
                         "protobuf-c refuses the optional fields of proto3")
        for i, enum in enumerate(file.enum_type):
            self._read_enum(file, lines, enum, file.package, (5, i))
        for i, message in enumerate(file.message_type):
            self._read_message(file, lines, message, file.package, (4, i), parts)

    def _read_enum(self, file, lines, enum, scope, path):
        self.enums.append(Enum(enum, f"{scope}.{enum.name}", f"{file.name}:{lines.get(path, 1)}"))

    def _read_message(self, file, lines, message, scope, path, is_part):
        full_name = f"{scope}.{message.name}"
        where = f"{file.name}:{lines.get(path, 1)}"
        self.messages.append(Message(message, full_name, where, is_part))
        for i, enum in enumerate(message.enum_type):
            self._read_enum(file, lines, enum, full_name, path + (4, i))
        for i, nested in enumerate(message.nested_type):
            self._read_message(file, lines, nested, full_name, path + (3, i), False)

    def _check_enum(self, enum):
        if enum.proto.value[0].number != 0:
            self._refuse(enum.where, f"enum {enum.name} has no zero value",
                         f"its first value is {enum.proto.value[0].name} = {enum.proto.value[0].number}",
                         "begin with a value _UNSPECIFIED = 0: an absent field reads as it")

    def _check_message(self, message):
        where, name = message.where, message.name
        if message.is_part and not message.category:
            self._refuse(where, f"message {name} has no information category",
                         "each top-level message of this file is a part, and parts are released by category",
                         "add `option (category) = CATEGORY_...;`, nest it, or move it to types.proto")
        if not message.is_part and (message.category or message.envelope):
            self._refuse(where, f"message {name} has a category or envelope rule but is no part",
                         "it is nested, or its file says no_parts", "move it to the top of a file of parts")
        if message.envelope and not message.envelope.destination:
            self._refuse(where, f"the envelope rule of {name} has no destination", "it would go nowhere",
                         "add `destination: DESTINATION_...`")
        if len(message.fields) > FIELDS_MAX:
            self._refuse(where, f"message {name} has too many fields",
                         f"{len(message.fields)}, and {FIELDS_MAX} are allowed", "split it")
        for field in message.fields:
            self._check_field(message, field)

    def _check_field(self, message, field):
        where, name = message.where, f"{message.name}.{field.name}"
        if field.type not in KINDS:
            self._refuse(where, f"field {name} is of a type that is not used here",
                         F.Type.Name(field.type), "use one of " + ", ".join(sorted(KINDS.values())).lower())
        if field.label == F.LABEL_REQUIRED:
            self._refuse(where, f"field {name} is `required` in the sense of proto2",
                         "a message without it could never be read again",
                         "write `optional` and (rule) = {required: true}")
        if field.type == F.TYPE_MESSAGE and field.type_name != TIMESTAMP and field.type_name not in self.by_name:
            self._refuse(where, f"field {name} is of a foreign message type", field.type_name,
                         "use google.protobuf.Timestamp or a message of this package")

    def _check_depth(self, message, above):
        if message in above:
            ring = above[above.index(message) :] + [message]
            self._refuse(message.where, f"message {message.name} contains itself",
                         " > ".join(inner.name for inner in ring),
                         "protobuf-c has no limit of depth: name the inner one by id instead")
            return
        if len(above) >= DEPTH_MAX:
            self._refuse(message.where, f"message {message.name} is nested too deeply",
                         " > ".join(inner.name for inner in above + [message]),
                         f"at most {DEPTH_MAX} levels")
            return
        for field in message.fields:
            if field.type == F.TYPE_MESSAGE and field.type_name != TIMESTAMP:
                self._check_depth(self.by_name[field.type_name], above + [message])
