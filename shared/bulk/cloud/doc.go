// Package cloud keeps the import's documents in Firestore and its tasks in Cloud Tasks. Its twin for one process is
// package embedded; both pass the suite in bulktest.
//
// # Documents
//
//	sync/{resource}                                               run, write
//	sync/{resource}/shards/{run}-{index}                          shard, expireAt
//	sync/{resource}/failures/{run}-{time}-{shard}-{page}-{chunk}  key, failures, expireAt
//
// run and shard are maps, replaced as a whole: one field path, one precondition. write is a random id of the update that
// wrote last; an update whose answer was lost finds its own id there and knows that it went through. key is the
// document's own name: Firestore indexes a field in both directions, a name only upwards, and failures are read from the
// last. run.options and failures are JSON text: Firestore would index each element of an array, and count the index
// towards the 10 MiB of a commit.
//
// Shards and failures go 30 days after their last write, by a TTL policy on expireAt of the collection groups "shards"
// and "failures". The run's document stays. Reads are by the run's id, so that a new run starts clean. All queries do
// with Firestore's automatic indexes.
//
// # Writes
//
// The lock document is hot when many want to start at once. A read-modify-write transaction would make them queue for
// the document's lock until most give up (Aborted after 5 attempts); a create, or an update with the precondition that
// the document is as it was read, gives one winner at once and sends the others back to read. Where several documents
// change together, it is a transaction that only writes: it takes no locks before its commit, and the precondition is
// in the commit. (A WriteBatch would do the same in one request less, but is deprecated; a BulkWriter is not atomic.)
package cloud
