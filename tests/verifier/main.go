// verifier checks what an exchange proves, with Go's own packages for transparent logs and nothing
// of Throughcare:
//
//	verifier export DIR VKEY...          signature, every entry, every tile, the root
//	verifier consistency OLD NEW VKEY... that the export NEW begins with the export OLD
//	verifier proof FILE VKEY...          a tlog-proof with its entry in the extra line
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileWidth = 256

var leafTag = []byte("throughcare/leaf/v1\n")

// openCheckpoint wants a signature by one of the keys, under its own name as origin.
func openCheckpoint(text []byte, vkeys []string) (tlog.Tree, error) {
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	// tlog.ParseTree wants Go's own first line, so the three lines are read here.
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || opened.Sigs[0].Name != lines[0] {
		return tlog.Tree{}, errors.New("the checkpoint is not its key's")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func tilePath(folder, level string, number, width int64) string {
	name := fmt.Sprintf("%03d", number%1000)
	for rest := number / 1000; rest > 0; rest /= 1000 {
		name = fmt.Sprintf("x%03d/%s", rest%1000, name)
	}
	if width < tileWidth {
		name += fmt.Sprintf(".p/%d", width)
	}
	return filepath.Join(folder, "tile", level, name)
}

// entries reads the bundles and holds each entry against its place and the time before it.
func entries(folder string, size int64) ([][]byte, error) {
	var all [][]byte
	var before uint64
	for number := int64(0); number*tileWidth < size; number++ {
		width := size - number*tileWidth
		if width > tileWidth {
			width = tileWidth
		}
		bundle, err := os.ReadFile(tilePath(folder, "entries", number, width))
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("bundle %d is cut off", number)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			if length != 68 || !bytes.HasPrefix(entry, leafTag) || binary.BigEndian.Uint64(entry[28:]) != uint64(len(all)) {
				return nil, fmt.Errorf("entry %d is not of its place", len(all))
			}
			time := binary.BigEndian.Uint64(entry[20:])
			if time < before {
				return nil, fmt.Errorf("entry %d is backdated", len(all))
			}
			before = time
			all = append(all, entry)
		}
		if len(bundle) > 0 {
			return nil, fmt.Errorf("bundle %d goes on behind its entries", number)
		}
	}
	return all, nil
}

// memory has every hash that tlog stores for a log.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, errors.New("no such hash")
		}
		out[i] = m[index]
	}
	return out, nil
}

func count(all [][]byte) (memory, error) {
	var m memory
	for i, entry := range all {
		hashes, err := tlog.StoredHashes(int64(i), entry, m)
		if err != nil {
			return nil, err
		}
		m = append(m, hashes...)
	}
	return m, nil
}

// checkTiles compares each tile file with the hashes that were counted.
func checkTiles(folder string, size int64, m memory) error {
	for level := 0; size>>(8*level) > 0 && level < 8; level++ {
		hashes := size >> (8 * level)
		for number := int64(0); number*tileWidth < hashes; number++ {
			width := hashes - number*tileWidth
			if width > tileWidth {
				width = tileWidth
			}
			data, err := os.ReadFile(tilePath(folder, strconv.Itoa(level), number, width))
			if err != nil {
				return err
			}
			tile := tlog.Tile{H: 8, L: level, N: number, W: int(width)}
			want, err := tlog.ReadTileData(tile, m)
			if err != nil {
				return err
			}
			if !bytes.Equal(data, want) {
				return fmt.Errorf("tile %d/%d is wrong", level, number)
			}
		}
	}
	return nil
}

func openExport(folder string, vkeys []string) (tlog.Tree, memory, error) {
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	tree, err := openCheckpoint(text, vkeys)
	if err != nil {
		return tree, nil, err
	}
	all, err := entries(folder, tree.N)
	if err != nil {
		return tree, nil, err
	}
	m, err := count(all)
	if err != nil {
		return tree, nil, err
	}
	if tree.N == 0 {
		return tree, m, nil
	}
	root, err := tlog.TreeHash(tree.N, m)
	if err == nil && root != tree.Hash {
		err = errors.New("the root is another")
	}
	return tree, m, err
}

func export(folder string, vkeys []string) error {
	tree, m, err := openExport(folder, vkeys)
	if err != nil {
		return err
	}
	if err := checkTiles(folder, tree.N, m); err != nil {
		return err
	}
	for n := int64(0); n < tree.N; n += 1 + tree.N/16 {
		proof, err := tlog.ProveRecord(tree.N, n, m)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, m[tlog.StoredHashIndex(0, n)]); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries, root %v\n", tree.N, tree.Hash)
	return nil
}

func consistency(older, newer string, vkeys []string) error {
	before, _, err := openExport(older, vkeys)
	if err != nil {
		return err
	}
	after, m, err := openExport(newer, vkeys)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(after.N, before.N, m)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, after.N, after.Hash, before.N, before.Hash)
}

func proof(path string, vkeys []string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("it is no tlog-proof")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var hashes tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	tree, err := openCheckpoint([]byte(checkpoint), vkeys)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func run(words []string) error {
	switch {
	case len(words) >= 3 && words[0] == "export":
		return export(words[1], words[2:])
	case len(words) >= 4 && words[0] == "consistency":
		return consistency(words[1], words[2], words[3:])
	case len(words) >= 3 && words[0] == "proof":
		return proof(words[1], words[2:])
	}
	return errors.New("usage: verifier export DIR VKEY... | consistency OLD NEW VKEY... | proof FILE VKEY...")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("verified")
}
