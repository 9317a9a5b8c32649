#include "daemon/decision_person.h"

#include <stdio.h>
#include <string.h>

#include "consent/grant.h"
#include "consent/revoke.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/options.pb-c.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;
typedef Throughcare__V1__ConsentGrant__Party consent_party;

/* The generated names are long. */
#define CATEGORY(name) THROUGHCARE__V1__CATEGORY__CATEGORY_##name
#define PURPOSE(name)  THROUGHCARE__V1__PURPOSE__PURPOSE_##name
#define PARTY(name)    THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_##name
#define REGIME(name)   THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_##name

#define DAY_MS          INT64_C(86400000)
#define FIRST_MS        INT64_C(1767225600000) /* 2026-01-01: the first document is signed */
#define NOW_MS          (FIRST_MS + 200 * DAY_MS)
#define EXPIRED_MS      (50 * DAY_MS) /* after the signature, so that it is over NOW_MS */
#define EXPIRES_MS      (1000 * DAY_MS)
#define DOCUMENT_GRANTS 10
#define DOCUMENTS_MAX   128 /* of one person: what keeps ids apart */
#define AGENCIES_A_KIND 8

static char desk_name[] = "intake-1";
static char officer_role[] = "officer";
static char signer_name[] = "Sample Person";
static char how_to_revoke[] = "In writing to the intake desk";
static char no_consequence[] = "None for treatment";
static char worker[] = "w-104";
static char description[] = "Dates of attendance and what the form names";
static char disposition[] = "final_disposition";
static char imposed_by[] = "Superior court";
static char monitor[] = "Supervises the condition";
static char reason[] = "Length of the ordered treatment";

/* ---- the agencies around a person ---- */

enum place { CLINIC, HOSPITAL, PAROLE, COURT, LAB, HOUSING, EMPLOYER, PLACES };

static const struct {
	const char *stem;
	enum agency_kind kind;
} places[PLACES] = {
	[CLINIC] = {"treatment", AGENCY_KIND_TREATMENT},
	[HOSPITAL] = {"hospital", AGENCY_KIND_TREATMENT},
	[PAROLE] = {"parole", AGENCY_KIND_PAROLE},
	[COURT] = {"court", AGENCY_KIND_COURT},
	[LAB] = {"lab", AGENCY_KIND_LAB},
	[HOUSING] = {"housing", AGENCY_KIND_HOUSING},
	[EMPLOYER] = {"employer", AGENCY_KIND_EMPLOYMENT},
};

/* splitmix64 */
static uint64_t mixed(uint64_t number)
{
	number += UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

uint64_t decision_person_draw(uint64_t *sequence)
{
	return mixed((*sequence)++);
}

static unsigned draw(uint64_t *sequence, unsigned below)
{
	return (unsigned)(decision_person_draw(sequence) % below);
}

static tc_agency agency_of(uint64_t person, enum place place)
{
	tc_agency agency = {{0}};

	snprintf(agency.name, sizeof(agency.name), "%s-%u", places[place].stem,
		 1 + (unsigned)(mixed(person * PLACES + place) % AGENCIES_A_KIND));
	return agency;
}

static enum agency_kind kind_of(void *context, const tc_agency *agency)
{
	(void)context;
	for (size_t i = 0; i < PLACES; i++)
		if (strncmp(agency->name, places[i].stem, strlen(places[i].stem)) == 0)
			return places[i].kind;
	return AGENCY_KIND_INTAKE;
}

/* ---- ids: of version 7, and rising in the order of recording as real ones do ---- */

enum id_of { ID_PERSON, ID_CONSENT, ID_GRANT };

static struct tc_id id_make(enum id_of what, uint64_t number)
{
	uint64_t tail = mixed(number * 4 + what);
	struct tc_id id;

	tc_put_be64(id.bytes, ((uint64_t)FIRST_MS + number) << 16 | 0x7000 | (tail & 0xfff));
	tc_put_be64(id.bytes + 8, UINT64_C(1) << 63 | tail >> 2);
	return id;
}

struct tc_id decision_person_id(uint64_t person)
{
	return id_make(ID_PERSON, person);
}

static struct tc_id consent_id(uint64_t person, unsigned document)
{
	return id_make(ID_CONSENT, person * DOCUMENTS_MAX + document);
}

static struct tc_id grant_id(uint64_t person, unsigned grant)
{
	return id_make(ID_GRANT, person * DOCUMENTS_MAX * DOCUMENT_GRANTS + grant);
}

static void proceeding_of(uint64_t person, char to[32])
{
	snprintf(to, 32, "CR-2026-%llu", (unsigned long long)person);
}

/* ---- what a form says ---- */

static const struct line {
	enum place from, to;
	bool role;  /* only this desk of the recipient */
	bool class; /* "my treating providers", of whom `to` is one */
	bool both;  /* and back */
	uint8_t categories[DECISION_PERSON_PARTS_MAX];
	uint8_t purposes[2];
} lines[DOCUMENT_GRANTS] = {
	{.from = CLINIC,
	 .to = PAROLE,
	 .categories = {CATEGORY(ATTENDANCE), CATEGORY(PROGRESS), CATEGORY(REFERRAL_FACT)},
	 .purposes = {PURPOSE(SUPERVISION_MONITORING), PURPOSE(REFERRAL_COORDINATION)}},
	{.from = CLINIC,
	 .to = PAROLE,
	 .role = true,
	 .categories = {CATEGORY(DRUG_TEST), CATEGORY(MEDICATION), CATEGORY(SUD_TREATMENT)},
	 .purposes = {PURPOSE(SUPERVISION_MONITORING), PURPOSE(CARE_MANAGEMENT)}},
	{.from = CLINIC,
	 .to = COURT,
	 .categories = {CATEGORY(ATTENDANCE), CATEGORY(PROGRESS), CATEGORY(REFERRAL_FACT)},
	 .purposes = {PURPOSE(SUPERVISION_MONITORING), PURPOSE(REFERRAL_COORDINATION)}},
	{.from = CLINIC,
	 .to = PAROLE,
	 .categories = {CATEGORY(SUD_DIAGNOSIS), CATEGORY(SUD_TREATMENT), CATEGORY(PROGRESS)},
	 .purposes = {PURPOSE(SUPERVISION_MONITORING), PURPOSE(CARE_MANAGEMENT)}},
	{.from = CLINIC,
	 .to = HOSPITAL,
	 .class = true,
	 .categories = {CATEGORY(SUD_TREATMENT), CATEGORY(MEDICATION), CATEGORY(MEDICAL_OTHER)},
	 .purposes = {PURPOSE(TREATMENT), PURPOSE(PAYMENT)}},
	{.from = LAB,
	 .to = CLINIC,
	 .categories = {CATEGORY(DRUG_TEST), CATEGORY(IDENTITY), CATEGORY(MEDICAL_OTHER)},
	 .purposes = {PURPOSE(TREATMENT), PURPOSE(CARE_MANAGEMENT)}},
	{.from = HOSPITAL,
	 .to = CLINIC,
	 .both = true,
	 .categories = {CATEGORY(MENTAL_HEALTH), CATEGORY(MEDICAL_OTHER), CATEGORY(MEDICATION)},
	 .purposes = {PURPOSE(TREATMENT), PURPOSE(CARE_MANAGEMENT)}},
	{.from = PAROLE,
	 .to = HOUSING,
	 .categories = {CATEGORY(IDENTITY), CATEGORY(CONTACT), CATEGORY(RISK_ASSESSMENT)},
	 .purposes = {PURPOSE(REFERRAL_COORDINATION), PURPOSE(CARE_MANAGEMENT)}},
	{.from = HOUSING,
	 .to = PAROLE,
	 .both = true,
	 .categories = {CATEGORY(HOUSING), CATEGORY(CONTACT), CATEGORY(BENEFITS_FINANCE)},
	 .purposes = {PURPOSE(CARE_MANAGEMENT), PURPOSE(SUPERVISION_MONITORING)}},
	{.from = EMPLOYER,
	 .to = PAROLE,
	 .categories = {CATEGORY(EMPLOYMENT_EDUCATION), CATEGORY(CONTACT),
			CATEGORY(BENEFITS_FINANCE)},
	 .purposes = {PURPOSE(SUPERVISION_MONITORING), PURPOSE(CARE_MANAGEMENT)}},
};

/* What has become of a document, by its number in the row of the person's documents. */
enum fate { FATE_IN_FORCE, FATE_PROCEEDING, FATE_EXPIRED, FATE_REVOKED, FATE_AUTHORIZATION, FATES };

static enum fate fate_of(unsigned document)
{
	return (enum fate)(document % FATES);
}

/* Whom the line is between. Under 42 CFR 2.35 only those who watch over a condition are told. */
static void line_ends(const struct line *line, uint64_t person, enum fate fate, enum place *from,
		      enum place *to)
{
	bool told_condition = line->to == PAROLE || line->to == COURT;

	*from = line->from;
	*to = line->to;
	if (decision_person_shape(person) == DECISION_ONE_PAIR) {
		*from = CLINIC;
		*to = PAROLE;
	} else if (fate == FATE_PROCEEDING && !told_condition) {
		*to = COURT;
	}
}

/* One document and everything that it points to. */
struct paper {
	consent_document document;
	Throughcare__V1__ConsentGrant__Signature signature;
	Throughcare__V1__ConsentGrant__Statements statements;
	Throughcare__V1__ConsentGrant__Expiry expiry;
	Throughcare__V1__ConsentGrant__RevocableFrom revocable_from;
	Google__Protobuf__Timestamp signed_at;
	Google__Protobuf__Timestamp ends_at;
	char id[TC_ID_TEXT_BYTES];
	char proceeding[32];
	consent_grant *list[DOCUMENT_GRANTS];
	struct paper_grant {
		consent_grant grant;
		consent_party from, to;
		consent_party *from_list[1], *to_list[1];
		tc_agency from_agency, to_agency;
		char id[TC_ID_TEXT_BYTES];
		Throughcare__V1__Category categories[DECISION_PERSON_PARTS_MAX];
		Throughcare__V1__Purpose purposes[2];
	} grants[DOCUMENT_GRANTS];
};

static void write_parties(struct paper_grant *to, const struct line *line, uint64_t person,
			  enum fate fate)
{
	bool spread = decision_person_shape(person) == DECISION_SPREAD;
	bool class = line->class && spread && fate != FATE_PROCEEDING;
	enum place from, at;

	line_ends(line, person, fate, &from, &at);
	to->from_agency = agency_of(person, from);
	to->to_agency = agency_of(person, at);
	throughcare__v1__consent_grant__party__init(&to->from);
	throughcare__v1__consent_grant__party__init(&to->to);
	to->from.has_kind = to->to.has_kind = 1;
	to->from.kind = PARTY(AGENCY);
	to->from.agency = to->from_agency.name;
	to->to.kind = class ? PARTY(CLASS_TREATING) : PARTY(AGENCY);
	if (!class)
		to->to.agency = to->to_agency.name;
	if (line->role) {
		to->to.kind = PARTY(ROLE_IN_AGENCY);
		to->to.role = officer_role;
	}
	to->from_list[0] = &to->from;
	to->to_list[0] = &to->to;
	to->grant.disclosers = to->from_list;
	to->grant.recipients = to->to_list;
	to->grant.n_disclosers = to->grant.n_recipients = 1;
	to->grant.has_direction = 1;
	to->grant.direction = line->both && spread && fate != FATE_PROCEEDING
				      ? THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY
				      : THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_ONE_WAY;
}

static void write_grant(struct paper *paper, unsigned position, uint64_t person, unsigned number,
			enum fate fate)
{
	const struct line *line = &lines[number % DOCUMENT_GRANTS];
	struct paper_grant *to = &paper->grants[position];
	consent_grant *grant = &to->grant;

	throughcare__v1__consent_grant__grant__init(grant);
	tc_id_format(grant_id(person, number), to->id);
	grant->grant_id = to->id;
	write_parties(to, line, person, fate);
	for (size_t i = 0; i < DECISION_PERSON_PARTS_MAX; i++)
		to->categories[i] = (Throughcare__V1__Category)line->categories[i];
	for (size_t i = 0; i < 2; i++)
		to->purposes[i] = (Throughcare__V1__Purpose)line->purposes[i];
	grant->categories = to->categories;
	grant->n_categories = DECISION_PERSON_PARTS_MAX;
	grant->purposes = to->purposes;
	grant->n_purposes = 2;
	grant->has_intermediary_named = grant->intermediary_named = 1;
	grant->description = description;
	grant->expiry = &paper->expiry;
	if (fate == FATE_PROCEEDING) {
		grant->proceeding_id = paper->proceeding;
		grant->revocable_from = &paper->revocable_from;
		grant->imposing_authority = imposed_by;
		grant->monitor_role = monitor;
		grant->duration_reason = reason;
	}
	paper->list[position] = grant;
}

static void write_signature(struct paper *paper, int64_t signed_ms, enum fate fate)
{
	google__protobuf__timestamp__init(&paper->signed_at);
	google__protobuf__timestamp__init(&paper->ends_at);
	paper->signed_at.seconds = signed_ms / 1000;
	paper->ends_at.seconds =
		(signed_ms + (fate == FATE_EXPIRED ? EXPIRED_MS : EXPIRES_MS)) / 1000;
	throughcare__v1__consent_grant__expiry__init(&paper->expiry);
	paper->expiry.at = &paper->ends_at;
	throughcare__v1__consent_grant__revocable_from__init(&paper->revocable_from);
	paper->revocable_from.event_code = disposition;
	throughcare__v1__consent_grant__signature__init(&paper->signature);
	paper->signature.signer = signer_name;
	paper->signature.has_capacity = paper->signature.has_method = 1;
	paper->signature.capacity = THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_SELF;
	paper->signature.method = THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_INK;
	paper->signature.signed_at = &paper->signed_at;
	throughcare__v1__consent_grant__statements__init(&paper->statements);
	paper->statements.has_revocation_right = paper->statements.revocation_right = 1;
	paper->statements.has_redisclosure_warning = paper->statements.redisclosure_warning = 1;
	paper->statements.how_to_revoke = how_to_revoke;
	paper->statements.refusal_consequence = no_consequence;
}

/* Grants number `document` * DOCUMENT_GRANTS and on, as far as the person has that many. */
static void write_paper(struct paper *paper, uint64_t person, unsigned document, unsigned grants,
			int64_t signed_ms)
{
	static const Throughcare__V1__ConsentRegime regimes[FATES] = {
		[FATE_IN_FORCE] = REGIME(PART2),
		[FATE_PROCEEDING] = REGIME(PART2_CJ),
		[FATE_EXPIRED] = REGIME(PART2),
		[FATE_REVOKED] = REGIME(PART2),
		[FATE_AUTHORIZATION] = REGIME(HIPAA_AUTH),
	};
	unsigned first = document * DOCUMENT_GRANTS;
	enum fate fate = fate_of(document);
	consent_document *to = &paper->document;

	throughcare__v1__consent_grant__init(to);
	tc_id_format(consent_id(person, document), paper->id);
	proceeding_of(person, paper->proceeding);
	write_signature(paper, signed_ms, fate);
	to->consent_id = paper->id;
	to->has_version = to->has_status = to->has_regime = 1;
	to->version = 1;
	to->subject_name_as_signed = signer_name;
	to->status = THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ACTIVE;
	to->regime = regimes[fate];
	to->signature = &paper->signature;
	to->given_to_agency = desk_name;
	to->given_to_user = worker;
	to->statements = &paper->statements;
	for (unsigned i = 0; i < DOCUMENT_GRANTS && first + i < grants; i++) {
		write_grant(paper, i, person, first + i, fate);
		to->n_grants = i + 1;
	}
	to->grants = paper->list;
}

/* ---- recording ---- */

static int pack(const ProtobufCMessage *message, struct tc_bytes *to)
{
	to->len = 0;
	if (tc_bytes_reserve(to, protobuf_c_message_get_packed_size(message)) != 0)
		return TC_ENOMEM;
	to->len = protobuf_c_message_pack(message, to->data);
	return 0;
}

static int revoke(struct store_txn *txn, const struct consent_tables *tables,
		  const struct consent_arrival *recorded, char *consent, struct tc_bytes *packed)
{
	Throughcare__V1__ConsentRevoke document = THROUGHCARE__V1__CONSENT_REVOKE__INIT;
	struct revoke_arrival arrival = {
		.subject = recorded->subject,
		.sender = recorded->sender,
		.sender_kind = recorded->sender_kind,
		.policy = recorded->policy,
		.now_ms = recorded->now_ms + DAY_MS,
	};
	struct grant_changes changes = {0}, pending = {0};
	struct tc_refusal refusal;
	int r;

	document.consent_id = consent;
	document.has_by = document.has_method = 1;
	document.by = THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_SELF;
	document.method = THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_INK;
	r = pack(&document.base, packed);
	if (r == 0) {
		arrival.document = tc_bytes_slice(packed);
		r = consent_revoke(txn, tables, &arrival, &changes, &pending, &refusal);
	}
	grant_changes_free(&changes);
	grant_changes_free(&pending);
	return r > 0 ? TC_EINVAL : r;
}

int decision_person_record(struct store_txn *txn, const struct consent_tables *tables,
			   const struct policy *policy, uint64_t person, unsigned grants)
{
	unsigned documents = (grants + DOCUMENT_GRANTS - 1) / DOCUMENT_GRANTS;
	tc_agency desk = {{0}};
	struct consent_arrival arrival = {
		.subject = decision_person_id(person),
		.sender = &desk,
		.sender_kind = AGENCY_KIND_INTAKE,
		.policy = policy,
		.kind_of = kind_of,
	};
	struct grant_changes ended = {0};
	struct tc_bytes packed = {0};
	struct tc_refusal refusal;
	int r = 0;

	if (documents > DOCUMENTS_MAX)
		return TC_EINVAL;
	memcpy(desk.name, desk_name, sizeof(desk_name));
	for (unsigned i = 0; r == 0 && i < documents; i++) {
		struct paper paper;

		arrival.now_ms = FIRST_MS + i * DAY_MS;
		arrival.sequence = person * DOCUMENTS_MAX + i;
		write_paper(&paper, person, i, grants, arrival.now_ms);
		r = pack(&paper.document.base, &packed);
		if (r == 0) {
			arrival.document = tc_bytes_slice(&packed);
			r = consent_record(txn, tables, &arrival, &ended, &refusal);
		}
		if (r == 0 && fate_of(i) == FATE_REVOKED)
			r = revoke(txn, tables, &arrival, paper.id, &packed);
	}
	grant_changes_free(&ended);
	tc_bytes_free(&packed);
	/* A refusal means that these documents and the checks have parted: a fault of ours. */
	return r > 0 ? TC_EINVAL : r;
}

/* ---- asking ---- */

void decision_person_ask(uint64_t person, unsigned grants, uint64_t *sequence,
			 struct decision_question *ret)
{
	unsigned most = grants < DOCUMENT_GRANTS ? grants : DOCUMENT_GRANTS;
	const struct line *line = &lines[draw(sequence, most)];
	struct decision_request *request = &ret->request;
	enum place from, to;

	line_ends(line, person, FATE_IN_FORCE, &from, &to);
	/* Back, which most forms do not allow; of one pair it would find nothing to weigh. */
	if (decision_person_shape(person) == DECISION_SPREAD && draw(sequence, 16) == 0) {
		enum place other = from;

		from = to;
		to = other;
	}
	ret->sender = agency_of(person, from);
	ret->recipient = agency_of(person, to);
	*request = (struct decision_request){
		.sender = &ret->sender,
		.sender_kind = places[from].kind,
		.recipient = &ret->recipient,
		.recipient_kind = places[to].kind,
		.subject = decision_person_id(person),
		.purpose = line->purposes[draw(sequence, 2)],
		.categories = ret->categories,
		.part_count = 1 + draw(sequence, DECISION_PERSON_PARTS_MAX),
		.message = true,
		.now_ms = NOW_MS,
	};
	for (size_t i = 0; i < request->part_count; i++)
		ret->categories[i] = line->categories[draw(sequence, DECISION_PERSON_PARTS_MAX)];
	if (draw(sequence, 8) == 0)
		ret->categories[request->part_count - 1] =
			(uint8_t)(1 + draw(sequence, POLICY_CATEGORY_COUNT - 1));
	if (draw(sequence, 16) == 0)
		request->purpose = PURPOSE(AT_REQUEST);
	if (line->role || draw(sequence, 4) == 0)
		request->recipient_role = tc_slice_text(officer_role);
	if (draw(sequence, 4) == 0) {
		proceeding_of(person, ret->proceeding);
		request->proceeding = tc_slice_text(ret->proceeding);
	}
	if (decision_person_shape(person) == DECISION_SPREAD && draw(sequence, 16) == 0)
		request->grant = grant_id(person, draw(sequence, grants));
}
