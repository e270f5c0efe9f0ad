package settings

// What disabledEvents switches off: message types, and for changes the resource type with what became of it.
const (
	CustomerCreated          = "CustomerCreated"
	CustomerCompanyNameSet   = "CustomerCompanyNameSet"
	CustomerResourceUpdated  = "CustomerResourceUpdated"
	OrderCreated             = "OrderCreated"
	OrderStateChanged        = "OrderStateChanged"
	OrderRefunded            = "OrderRefunded"
	CategoryCreated          = "CategoryCreated"
	CategoryResourceUpdated  = "CategoryResourceUpdated"
	CategoryResourceDeleted  = "CategoryResourceDeleted"
	ProductPublished         = "ProductPublished"
	ProductUnpublished       = "ProductUnpublished"
	ProductResourceDeleted   = "ProductResourceDeleted"
	InventoryResourceUpdated = "InventoryResourceUpdated"
)
