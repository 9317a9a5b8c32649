#!/bin/sh
# Makes the man pages: pages.sh SOURCES HEADERS THROUGHCARE THROUGHCARED OUTPUT
#
# Lists of commands, settings and functions come from the programs' own tables and the headers, so
# that they cannot differ from what the programs do.
set -eu
sources=$1 headers=$2 throughcare=$3 throughcared=$4 output=$5

rm -rf "$output"
mkdir -p "$output/scd"
scd=$output/scd
/usr/bin/python3 "$sources/api.py" "$headers" "$scd"
cp "$sources/throughcared.8.scd" "$sources/throughcare-sealer.8.scd" "$sources/throughcare-witness.8.scd" "$sources/throughcare-profile.5.scd" "$sources/throughcare-policy.5.scd" "$scd/"
{
	cat "$sources/throughcare.1.head.scd"
	"$throughcare" help options
	cat "$sources/throughcare.1.tail.scd"
} >"$scd/throughcare.1.scd"
{
	cat "$sources/throughcared.yaml.5.head.scd"
	"$throughcared" --print-settings-scd
	cat "$sources/throughcared.yaml.5.tail.scd"
} >"$scd/throughcared.yaml.5.scd"
cat "$sources/libthroughcare.3.head.scd" "$scd/functions.scd" >"$scd/libthroughcare.3.scd"
rm "$scd/functions.scd"
for page in "$scd"/*.scd; do
	name=$(basename "$page" .scd)
	mkdir -p "$output/man${name##*.}"
	scdoc <"$page" >"$output/man${name##*.}/$name"
done
rm -r "$scd"
