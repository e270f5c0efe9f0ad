package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// messageTypes returns the types of the messages that commercetools publishes about a resource of the config file, sorted.
// A new one of commercetools' has to be added here before the config file takes it.
//
// Messages about what only sounds alike are left out, since a subscription to the resource never brings them: customer groups
// and tokens, payment methods, product selections and tailorings, and the variants of a modular catalog.
// Source: https://docs.commercetools.com/api/projects/messages#message-types.
func messageTypes(resource string) []string {
	switch resource {
	case "category":
		return []string{
			"CategoryCreated", "CategorySlugChanged",
		}
	case "customer":
		return []string{
			"CustomerAddressAdded", "CustomerAddressChanged", "CustomerAddressCustomFieldAdded", "CustomerAddressCustomFieldChanged",
			"CustomerAddressCustomFieldRemoved", "CustomerAddressCustomTypeRemoved", "CustomerAddressCustomTypeSet",
			"CustomerAddressRemoved", "CustomerBillingAddressAdded", "CustomerBillingAddressRemoved", "CustomerCompanyNameSet",
			"CustomerCreated", "CustomerCustomFieldAdded", "CustomerCustomFieldChanged", "CustomerCustomFieldRemoved",
			"CustomerCustomTypeRemoved", "CustomerCustomTypeSet", "CustomerDateOfBirthSet", "CustomerDefaultBillingAddressSet",
			"CustomerDefaultShippingAddressSet", "CustomerDeleted", "CustomerEmailChanged", "CustomerEmailVerified",
			"CustomerExternalIdSet", "CustomerFirstNameSet", "CustomerGroupAssignmentAdded", "CustomerGroupAssignmentRemoved",
			"CustomerGroupAssignmentsSet", "CustomerGroupSet", "CustomerLastNameSet", "CustomerPasswordUpdated",
			"CustomerShippingAddressAdded", "CustomerShippingAddressRemoved", "CustomerStoresSet", "CustomerTitleSet",
		}
	case "order":
		return []string{
			"CustomLineItemStateTransition", "DeliveryAdded", "DeliveryAddressSet", "DeliveryCustomFieldAdded",
			"DeliveryCustomFieldChanged", "DeliveryCustomFieldRemoved", "DeliveryCustomTypeRemoved", "DeliveryCustomTypeSet",
			"DeliveryItemsUpdated", "DeliveryRemoved", "LineItemStateTransition", "OrderBillingAddressSet", "OrderBusinessUnitSet",
			"OrderCreated", "OrderCreatedFromRecurringOrder", "OrderCustomFieldAdded", "OrderCustomFieldChanged",
			"OrderCustomFieldRemoved", "OrderCustomLineItemAdded", "OrderCustomLineItemDiscountSet", "OrderCustomLineItemQuantityChanged",
			"OrderCustomLineItemRemoved", "OrderCustomTypeRemoved", "OrderCustomTypeSet", "OrderCustomerEmailSet",
			"OrderCustomerGroupSet", "OrderCustomerSet", "OrderDeleted", "OrderDiscountCodeAdded", "OrderDiscountCodeRemoved",
			"OrderDiscountCodeStateSet", "OrderEditApplied", "OrderImported", "OrderLineItemAdded", "OrderLineItemDiscountSet",
			"OrderLineItemDistributionChannelSet", "OrderLineItemRemoved", "OrderPaymentAdded", "OrderPaymentRemoved",
			"OrderPaymentStateChanged", "OrderPurchaseOrderNumberSet", "OrderReturnShipmentStateChanged", "OrderShipmentStateChanged",
			"OrderShippingAddressSet", "OrderShippingInfoSet", "OrderShippingRateInputSet", "OrderStateChanged", "OrderStateTransition",
			"OrderStoreSet", "ParcelAddedToDelivery", "ParcelItemsUpdated", "ParcelMeasurementsUpdated", "ParcelRemovedFromDelivery",
			"ParcelTrackingDataUpdated", "ReturnInfoAdded", "ReturnInfoSet",
		}
	case "payment":
		return []string{
			"PaymentCreated", "PaymentInteractionAdded", "PaymentInterfaceIdSet", "PaymentMethodInfoCustomFieldAdded",
			"PaymentMethodInfoCustomFieldChanged", "PaymentMethodInfoCustomFieldRemoved", "PaymentMethodInfoCustomTypeRemoved",
			"PaymentMethodInfoCustomTypeSet", "PaymentMethodInfoInterfaceAccountSet", "PaymentMethodInfoInterfaceSet",
			"PaymentMethodInfoMethodSet", "PaymentMethodInfoNameSet", "PaymentMethodInfoTokenSet", "PaymentStatusInterfaceCodeSet",
			"PaymentStatusStateTransition", "PaymentTransactionAdded", "PaymentTransactionInterfaceIdSet",
			"PaymentTransactionStateChanged",
		}
	case "product":
		return []string{
			"ProductAddedToCategory", "ProductCreated", "ProductDeleted", "ProductImageAdded", "ProductPriceAdded", "ProductPriceChanged",
			"ProductPriceCustomFieldAdded", "ProductPriceCustomFieldChanged", "ProductPriceCustomFieldRemoved",
			"ProductPriceCustomFieldsRemoved", "ProductPriceCustomFieldsSet", "ProductPriceDiscountsSet",
			"ProductPriceExternalDiscountSet", "ProductPriceKeySet", "ProductPriceModeSet", "ProductPriceRemoved", "ProductPricesSet",
			"ProductPublished", "ProductRemovedFromCategory", "ProductRevertedStagedChanges", "ProductSlugChanged",
			"ProductStateTransition", "ProductUnpublished", "ProductVariantAdded", "ProductVariantDeleted",
		}
	default:
		return nil
	}
}

// messageList matches the path of a value in a list of message types.
var messageList = regexp.MustCompile(`^[a-z]+\.messages\.`)

// resourceDeleted is a change. In product.messages.deleted the Node plugin has it to switch deletions on, which are handled in
// any case, so that it is taken there and left out of [Config]: commercetools has no message of that type.
const resourceDeleted = "ResourceDeleted"

// checkMessage tells what is wrong with such a value.
func checkMessage(path, text string) []string {
	resource, _, _ := strings.Cut(path, ".")
	types := messageTypes(resource)

	switch similar := near(text, types); {
	case slices.Contains(types, text), strings.HasPrefix(path, "product.messages.deleted[") && text == resourceDeleted:
		return nil
	case strings.HasPrefix(text, "Resource"):
		return []string{at(path, fmt.Sprintf("%q is a change, and no message; changes are read without being named", text))}
	case similar != "":
		return []string{at(path, fmt.Sprintf("%q is not a message type of the resource %s; did you mean %q?", text, resource, similar))}
	default:
		return []string{at(path, fmt.Sprintf("%q is not a message type of the resource %s; "+
			"https://docs.commercetools.com/api/projects/messages lists them", text, resource))}
	}
}

// near returns the name that text is most likely a misspelling of, in whichever case; "" when there is none.
func near(text string, names []string) string {
	const most = 3 // changed letters

	best, found := most+1, ""

	for _, name := range names {
		if d := len(text) - len(name); d > most || d < -most {
			continue
		}

		if d := distance(strings.ToLower(text), strings.ToLower(name)); d < best {
			best, found = d, name
		}
	}

	return found
}

// distance is how many letters must be put in, taken out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // what it takes from the part of a so far to each beginning of b
	for j := range row {
		row[j] = j
	}

	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1

		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}

			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, corner+1)
		}
	}

	return row[len(b)]
}
