package settings

import (
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// Config is the config file. The names are those of the file, and config/default.json has a value for each. Message
// types and states are commercetools' own names.
type Config struct {
	Order    Order    `json:"order"`
	Customer Customer `json:"customer"`
	Payment  Payment  `json:"payment"`
	Category Category `json:"category"`
	Product  Product  `json:"product"`
	Bulk     Bulk     `json:"bulk"`
	// DisabledEvents are the messages to ignore, by the names that Disabled takes.
	DisabledEvents []string `json:"disabledEvents"`
}

// Disabled tells whether an event, such as CustomerCreated or CategoryResourceDeleted, is switched off.
func (c Config) Disabled(event string) bool { return slices.Contains(c.DisabledEvents, event) }

// Order says which order messages become which Klaviyo events.
type Order struct {
	States struct {
		// Changed gives the order states after a change that are worth an event.
		Changed struct {
			CancelledOrder []string `json:"cancelledOrder"`
			FulfilledOrder []string `json:"fulfilledOrder"`
		} `json:"changed"`
		// Created gives the states of a new order that are worth an event.
		Created struct {
			PlacedOrder []string `json:"placedOrder"`
		} `json:"created"`
	} `json:"states"`
	// Messages gives the message types that are read as a change of state and as a new order.
	Messages struct {
		Changed []string `json:"changed"`
		Created []string `json:"created"`
	} `json:"messages"`
	// Properties chooses among an order's own properties.
	Properties mapping.Filter `json:"properties"`
	// Metrics are the names of the events in Klaviyo.
	Metrics struct {
		PlacedOrder    string `json:"placedOrder"`
		OrderedProduct string `json:"orderedProduct"`
		FulfilledOrder string `json:"fulfilledOrder"`
		CancelledOrder string `json:"cancelledOrder"`
		RefundedOrder  string `json:"refundedOrder"`
	} `json:"metrics"`
	CustomFields CustomFields `json:"customFields"`
	// GuideProperties adds the properties that Klaviyo's guide for shops asks for.
	GuideProperties bool `json:"guideProperties"`
}

// Mapping returns what the functions of mapping take.
func (o Order) Mapping() mapping.OrderConfig {
	return mapping.OrderConfig{
		Metrics:         mapping.Metrics(o.Metrics),
		Properties:      o.Properties,
		CustomFields:    o.CustomFields.Properties,
		GuideProperties: o.GuideProperties,
	}
}

// Change returns what a change to this state becomes, an event of the order as it is now; nil is nothing.
func (o Order) Change(state string) mapping.Change {
	switch changed := o.States.Changed; {
	case slices.Contains(changed.CancelledOrder, state):
		return mapping.CancelledOrder
	case slices.Contains(changed.FulfilledOrder, state):
		return mapping.FulfilledOrder
	default:
		return nil
	}
}

// CustomFields chooses among a resource's custom fields.
type CustomFields struct {
	Properties mapping.Filter `json:"properties"`
}

// Customer says how customers become profiles.
type Customer struct {
	Messages struct {
		// AddressChanged are message types after which the profile is sent again.
		AddressChanged []string `json:"addressChanged"`
	} `json:"messages"`
	CustomFields  CustomFields `json:"customFields"`
	Deduplication struct {
		// Enabled looks a new customer's email address up before a profile is created.
		Enabled bool `json:"enabled"`
	} `json:"deduplication"`
	DataErasure struct {
		// Enabled asks Klaviyo to delete the profile of a customer that was deleted with dataErasure, and lets no order be
		// recorded that is gone by then.
		Enabled bool `json:"enabled"`
	} `json:"dataErasure"`
}

// Payment says which payment messages are refunds.
type Payment struct {
	Messages struct {
		TransactionAdded   []string `json:"transactionAdded"`
		TransactionChanged []string `json:"transactionChanged"`
	} `json:"messages"`
	States struct {
		// ValidTransactionStates are the states of a refund that are worth an event.
		ValidTransactionStates []string `json:"validTransactionStates"`
	} `json:"states"`
}

// Refunds tells whether a refund in this state is worth an event. A failed one never is.
func (p Payment) Refunds(state string) bool {
	return state != commercetools.TransactionFailure && slices.Contains(p.States.ValidTransactionStates, state)
}

// Category says which category messages are read.
type Category struct {
	Messages struct {
		Created []string `json:"created"`
	} `json:"messages"`
}

// Product says which product messages are read, and what a product without them gets.
type Product struct {
	Messages struct {
		Published []string `json:"published"`
		Deleted   []string `json:"deleted"`
	} `json:"messages"`
	Inventory struct {
		// UseChannelInventory is the id of the channel whose stock counts; "" is the stock that belongs to no channel.
		UseChannelInventory string `json:"useChannelInventory"`
	} `json:"inventory"`
	// MissingText stands where Klaviyo wants a text or a URL and there is none.
	MissingText string `json:"missingText"`
}

// Mapping returns what mapping.Product takes.
func (p Product) Mapping() mapping.ProductConfig {
	return mapping.ProductConfig{MissingText: p.MissingText, Channel: p.Inventory.UseChannelInventory}
}

// Bulk says how an import sends.
type Bulk struct {
	// Backfill marks imported events as history, so that they start no flows.
	Backfill bool `json:"backfill"`
}
