package commercetoolstest

// order is an order in commercetools' order of properties.
type order struct {
	base
	Type                  string                `json:"type"`
	OrderNumber           string                `json:"orderNumber,omitempty"`
	CustomerID            string                `json:"customerId,omitempty"`
	AnonymousID           string                `json:"anonymousId,omitempty"`
	CustomerEmail         string                `json:"customerEmail,omitempty"`
	TotalPrice            money                 `json:"totalPrice"`
	TaxedPrice            taxed                 `json:"taxedPrice"`
	TaxedShippingPrice    *taxed                `json:"taxedShippingPrice,omitempty"`
	DiscountOnTotalPrice  *discountOnTotalPrice `json:"discountOnTotalPrice,omitempty"`
	Country               string                `json:"country,omitempty"`
	Locale                string                `json:"locale,omitempty"`
	OrderState            string                `json:"orderState"`
	ShipmentState         string                `json:"shipmentState,omitempty"`
	PaymentState          string                `json:"paymentState,omitempty"`
	SyncInfo              []struct{}            `json:"syncInfo"`
	ReturnInfo            []struct{}            `json:"returnInfo"`
	TaxMode               string                `json:"taxMode"`
	InventoryMode         string                `json:"inventoryMode"`
	TaxRoundingMode       string                `json:"taxRoundingMode"`
	TaxCalculationMode    string                `json:"taxCalculationMode"`
	Origin                string                `json:"origin"`
	ShippingMode          string                `json:"shippingMode"`
	Shipping              []struct{}            `json:"shipping"`
	ItemShippingAddresses []struct{}            `json:"itemShippingAddresses"`
	RefusedGifts          []struct{}            `json:"refusedGifts"`
	DirectDiscounts       []struct{}            `json:"directDiscounts"`
	DiscountCodes         []discountCodeInfo    `json:"discountCodes"`
	LineItems             []lineItem            `json:"lineItems"`
	CustomLineItems       []customLineItem      `json:"customLineItems"`
	ShippingAddress       *address              `json:"shippingAddress,omitempty"`
	BillingAddress        *address              `json:"billingAddress,omitempty"`
	ShippingInfo          *shippingInfo         `json:"shippingInfo,omitempty"`
	PaymentInfo           *paymentInfo          `json:"paymentInfo,omitempty"`
	Store                 *keyReference         `json:"store,omitempty"`
	Cart                  reference             `json:"cart"`
	Custom                any                   `json:"custom,omitempty"`
}

type discountOnTotalPrice struct {
	DiscountedAmount  money              `json:"discountedAmount"`
	IncludedDiscounts []includedDiscount `json:"includedDiscounts"`
}

type includedDiscount struct {
	Discount         reference `json:"discount"`
	DiscountedAmount money     `json:"discountedAmount"`
}

type discountCodeInfo struct {
	DiscountCode reference `json:"discountCode"`
	State        string    `json:"state"`
}

type shippingInfo struct {
	ShippingMethodName  string     `json:"shippingMethodName"`
	Price               money      `json:"price"`
	ShippingRate        any        `json:"shippingRate"`
	TaxRate             taxRate    `json:"taxRate"`
	TaxCategory         reference  `json:"taxCategory"`
	Deliveries          []struct{} `json:"deliveries"`
	ShippingMethod      reference  `json:"shippingMethod"`
	ShippingMethodState string     `json:"shippingMethodState"`
	TaxedPrice          taxed      `json:"taxedPrice"`
}

type paymentInfo struct {
	Payments []reference `json:"payments"`
}

// keyReference leads to a resource by its key.
type keyReference struct {
	TypeID string `json:"typeId"`
	Key    string `json:"key"`
}

type taxed struct {
	TotalNet    money        `json:"totalNet"`
	TotalGross  money        `json:"totalGross"`
	TaxPortions []taxPortion `json:"taxPortions"`
	TotalTax    money        `json:"totalTax"`
}

type taxPortion struct {
	Rate   float64 `json:"rate"`
	Amount money   `json:"amount"`
	Name   string  `json:"name"`
}

type taxRate struct {
	Name            string     `json:"name"`
	Amount          float64    `json:"amount"`
	IncludedInPrice bool       `json:"includedInPrice"`
	Country         string     `json:"country"`
	ID              string     `json:"id"`
	SubRates        []struct{} `json:"subRates"`
}

const taxName = "19% MwSt"

func vat() taxRate {
	return taxRate{Name: taxName, Amount: 0.19, IncludedInPrice: true, Country: "DE", ID: "q7WZ9xAB", SubRates: []struct{}{}}
}

// taxedOf takes the tax out of a price that includes it.
func taxedOf(gross money) taxed {
	net, tax := gross, gross
	net.CentAmount = (gross.CentAmount*100 + 59) / 119
	tax.CentAmount -= net.CentAmount

	return taxed{TotalNet: net, TotalGross: gross, TaxPortions: []taxPortion{{Rate: 0.19, Amount: tax, Name: taxName}}, TotalTax: tax}
}
