// Every bound that both sides keep, with its reason. A message beyond one is refused with a code before anything of its
// claimed size is allocated.

/** Protocol version spoken in `hello`; the envelope and the keyring record carry their own. */
export const PROTOCOL_VERSION = 1

/** One WebSocket message. Large enough for a full push or page, small enough that a slow phone keeps the heartbeat. */
export const MAX_FRAME_BYTES = 1_048_576

/** One envelope in a log. Bulk writes are split below this, so that a page always fits a frame. */
export const MAX_ENVELOPE_BYTES = 262_144

/** Envelopes of one push together; leaves room in the frame for the head and the frame's own fields. */
export const MAX_PUSH_BYTES = 917_504

/** Envelopes in one push. Bounds the work of one transaction at the relay. */
export const MAX_PUSH_ENTRIES = 1_000

/** Bytes of envelopes the relay puts into one page. One push always fits, since pages end on push boundaries. */
export const PAGE_BYTES = 524_288

/** Envelopes in one page or push as decoded; a page may hold a whole push after its own budget was nearly used. */
export const MAX_PAGE_ENTRIES = 4_000

/** Documents named in one subscribe frame, and documents an account may have. */
export const MAX_DOCUMENTS = 4_096

/** One keyring record: 64 active devices of 64 bytes sealed key each, with room for device details. */
export const MAX_KEYRING_RECORD_BYTES = 16_384

/** Records in one keyring frame. */
export const MAX_KEYRING_RECORDS = 256

/** Active devices of one account. Every epoch key is sealed to each of them. */
export const MAX_ACTIVE_DEVICES = 64

/** A device's sealed name and platform. */
export const MAX_DEVICE_INFO_BYTES = 512

/** The list of accepted heads that travels with a removal. */
export const MAX_CUT_BYTES = 524_288

/**
 * Chains in one cut, and in the `heads` that it is made of: so many fit whatever their numbers. An account has one for each data type of each
 * device, and one more after each loss of a device's memory; only a device that opens chains to be unremovable has more.
 */
export const MAX_CUT_ENTRIES = 6_500

/**
 * A snapshot file: a content that could not be deflated (MAX_INFLATED_BYTES), its padding, and its header. Above this a phone would run
 * out of memory.
 */
export const MAX_SNAPSHOT_BYTES = 35_651_584

/** The header of a snapshot: about 9,000 chains. A document gets one for each device, and one more after each loss of its memory. */
export const MAX_SNAPSHOT_HEADER_BYTES = 524_288

/** One part of a snapshot: half a frame, so that a heartbeat gets through between two of them. */
export const SNAPSHOT_PART_BYTES = 524_288

/** Parts of one snapshot. */
export const MAX_SNAPSHOT_PARTS = 68

/** How long the entries that a snapshot covers, and the snapshot before it, are kept after it was stored: time to find it wrong. */
export const SNAPSHOT_KEEP_MS = 604_800_000

/** When a snapshot that nobody judged counts as good: an account may have one device, or one that is used. */
export const UNJUDGED_SNAPSHOT_MS = 2_592_000_000

/** How long a rebase may hold up the pushes of a document. */
export const REBASE_LEASE_MS = 10_000

/** How long one device may heal a document before another one may try; it prolongs the lease while it works. */
export const HEAL_LEASE_MS = 60_000

/** Log hashes in one `hashes`: enough to halve a log of any length a few levels at a time. */
export const MAX_HASHES = 64

/** A `seen` row: the vector of a few dozen devices. */
export const MAX_SEEN_BYTES = 16_384

/** The envelope of one `presence`: who is in a document, and where their cursor stands. */
export const MAX_PRESENCE_BYTES = 16_384

/** States in one presence body: the editors that one device has open on one document. */
export const MAX_PRESENCE_STATES = 64

/** The relay's address in a login: a host name of 253 bytes, a colon and a port. */
export const MAX_HOST_BYTES = 259

/** A name of the protocol in a refusal: a frame type or an error code. */
export const MAX_NAME_BYTES = 32

/** A sentence in a refusal. */
export const MAX_MESSAGE_BYTES = 512

/** Writers, seen devices or updates named in one body. */
export const MAX_BODY_ITEMS = 65_536

/** What a deflated body may grow to. An entry that claims more is quarantined: it is a deflate bomb. */
export const MAX_INFLATED_BYTES = 33_554_432

/** Smallest sealed box: 16 bytes of authenticator, 32 of header hash, 64 of padded body. */
export const MIN_BOX_BYTES = 112

/** Smallest envelope: 50 bytes in the clear, of which 24 are the nonce, and the smallest box. */
export const MIN_ENVELOPE_BYTES = 162

/** How long a device may be held off by `suspend`: long enough to remove it over a bad line, short enough that a mistake passes. */
export const SUSPEND_MS = 600_000

/** What other devices have to veto a new recovery phrase that a single device asked for: a week, so that one seldom used hears of it. */
export const REISSUE_WAIT_MS = 604_800_000

/** The address of a pairing mailbox. */
export const MAILBOX_ID_BYTES = 16

/** How long a pairing mailbox lives: two people with two devices in their hands. */
export const MAILBOX_MS = 300_000

/** Messages that one side of a pairing may leave in a mailbox. */
export const MAX_MAILBOX_MESSAGES = 8

/** One message in a pairing mailbox. */
export const MAX_MAILBOX_MESSAGE_BYTES = 4_096

/** The one-time secret in a code that a camera reads: nobody guesses 128 bits in five minutes, or ever. */
export const PAIRING_SECRET_BYTES = 16

/** What each side of a comparison of digits adds at random. */
export const PAIRING_NONCE_BYTES = 32

/** A name in a pairing: what a device's name in the keyring is cut to, with room. */
export const MAX_PAIRING_NAME_BYTES = 128

/** The address of a relay in a code that a camera must still read. */
export const MAX_RELAY_URL_BYTES = 512

/** The JSON of an account call or of its answer. */
export const MAX_CALL_BYTES = 65_536

/** What an audit row says besides its fixed fields. */
export const MAX_AUDIT_DETAIL_BYTES = 256

/** The address of a connection, as text. */
export const MAX_ADDRESS_BYTES = 64

/** Audit rows that a relay keeps of an account; the oldest go first. */
export const MAX_AUDIT_ROWS = 10_000
