"""The schemas as Python classes, made by protoc when the tests start."""
import importlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_classes = {}


def generate(folder):
    """Makes the classes in `folder`; message("Request") finds them from then on."""
    protos = os.path.join(ROOT, "proto")
    schemas = os.path.join("throughcare", "v1")
    names = sorted(name for name in os.listdir(os.path.join(protos, schemas)) if name.endswith(".proto"))
    subprocess.run(["protoc", "-I", protos, "-I", "/usr/include", f"--python_out={folder}",
                    *(os.path.join(schemas, name) for name in names)], check=True)
    sys.path.insert(0, str(folder))
    for name in names:
        module = importlib.import_module("throughcare.v1." + name.removesuffix(".proto") + "_pb2")
        for found in module.DESCRIPTOR.message_types_by_name:
            _classes[found] = getattr(module, found)


def message(name):
    return _classes[name]


def category_of(part_type):
    """The category that a part message declares."""
    descriptor = _classes[part_type].DESCRIPTOR
    options = sys.modules["throughcare.v1.options_pb2"]
    return descriptor.GetOptions().Extensions[options.category]


def rule():
    """The extension that says what a field may hold."""
    return sys.modules["throughcare.v1.options_pb2"].rule


def refusal_names():
    """Every stable code of wire/refusals.def."""
    names = set()
    with open(os.path.join(ROOT, "proto", "wire", "refusals.def"), encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("REFUSAL("):
                names.add(line.split('"')[1])
    return names
