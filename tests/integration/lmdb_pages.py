"""What each byte of an LMDB 0.9 data file is for: read from the file alone, as LMDB reads it.

Used are both meta pages' newest one, the pages of the trees that it names, and in a page what its nodes
point at. All else is read by nobody: free pages, gaps inside pages, the tail of an overflow page.
"""
import struct

BRANCH, LEAF, OVERFLOW, META = 1, 2, 4, 8
BIGDATA, SUBDATA = 1, 2
NONE = (1 << 64) - 1
PAGE_HEAD = 16
NODE_HEAD = 8
META_AT = PAGE_HEAD
DB_BYTES = 48
KEY_MAX = 511


class Pages:
    """The live bytes of one data file, as (start, end) runs with what they are, and all rows by table."""

    def __init__(self, data, content_only=False, older=False):
        self.data = data
        self.size = 4096
        self.runs = []
        self.rows = {}
        metas = [self.meta(number) for number in (0, 1)]
        pick = min if older else max
        self.newest = pick((meta for meta in metas if meta), key=lambda meta: meta["txnid"])
        # What LMDB reads of a meta page: magic, version, sizes, the two roots, last page, transaction.
        for number in (0, 1):
            self.add(number * self.size + META_AT, number * self.size + META_AT + 8 + 16 + 2 * DB_BYTES + 16,
                     "meta" if metas[number] is self.newest else "older meta")
        if not content_only:
            self.walk(self.newest["free"], "free list")
        self.walk(self.newest["main"], "main", sub=True)

    def add(self, start, end, what):
        self.runs.append((start, end, what))

    def meta(self, number):
        at = number * self.size + META_AT
        magic, version = struct.unpack_from("<II", self.data, at)
        if magic != 0xBEEFC0DE or version != 1:
            return None
        roots = [at + 24 + i * DB_BYTES for i in range(2)]
        return {"free": self.root_of(roots[0]), "main": self.root_of(roots[1]),
                "txnid": struct.unpack_from("<Q", self.data, at + 24 + 2 * DB_BYTES + 8)[0]}

    def root_of(self, at):
        return struct.unpack_from("<Q", self.data, at + 40)[0]

    def walk(self, root, table, sub=False):
        if root == NONE:
            return
        at = root * self.size
        _, _, flags, lower, _ = struct.unpack_from("<QHHHH", self.data, at)
        self.add(at, at + PAGE_HEAD, f"{table}: page head")
        self.add(at + PAGE_HEAD, at + lower, f"{table}: node pointers")
        for i in range((lower - PAGE_HEAD) // 2):
            node = at + struct.unpack_from("<H", self.data, at + PAGE_HEAD + 2 * i)[0]
            try:
                self.node(node, table, flags, sub, first=i == 0)
            except (struct.error, IndexError, OverflowError):
                if not sub:
                    raise  # else a table's name that leads nowhere: it has no rows

    def node(self, at, table, page_flags, sub, first):
        low, high, flags, key_len = struct.unpack_from("<HHHH", self.data, at)
        if page_flags & BRANCH:
            # The first key of a branch page is never compared.
            self.add(at, at + NODE_HEAD + (0 if first else key_len), f"{table}: branch")
            self.walk(low | high << 16 | flags << 32, table, sub)
            return
        if key_len > KEY_MAX:
            return  # no search finds it
        size = low | high << 16
        data = at + NODE_HEAD + key_len
        key = self.data[at + NODE_HEAD:data]
        self.add(at, data, f"{table}: key")
        if sub and flags & SUBDATA:
            self.add(data, data + size, f"{table}: root of a table")
            self.table(data, key.decode("latin-1"))
        elif flags & BIGDATA:
            page = struct.unpack_from("<Q", self.data, data)[0]
            self.add(data, data + 8, f"{table}: overflow number")
            self.add(page * self.size, page * self.size + PAGE_HEAD + size, f"{table}: overflow")
            self.row(table, key, page * self.size + PAGE_HEAD, size)
        else:
            self.add(data, data + size, f"{table}: value")
            self.row(table, key, data, size)

    def table(self, at, name):
        # One that is damaged has no rows; whether it had any before shows in the comparison.
        try:
            self.walk(self.root_of(at), name)
        except (struct.error, IndexError, OverflowError):
            self.rows.pop(name, None)

    def row(self, table, key, at, size):
        # LMDB's own list of pages to use again is nobody's content; the main table has only tables.
        if table not in ("free list", "main"):
            self.rows.setdefault(table, []).append((key, self.data[at:at + size]))

    def at(self, offset):
        """What the byte is for; None: nothing."""
        for start, end, what in self.runs:
            if start <= offset < end:
                return what
        return None
