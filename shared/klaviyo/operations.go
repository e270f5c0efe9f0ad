package klaviyo

// The operations, by their names in Klaviyo's OpenAPI description. Those of bulk jobs for the catalog are made by [JobKind].
const (
	createProfile         = "create_profile"
	createOrUpdateProfile = "create_or_update_profile"
	updateProfile         = "update_profile"
	getProfiles           = "get_profiles"
	bulkImportProfiles    = "bulk_import_profiles"
	getImportJob          = "get_bulk_import_profiles_job"
	getImportErrors       = "get_errors_for_bulk_import_profiles_job"
	requestErasure        = "request_profile_deletion"

	createEvent      = "create_event"
	bulkCreateEvents = "bulk_create_events"

	createItem        = "create_catalog_item"
	updateItem        = "update_catalog_item"
	deleteItem        = "delete_catalog_item"
	getItemVariantIDs = "get_variant_ids_for_catalog_item"
	createVariant     = "create_catalog_variant"
	updateVariant     = "update_catalog_variant"
	deleteVariant     = "delete_catalog_variant"
	createCategory    = "create_catalog_category"
	updateCategory    = "update_catalog_category"
	deleteCategory    = "delete_catalog_category"
	getItems          = "get_catalog_items"
	getCategories     = "get_catalog_categories"
)

// Limit is how many requests of one operation Klaviyo takes from an account. A zero window is not limited.
type Limit struct {
	// Burst is the most in one second.
	Burst int
	// Steady is the most in one minute.
	Steady int
}

// PublishedLimits returns Klaviyo's limits of every operation that this package calls, by the operation's name: the
// x-klaviyo-ratelimit of its OpenAPI description, revision 2026-07-15.
func PublishedLimits() map[string]Limit {
	small, medium := Limit{Burst: 3, Steady: 60}, Limit{Burst: 10, Steady: 150}
	large, largest := Limit{Burst: 75, Steady: 750}, Limit{Burst: 350, Steady: 3500}

	limits := map[string]Limit{
		createProfile:         large,
		createOrUpdateProfile: large,
		updateProfile:         large,
		getProfiles:           large,
		bulkImportProfiles:    medium,
		getImportJob:          medium,
		getImportErrors:       medium,
		requestErasure:        small,

		createEvent:      largest,
		bulkCreateEvents: medium,

		createItem:        large,
		updateItem:        large,
		deleteItem:        large,
		getItemVariantIDs: largest,
		createVariant:     large,
		updateVariant:     large,
		deleteVariant:     large,
		createCategory:    large,
		updateCategory:    large,
		deleteCategory:    large,
		getItems:          largest,
		getCategories:     largest,
	}

	for _, kind := range jobKinds() {
		get := large
		if kind.action() == "delete" || kind.resource() == categoryType {
			get = largest
		}

		limits[kind.starts()], limits[kind.gets()], limits[kind.gets()+"s"] = large, get, get
	}

	return limits
}
