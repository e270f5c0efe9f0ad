package klaviyo

// The operations, by their names in Klaviyo's OpenAPI description.
const (
	createProfile         = "create_profile"
	createOrUpdateProfile = "create_or_update_profile"
	updateProfile         = "update_profile"
	getProfiles           = "get_profiles"
	bulkImportProfiles    = "bulk_import_profiles"
	getImportJob          = "get_bulk_import_profiles_job"
	getImportErrors       = "get_errors_for_bulk_import_profiles_job"
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
	medium, large := Limit{Burst: 10, Steady: 150}, Limit{Burst: 75, Steady: 750}

	return map[string]Limit{
		createProfile:         large,
		createOrUpdateProfile: large,
		updateProfile:         large,
		getProfiles:           large,
		bulkImportProfiles:    medium,
		getImportJob:          medium,
		getImportErrors:       medium,
	}
}
