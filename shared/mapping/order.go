package mapping

import (
	"cmp"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// OrderConfig is what the config file says about orders.
type OrderConfig struct {
	Metrics Metrics
	// Properties chooses among an order's own properties, CustomFields among its custom fields.
	Properties, CustomFields Filter
	// GuideProperties adds the properties that Klaviyo's guide for shops asks for.
	GuideProperties bool
}

// Metrics are the names of an order's events in Klaviyo.
type Metrics struct {
	PlacedOrder, OrderedProduct, FulfilledOrder, CancelledOrder, RefundedOrder string
}

// PlacedOrder maps a new order. products are those of its line items, with categories expanded; one that is not there any
// more is missing in Categories, no more. The billing address becomes the profile's location, which an import of old orders
// has to take out again. An order with neither email nor customer is a *[MissingError].
//
// The properties are, where two have one name the later wins:
//   - what the order has, as it was received, inside too, chosen by cfg.Properties. A null or "" is left out;
//   - its custom fields, each under its own name, chosen by cfg.CustomFields. They also stay where commercetools has them,
//     in custom.fields, where templates written for the order as it is look for them, but only those that are chosen:
//     what a shop holds back does not come in by the back door;
//   - with cfg.GuideProperties those of Klaviyo's guide, but where cfg or a custom field has put something else under such a
//     name;
//   - ItemNames and Categories.
//
// An order beyond Klaviyo's limits loses properties, or parts of them, and is sent.
func PlacedOrder(
	o commercetools.Order, products []commercetools.Product, shop Shop, cfg OrderConfig,
) (klaviyo.Event, error) {
	event, err := newOrder(o, products, shop, cfg).event(cfg.Metrics.PlacedOrder, o.CreatedAt)
	if err != nil {
		return klaviyo.Event{}, err
	}

	if o.BillingAddress != nil {
		event.Profile.Location = location(*o.BillingAddress)
	}

	return event, nil
}

// Change maps an order that has changed at a time; zero is when it was last modified.
type Change func(o commercetools.Order, products []commercetools.Product, at time.Time, shop Shop, cfg OrderConfig) (klaviyo.Event, error)

// FulfilledOrder is the [Change] of an order that was fulfilled. It has the properties of [PlacedOrder].
func FulfilledOrder(
	o commercetools.Order, products []commercetools.Product, at time.Time, shop Shop, cfg OrderConfig,
) (klaviyo.Event, error) {
	return newOrder(o, products, shop, cfg).event(cfg.Metrics.FulfilledOrder, cmp.Or(at, o.LastModifiedAt))
}

// CancelledOrder is the [Change] of an order that was cancelled. It has the properties of [PlacedOrder].
func CancelledOrder(
	o commercetools.Order, products []commercetools.Product, at time.Time, shop Shop, cfg OrderConfig,
) (klaviyo.Event, error) {
	return newOrder(o, products, shop, cfg).event(cfg.Metrics.CancelledOrder, cmp.Or(at, o.LastModifiedAt))
}

// OrderedProducts maps each line item of a new order. Its properties are the line item's own, as received, and those of
// Klaviyo's guide. It happens a second after the order, so that the order comes first where events are listed by time.
func OrderedProducts(
	o commercetools.Order, products []commercetools.Product, shop Shop, cfg OrderConfig,
) ([]klaviyo.Event, error) {
	order := newOrder(o, products, shop, cfg)

	profile, err := order.profile()
	if err != nil {
		return nil, err
	}

	events := make([]klaviyo.Event, len(o.LineItems))

	for i, item := range o.LineItems {
		made, err := encodeAll(order.orderedProduct(item))
		if err != nil {
			return nil, err
		}

		events[i] = klaviyo.Event{
			Metric:        cfg.Metrics.OrderedProduct,
			UniqueID:      item.ID,
			Profile:       profile,
			Time:          seconds(o.CreatedAt.Add(time.Second)),
			Value:         decimal(item.TotalPrice),
			ValueCurrency: item.TotalPrice.CurrencyCode,
			Properties:    fit(without(item.Properties, isEmpty), made),
		}
	}

	return events, nil
}

// order is an order on its way to Klaviyo.
type order struct {
	commercetools.Order

	products map[string]product
	shop     Shop
	cfg      OrderConfig
}

// product is a product of an order, and its breadcrumbs.
type product struct {
	commercetools.Product

	categories []string
}

func newOrder(o commercetools.Order, products []commercetools.Product, shop Shop, cfg OrderConfig) order {
	byID := make(map[string]product, len(products))
	for _, p := range products {
		byID[p.ID] = product{Product: p, categories: shop.breadcrumbs(p.Categories)}
	}

	return order{Order: o, products: byID, shop: shop, cfg: cfg}
}

// event is what all events of a whole order have in common.
func (o order) event(metric string, at time.Time) (klaviyo.Event, error) {
	profile, err := o.profile()
	if err != nil {
		return klaviyo.Event{}, err
	}

	properties, err := o.properties()
	if err != nil {
		return klaviyo.Event{}, err
	}

	return klaviyo.Event{
		Metric:        metric,
		UniqueID:      o.ID,
		Profile:       profile,
		Time:          seconds(at),
		Value:         decimal(o.TotalPrice),
		ValueCurrency: o.TotalPrice.CurrencyCode,
		Properties:    properties,
	}, nil
}

// profile says whose order it is.
func (o order) profile() (klaviyo.EventProfile, error) {
	if blank(o.CustomerEmail) && blank(o.CustomerID) {
		return klaviyo.EventProfile{}, &MissingError{Field: "customerEmail or customerId"}
	}

	return klaviyo.EventProfile{Email: text(o.CustomerEmail), ExternalID: text(o.CustomerID)}, nil
}

// seconds is a time as Klaviyo keeps it. RFC 3339 has four digits for a year, and one of them may become a fifth where the
// zone is left: such a time stays within the year, for Klaviyo to say what is wrong with it.
func seconds(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second)

	switch year := t.Year(); {
	case year < 0:
		return t.AddDate(1, 0, 0)
	case year > lastYear:
		return t.AddDate(-1, 0, 0)
	default:
		return t
	}
}

// lastYear is the last that RFC 3339 can write.
const lastYear = 9999
