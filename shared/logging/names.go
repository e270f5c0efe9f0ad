package logging

// What Terraform's metrics and alerts read of the lines (terraform/metrics.tf, alerts.tf): a test compares the two.

// The messages of those lines.
const (
	// MessageHandled is the one line of each message of commercetools, and TaskHandled that of each task of an import.
	MessageHandled = "message handled"
	TaskHandled    = "task handled"
	// ImportFailed, SyncFailed and LockNotReleased are about what a person has to look at.
	ImportFailed    = "import failed"
	SyncFailed      = "sync request failed"
	LockNotReleased = "lock not released"
)

// The fields that a message's line and a task's have in common.
const (
	// FunctionKey is the function's name, such as "OrderEvents".
	FunctionKey = "function"
	// OutcomeKey is one of the outcomes below, and ReasonKey says why in a word or a few.
	OutcomeKey = "outcome"
	ReasonKey  = "reason"
	// MillisecondsKey is how long it took, RequestsKey how many HTTP requests it sent to commercetools and Klaviyo, repeats
	// included, and AttemptKey which delivery it was, from 1 on.
	MillisecondsKey = "milliseconds"
	RequestsKey     = "requests"
	AttemptKey      = "attempt"
	ErrorKey        = "error"
)

// The fields that name a message's resource, and those that name a task's.
const (
	// TypeKey is the message's own type, such as "OrderCreated".
	TypeKey         = "type"
	ResourceTypeKey = "resource_type"
	ResourceIDKey   = "resource_id"

	// ResourceKey is what is imported, such as "orders", and RunKey the id of the import.
	ResourceKey = "resource"
	RunKey      = "run"
	ShardKey    = "shard"
	PageKey     = "page"
)

// The outcomes.
const (
	// Done and Parked are acknowledged, Later comes again.
	Done   = "done"
	Later  = "later"
	Parked = "parked"
	// CutOff is a task that its caller has given up; it comes again, too.
	CutOff = "cut_off"
)

// The reasons that an alert goes off for.
const (
	NotConfigured = "not_configured"
	Panicked      = "panic"
)
