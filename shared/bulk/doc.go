// Package bulk imports the whole history of a resource: it starts, fans out, stops and watches a run, and is given what
// to do with a page (an Importer). It knows neither commercetools nor Klaviyo.
//
// # Documents
//
//	sync/{resource}                       Run    the lock: one document a resource, kept between runs
//	sync/{resource}/shards/{run}-{index}  Shard  where one range of ids stands, and its counts
//	sync/{resource}/failures/…            Failure  the records that could not be imported, and why
//
// # The run
//
//	          Start              every shard has ended
//	(none) ----------> running -----------------------> done
//	   ^                 |  |
//	   |            Stop |  | it can't go on (credentials, say)
//	   |                 v  v
//	   +---- Start -- stopped, failed, done
//
// A run is taken with a create or a precondition update, never with a read-modify-write transaction, so that of many
// racers exactly one wins and the others learn its id. Each start raises the epoch, the fencing token: a task carries
// run and epoch, and does nothing when the document names others or no longer says running. Every task looks before it
// reads and again before it writes. Stop is therefore one write, from any instance, and what a task had already sent is
// still counted. A lease lets a start take over a run whose tasks are gone; while tasks work they renew it.
//
// # The tasks
//
// A first task plans: it counts, and cuts the space of ids (UUIDs) into ranges. Each range, a shard, is then a chain of
// tasks, one at a time. A task reads pages until Klaviyo's batch is full, sends the batch, and records in one write of
// the shard document what became of it and the next cursor; then it enqueues the next task. The shard's page number
// fences the write: of two deliveries of one task the second finds the page done and only enqueues, and tasks are named
// after their content, so that this second enqueueing is refused as well. When a range is read to its end, the chain
// goes on with Klaviyo's jobs until the last has ended; then the shard ends, and the last shard ends the run.
//
//	reading -> settling -> ended
//
// An Importer may ask to settle the jobs of each page before the next is read. When they can't be settled, the shard goes
// back to where the page began, and makes it smaller, until the record that is to blame is alone.
//
// A task killed between sending and recording is delivered again and sends its batch again: Klaviyo's imports are
// upserts, so that nothing is lost and nothing doubles.
package bulk
