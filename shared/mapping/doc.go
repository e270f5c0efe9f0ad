// Package mapping turns a commercetools value into a Klaviyo value. Its functions are pure: they take values and return
// values, with no context, logger, clock, environment or lookup. What a mapping needs besides the resource, the caller
// looks up and hands in; so a realtime function, the import and a preview give the same result.
//
// A text that is empty or only white space counts as absent. Everything else is passed on as commercetools has it:
// a value that Klaviyo refuses should be seen and fixed where it was entered. Two things are different with orders: they
// are sent as they were received, inside too, so that no property is lost that a later commercetools may add; and what is
// beyond Klaviyo's limits is left out, so that no order is lost for a property.
package mapping
