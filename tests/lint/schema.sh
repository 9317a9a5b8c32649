#!/usr/bin/env bash
# Lints the schemas with buf and holds them against the baseline: what was ever on the wire or in JSON keeps
# its meaning. buf comes from npm, pinned by package-lock.json, into tests/lint/node_modules.
#   tests/lint/schema.sh             check
#   tests/lint/schema.sh --baseline  take the schemas as they are for the new baseline (after a release)
set -eu
cd "$(dirname "$0")"

buf=$(find node_modules/@bufbuild -path '*/bin/buf' 2>/dev/null | head -n 1)
if [ -z "$buf" ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	buf=$(find node_modules/@bufbuild -path '*/bin/buf' 2>/dev/null | head -n 1)
fi
if [ -z "$buf" ]; then
	# An optional dependency that cannot be fetched is no error to npm.
	echo "error: buf is not there after npm ci" >&2
	echo "detail: the npm registry was not reached, or has no buf for this machine ($(uname -m))" >&2
	echo "hint: see that npm reaches its registry (npm ping), then run this again" >&2
	exit 1
fi

if [ "${1-}" = --baseline ]; then
	"$buf" build ../../proto --config buf.yaml --exclude-source-info -o baseline.binpb
	exit
fi
"$buf" lint ../../proto --config buf.yaml
"$buf" breaking ../../proto --config buf.yaml --against baseline.binpb
echo "the schemas keep the rules and the baseline"
