"""The schemas as C: the text of part_table.c."""

import re

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as F

from schema import KINDS, TIMESTAMP, option

BYTES_DEFAULT = "TC_FIELD_BYTES_DEFAULT"
ITEMS_DEFAULT = "TC_FIELD_ITEMS_DEFAULT"
AGENCY = 1  # PEER_KIND_AGENCY
HEAD = """\
/* Written by proto/plugin/part_table.py from the schemas. */
#include "wire/limits.h"
#include "wire/part_types.h"

"""


def lower(camel):
    """A name as protobuf-c writes it: "DvSafetyNote" is "dv_safety_note"."""
    made = ""
    was_upper = True
    for letter in camel:
        if letter.isupper() and not was_upper:
            made += "_"
        made += letter.lower()
        was_upper = letter.isupper()
    return made


def descriptor(full_name):
    return "__".join(lower(piece) for piece in full_name.split(".")) + "__descriptor"


def text(value):
    if value is None:
        return "NULL"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def truth(value):
    return "true" if value else "false"


def number(value):
    """Of an enumeration's value: the header is not needed to compare numbers."""
    return str(int(value))


def kind_of(field):
    if field.type_name == TIMESTAMP:
        return "TIMESTAMP"
    return KINDS[field.type]


def field_text(schema, field):
    rule = option(field.options, "rule")
    kind = kind_of(field)
    cells = [
        f".number = {field.number}",
        f".kind = TC_FIELD_{kind}",
        f".name = {text(field.name)}",
        f".json_name = {text(field.json_name)}",
    ]
    if field.HasField("oneof_index"):
        cells.append(f".oneof = {field.oneof_index + 1}")
    if kind in ("STRING", "BYTES"):
        given = rule is not None and rule.HasField("max_bytes")
        cells.append(f".max_bytes = {rule.max_bytes if given else BYTES_DEFAULT}")
    if field.label == F.LABEL_REPEATED:
        given = rule is not None and rule.HasField("max_items")
        cells.append(".repeated = true")
        cells.append(f".max_items = {rule.max_items if given else ITEMS_DEFAULT}")
    if rule is not None:
        cells.append(f".format = {number(rule.format)}")
        cells.append(f".required = {truth(rule.required)}")
        if rule.HasField("example"):
            cells.append(f".example = {text(rule.example)}")
    if kind == "ENUM":
        index = [enum.full_name for enum in schema.enums].index(field.type_name[1:])
        cells.append(f".enumeration = &tc_enum_rules[{index}]")
    if kind == "MESSAGE":
        index = schema.messages.index(schema.by_name[field.type_name])
        cells.append(f".message = &tc_message_rules[{index}]")
    return "\t{ " + ", ".join(cells) + " },\n"


def fields_name(message):
    return "fields_of_" + message.name.replace(".", "_")


def message_fields(schema, message):
    if not message.fields:
        return ""
    body = "".join(field_text(schema, field) for field in message.fields)
    return f"static const struct tc_field_rule {fields_name(message)}[] = {{\n{body}}};\n\n"


def message_row(message):
    fields = fields_name(message) if message.fields else "NULL"
    return (f"\t{{ {text(message.name)}, &{descriptor(message.full_name)}, {fields}, "
            f"{len(message.fields)} }},\n")


def enum_row(enum):
    prefix = re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", enum.proto.name).upper() + "_"
    return f"\t{{ &{descriptor(enum.full_name)}, {text(prefix)} }},\n"


def envelope_name(message):
    return "envelope_of_" + message.name


def envelope_rule(message):
    rule = message.envelope
    senders = [int(kind) for kind in getattr(rule, "from")] or [AGENCY]
    bits = " | ".join(f"1u << {kind}" for kind in senders)
    return (f"static const struct tc_envelope_rule {envelope_name(message)} = {{\n"
            f"\t.destination = {number(rule.destination)},\n"
            f"\t.needs_subject = {truth(rule.needs_subject)},\n"
            f"\t.needs_referral = {truth(rule.needs_referral)},\n"
            f"\t.needs_purpose = {truth(rule.needs_purpose)},\n"
            f"\t.needs_actor = {truth(rule.needs_actor)},\n"
            f"\t.reads = {truth(rule.reads)},\n"
            f"\t.from = {bits},\n"
            f"\t.summary = {text(rule.summary)},\n"
            "};\n\n")


def part_row(schema, message):
    envelope = f"&{envelope_name(message)}" if message.envelope else "NULL"
    return (f"\t{{ {text(message.name)}, {number(message.category)}, "
            f"&tc_message_rules[{schema.messages.index(message)}], {envelope} }},\n")


def table(row_type, name, count_name, rows):
    return (f"const struct {row_type} {name}[] = {{\n{''.join(rows)}}};\n"
            f"const size_t {count_name} = {len(rows)};\n\n")


def write(schema):
    files = sorted({message.where.split(":")[0] for message in schema.messages})
    includes = "".join(f'#include "{file.replace(".proto", ".pb-c.h")}"\n' for file in files)
    parts = [message for message in schema.messages if message.is_part]
    head, rest = HEAD.split("#include", 1)
    made = head + includes + "#include" + rest
    made += table("tc_enum_rule", "tc_enum_rules", "tc_enum_rule_count",
                  [enum_row(enum) for enum in schema.enums])
    made += "".join(message_fields(schema, message) for message in schema.messages)
    made += table("tc_message_rule", "tc_message_rules", "tc_message_rule_count",
                  [message_row(message) for message in schema.messages])
    made += "".join(envelope_rule(message) for message in parts if message.envelope)
    made += table("tc_part_type", "tc_part_types", "tc_part_type_count",
                  [part_row(schema, message) for message in parts])
    return made.rstrip("\n") + "\n"
