// Package settings reads what an operator sets: environment variables and the config file. It reports every problem at
// once, in the operator's words, and no value of a secret.
//
// # Environment
//
// A function declares what it needs by embedding groups into a struct of its own, and calls [Load] once:
//
//	type environment struct {
//		settings.Commercetools
//		settings.Klaviyo
//		settings.File
//		settings.Log
//	}
//
//	env, err := settings.Load[environment](ctx, envconfig.OsLookuper())
//
// A variable that is empty counts as not set, and white space around a value is dropped: both come from templates and
// from secrets that were saved with a line break.
//
// # Config file
//
// Layers lie over one another: config/default.json, config/<CONFIG_ENV>.json when CONFIG_ENV is set, then CONFIG_JSON.
// NODE_CONFIG is the older name of CONFIG_JSON and is read when CONFIG_JSON isn't set. Objects merge key by key;
// everything else, lists too, replaces what lies below. Keys are case-sensitive. An unknown key, a key that stands twice, a
// wrong type, null, and a name that commercetools doesn't have (of a message, a state or an event) are errors, in whichever
// layer they stand.
package settings
