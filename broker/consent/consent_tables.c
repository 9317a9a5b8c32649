#include "consent/consent_tables.h"

int consent_tables_open(struct store *store, struct consent_tables *ret)
{
	const struct {
		const char *name;
		struct store_table *table;
	} tables[CONSENT_TABLES_COUNT] = {
		{"consents", &ret->consents},       {"consent_grants", &ret->grants},
		{"consent_pairs", &ret->pairs},     {"consent_over", &ret->over},
		{"consent_members", &ret->members}, {"consent_subjects", &ret->subjects},
		{"consent_seen", &ret->seen},       {"consent_proceedings", &ret->proceedings},
		{"consent_events", &ret->events},   {"consent_unsettled", &ret->unsettled},
		{"consent_courts", &ret->courts},   {"consent_happened", &ret->happened},
	};

	for (unsigned i = 0; i < CONSENT_TABLES_COUNT; i++) {
		int r = store_table_open(store, tables[i].name, tables[i].table);

		if (r != 0)
			return r;
	}
	return 0;
}
