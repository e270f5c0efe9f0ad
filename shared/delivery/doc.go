// Package delivery brings a commercetools message from an HTTP request to its handler, and says how the request ends.
//
//	request -> envelope -> Message -> Target.Handle -> error -> Outcome -> 204, or 503, or parked and 204
//
// The envelope is a Pub/Sub push request, or a CloudEvent (binary or structured) that holds one, or nothing at all when
// somebody posts a payload by hand. Inside it commercetools uses one of two formats, Platform or CloudEvents. A handler
// sees none of this.
//
// Pub/Sub delivers a message again unless the answer is a success, so the answer is a promise. Done (204): the message
// is in Klaviyo, or there is nothing to do. Later (503): it may succeed later. Never: the message is published to the
// parked topic with the reason, and only then acknowledged. Classify is the one place that tells them apart. In doubt it
// says Later: a message that is delivered in vain for hours ends in the dead-letter topic, one that was acknowledged
// too early is lost.
//
// What is parked stays until a person looks: ParkedSubscription reads the parked topic, and Try takes a message through a
// handler once more. Only what then is Done may be taken out.
//
// The functions register with functions.HTTP (package framework), not functions.CloudEvent: the receive loop of the CloudEvents SDK hangs
// for good when a client cancels at the wrong moment (https://github.com/cloudevents/sdk-go/issues/1224).
package delivery
