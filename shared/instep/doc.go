// Package instep brings what Klaviyo has of a resource in step with what commercetools has now, however many messages about
// the resource are in hand at the same time.
//
// Messages come twice, late and in any order, and Klaviyo keeps whatever is written last. So no message is trusted with a
// state: each reads the resource and writes what it is now. One danger is left: a message that has read an old state may
// write it after another one has written the new state. Two things keep it away.
//
// Within an instance the messages about a resource take turns ([Turns]): one reads when the one before it has written.
// Those that wait are done as soon as a turn is over that began after they came, for it has seen what they are about: a
// hundred messages about one SKU in a sale cost two turns.
//
// Between instances nothing is locked: a lock would cost each message a request or two, and hold a resource back when its
// owner dies. Instance A may read a resource; then the resource changes, instance B gets the message about that, reads and
// writes; and only then A's writing is done. That takes B its time: commercetools has to publish the change, Pub/Sub to
// deliver it, B to read and to write. When A is done sooner than B can be ([prompt]), B was not in between. When not, A
// looks again, and writes again what has changed, until it reads what it has written ([Sync]). Should A die before it has
// looked, its message was not acknowledged and starts over. So each message costs one reading, a slow one two.
//
// What can't be helped is a request that Klaviyo has accepted from an instance which then gave it up or died, and that
// Klaviyo carries out later than another one's: the API has no conditional write.
package instep
