// Why a target is missed: what a CPU profile of the workload shows (`npm run bench -- --only W2 --engines owlivion --profile`), and what would
// be needed. Taken again whenever one of these is made faster.

/** By workload. Printed below the targets while one of its targets is missed. */
export const reasons: Readonly<Record<string, string>> = {
  'W1-10k':
    'A third of a new device’s time is Yjs taking in the state, a quarter is opening, unpacking and checking it; the rest is signing in, reading the keyring and telling the app. y-websocket does the first of these and no other. Needed: records that are shown from the packed rows of a summary, with a Y.Doc that is built when somebody writes.',
  W2: 'An edit is sealed, signed and on two disks before anybody else shows it. A quarter of the time is the relay’s commit with its fsync, which y-websocket does without; another quarter is sealing, signing and the device’s own disk; an eighth is the relay’s check of the signature. The floor waits for the fsync, and does nothing of the rest. Needed: fewer pages a commit (six, where the floor writes one), and one commit on the device instead of two.',
  W3: 'The writer’s thread is the limit, with a tenth of a millisecond an edit; relay and reader wait for it. A third of that is Yjs, a fifth plans the edit against those that it has not seen and encodes that, a fifth is the row on the device’s own disk, a tenth sealing. Needed: the edits of one turn in one transaction of Yjs, and sealing in a worker.',
  W4: 'Each of the two devices takes in what the other wrote, and seals what it wrote itself; sealing and checking take about as long again as Yjs.',
  W5: 'Fifty readers share two cores. Each opens the box, hashes chain and log, applies the edit and tells its app, which takes a tenth of a millisecond of processor time a reader; those of y-websocket apply it. Signatures are checked once for all that came in 0.4 seconds, and rows of what others have read a few at a time: both come in bursts, which is the p99. Needed: a core for every few readers, as with people, or these checks in a worker.',
  W6: 'Two processes are the 200 devices. A third of their time is sealing, signing and checking what the relay answers, a third Yjs and the records, the rest sockets; and every push is verified, and on the disk, before it is answered, neither of which y-websocket’s server does. Of the relay’s memory most is Node’s and SQLite’s, and the same with ten devices. Needed: what W2 and W3 need.',
}
