// Package logging writes log lines as Cloud Logging reads them, and keeps secrets out of them.
//
// A line is one JSON object with Cloud Logging's names: severity, message, time and, when the line was logged with the
// context of a request, logging.googleapis.com/trace, which joins it to the request's other lines. Secret is a string
// that prints as "[redacted]".
//
// Source: https://cloud.google.com/logging/docs/structured-logging.
package logging
