// The tables. Accounts, documents and chains are numbered, so that a log row repeats none of their 16 to 32 bytes; log rows
// live in a rowid table, where rows of many documents in one commit dirty a quarter of the pages of a clustered one.

/** Written into the file, so that no other program's database is taken for ours: "OWLR". */
export const APPLICATION_ID = 0x4f574c52

/** Applied in order, each in one transaction; never changed once released, only followed. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation BLOB NOT NULL,
    probe BLOB
  );
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    account BLOB NOT NULL UNIQUE,
    recovery BLOB NOT NULL UNIQUE,
    keyring_length INTEGER NOT NULL,
    keyring_head BLOB NOT NULL,
    documents INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE keyring (
    account INTEGER NOT NULL,
    position INTEGER NOT NULL,
    record BLOB NOT NULL,
    cut BLOB,
    PRIMARY KEY (account, position)
  );
  CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    document BLOB NOT NULL,
    newest INTEGER NOT NULL,
    log_hash BLOB NOT NULL,
    UNIQUE (account, document)
  );
  CREATE TABLE chains (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    device BLOB NOT NULL,
    incarnation INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (document, device, incarnation)
  );
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    number INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    entry_hash BLOB NOT NULL,
    log_hash BLOB NOT NULL,
    signature BLOB,
    envelope BLOB NOT NULL,
    UNIQUE (document, number),
    UNIQUE (chain, sequence)
  );
  CREATE TABLE seen (
    document INTEGER NOT NULL,
    device BLOB NOT NULL,
    envelope BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (document, device)
  );
  `,
  // When a record was stored. Of the records before this step nothing waits for a time.
  'ALTER TABLE keyring ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0;',
  // Every table but these two that has a column `account` or `document` is emptied of an account that is deleted.
  `
  CREATE TABLE devices (
    account INTEGER NOT NULL,
    device BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (account, device)
  );
  CREATE TABLE audit (
    account INTEGER NOT NULL,
    n INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    previous BLOB NOT NULL,
    PRIMARY KEY (account, n)
  );
  CREATE TABLE deleted_accounts (
    account BLOB NOT NULL PRIMARY KEY,
    recovery BLOB NOT NULL UNIQUE,
    deleted_at INTEGER NOT NULL
  );
  `,
  // Password sign-in: rows that only the key file opens, and the keyed hashes that lead to them.
  `
  CREATE TABLE sign_ins (
    account INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    content BLOB NOT NULL
  );
  CREATE TABLE sign_in_names (
    name BLOB NOT NULL PRIMARY KEY,
    account INTEGER NOT NULL
  );
  `,
  // Snapshots, and logs that begin at one. A chain's end keeps its signature when its entry is gone, and where its entries begin.
  `
  ALTER TABLE documents ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE documents ADD COLUMN base_number INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE documents ADD COLUMN base_hash BLOB;
  ALTER TABLE chains ADD COLUMN signature BLOB;
  ALTER TABLE chains ADD COLUMN base_sequence INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chains ADD COLUMN base_hash BLOB;
  ALTER TABLE entries ADD COLUMN previous BLOB;
  UPDATE chains SET signature = (SELECT signature FROM entries WHERE chain = chains.id AND sequence = chains.sequence);
  CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    hash BLOB NOT NULL,
    parent BLOB,
    covered_number INTEGER NOT NULL,
    covered_hash BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    is_rebase INTEGER NOT NULL,
    author BLOB NOT NULL,
    stored_at INTEGER NOT NULL,
    rejected_at INTEGER,
    good_since INTEGER,
    header BLOB NOT NULL,
    file BLOB NOT NULL,
    UNIQUE (document, hash)
  );
  CREATE INDEX snapshots_by_age ON snapshots (stored_at, document, covered_number, good_since);
  CREATE TABLE verdicts (
    document INTEGER NOT NULL,
    snapshot INTEGER NOT NULL,
    device BLOB NOT NULL,
    verdict INTEGER NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (snapshot, device)
  );
  `,
]
