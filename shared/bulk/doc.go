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
//	          Start
//	(none) ----------> running
//	                    | ^   every shard has ended: done
//	                    | |   Stop: stopped
//	                    | |   it can't go on (credentials, say): failed
//	                    v | Start
//	           done, stopped, failed
//
// A run is taken with a create or a precondition update, never with a read-modify-write transaction, so that of many
// racers exactly one wins and the others learn its id. Each start raises the epoch, the fencing token: a task carries
// run and epoch, and does nothing when the document names others or no longer says running. Every task looks before it
// reads and again before it writes. Stop is therefore one write, from any instance, and what a task had already sent is
// still counted. A lease lets a start take over a run whose tasks are gone; while tasks work they renew it. A run that has
// not begun has a short one, of five minutes: who takes the lock may end before its first task is enqueued.
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
//	another page, or another pass
//	     +----+
//	     v    |     there are jobs to be settled
//	    reading ----------------------------------> settling
//	     |    ^                                      |    |
//	     |    +--------------------------------------+    |
//	     |      settled: another page, another pass;      |
//	     |      not to be settled: the same, smaller      |
//	     v                                                |
//	    ended <-------------------------------------------+
//
// An Importer may ask to settle the jobs of each page before the next is read. When they can't be settled, the shard goes
// back to where the page began, and makes it smaller, until the record that is to blame is alone.
//
// A task killed between sending and recording is delivered again and sends its batch again, and nothing is lost or
// doubled: Klaviyo takes a profile or an event that it has as the same one, and what a catalog job can't create since it
// is there by then goes into a job that updates it.
//
// # Passes
//
// Klaviyo works jobs off when it likes, and may overwrite with a page that was read before what a realtime message has
// brought since. Where a plan says so (CatchUp), a range that is read and settled is therefore read again, but only what
// was modified since the pass before began: twice, for the first of these passes takes its time as well. What was modified
// shortly before is found by that, too, since clocks differ: a shard remembers the versions of the latest records, and leaves
// out those that are still the same. A pass that dealt with nothing is the last.
//
// # Errors
//
// What an attempt's error does to its page:
//
//	OutageError   a service is away or busy: the task comes back, as often as it takes
//	FatalError    the run ends as failed
//	TroubleError  a service fails without saying why: the attempt counts, but nothing is given up for it before the shard
//	              has stood still for half an hour
//	any other     the attempt counts, unless the task was cut off
//
// An attempt whose process is killed says nothing. From a task's fourth delivery on each attempt is recorded when it begins
// as well; one that has left no other trace counts as far as the page's size goes.
//
// Attempts that count make the page smaller, until a single record is left and is given up as a failure; then pages grow
// again.
package bulk
