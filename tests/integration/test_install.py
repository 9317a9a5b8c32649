"""What is installed can be used by others: a C program by pkg-config and by CMake, man pages, completion."""
import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("THROUGHCARE_BUILD", "build"))

PROGRAM = r"""
#include <stdio.h>
#include <throughcare/throughcare.h>

int main(void)
{
	struct tc_client_error error = { 0 };
	struct tc_client *client = NULL;
	int r = tc_client_open_profile("/nowhere", &error, &client);
	printf("%s %s %d\n", tc_version(), error.code, r == TC_FAULT_PROFILE);
	return 0;
}
"""

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(throughcare REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE throughcare::throughcare)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    cache = (BUILD / "CMakeCache.txt").read_text(encoding="utf-8")
    if "THROUGHCARE_SANITIZE:STRING=\n" not in cache:
        pytest.skip("a library with a sanitizer needs programs with it")
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", str(BUILD), "--prefix", str(folder))
    (folder / "consumer.c").write_text(PROGRAM, encoding="utf-8")
    return folder


def library_folder(prefix):
    return next(prefix.glob("lib/**/libthroughcare.so")).parent


def says_its_version(program, prefix):
    out = run(str(program), env={**os.environ, "LD_LIBRARY_PATH": str(library_folder(prefix))})
    version, code, fault = out.split()
    assert version.count(".") == 2 and code and fault == "1"


def test_a_c_program_builds_with_pkg_config(prefix):
    where = {**os.environ, "PKG_CONFIG_PATH": str(library_folder(prefix) / "pkgconfig")}
    flags = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "throughcare", env=where).split()
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", str(prefix / "by-pkg-config"), str(prefix / "consumer.c"), *flags)
    says_its_version(prefix / "by-pkg-config", prefix)


def test_a_c_program_builds_with_cmake(prefix):
    source = prefix / "source"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(CMAKE, encoding="utf-8")
    (source / "consumer.c").write_text(PROGRAM, encoding="utf-8")
    run("cmake", "-G", "Ninja", "-S", str(source), "-B", str(source / "build"), f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", str(source / "build"))
    says_its_version(source / "build" / "consumer", prefix)


def test_the_library_shows_nothing_but_its_own_names(prefix):
    library = library_folder(prefix) / "libthroughcare.so"
    names = [line.split()[-1].split("@")[0] for line in run("nm", "-D", "--defined-only", str(library)).splitlines()]
    assert names and all(name.startswith("tc_") for name in names), names


def test_programs_manual_and_completion_are_installed(prefix):
    assert "throughcare" in run(str(prefix / "bin/throughcare"), "--version")
    assert "throughcare-witness" in run(str(prefix / "bin/throughcare-witness"), "--version")
    for page in ("man1/throughcare.1", "man8/throughcared.8", "man8/throughcare-sealer.8", "man8/throughcare-witness.8",
                 "man5/throughcared.yaml.5", "man5/throughcare-profile.5",
                 "man5/throughcare-policy.5", "man3/libthroughcare.3", "man3/tc_client_submit.3"):
        assert (prefix / "share/man" / page).stat().st_size > 200, page
    commands = (prefix / "share/man/man1/throughcare.1").read_text(encoding="utf-8")
    assert "message send [FILE|-]" in commands.replace("\\-", "-"), "the operand of a command is in its title"
    policy = str(prefix / "share/throughcare/policy.yaml")
    assert "no errors" in run(str(prefix / "bin/throughcare"), "policy", "check", policy)
    completion = prefix / "share/bash-completion/completions/throughcare"
    words = run("bash", "-c", f'. {completion}; COMP_WORDS=(throughcare message ""); COMP_CWORD=2; _throughcare; echo "${{COMPREPLY[@]}}"')
    assert words.split() == ["send", "collect", "show", "template"]
    words = run("bash", "-c", f'. {completion}; COMP_WORDS=(throughcare --profile x trail find --s); COMP_CWORD=5; _throughcare; echo "${{COMPREPLY[@]}}"')
    assert words.split() == ["--subject", "--since"]


def test_units_start_what_is_installed_with_words_that_it_takes(prefix, own_exchange):
    units = sorted((prefix / "lib/systemd/system").glob("*.service"))
    assert [unit.name for unit in units] == ["throughcare-backup.service", "throughcare-sealer.service",
                                             "throughcare-witness.service", "throughcared.service"]
    for unit in units:
        for line in unit.read_text(encoding="utf-8").splitlines():
            name, _, words = line.partition("=")
            if name not in ("ExecStartPre", "ExecStart"):
                continue
            program, *words = words.replace("/etc/throughcare/throughcared.yaml", own_exchange.configuration()).split()
            assert program.startswith(str(prefix)) and os.access(program, os.X_OK), line
            if name == "ExecStart" and unit.name == "throughcared.service":
                continue  # is run by every other test
            where = {**os.environ, "LD_LIBRARY_PATH": str(library_folder(prefix))}
            done = subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=False, env=where)
            # What the others need is in /etc: but for that, they would go on.
            assert done.returncode == (0 if name == "ExecStartPre" else 1), (line, done)
