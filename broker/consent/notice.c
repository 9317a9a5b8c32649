#include "consent/notice.h"

#include <stddef.h>

static const struct notice notices[NOTICE_COUNT] = {
	[NOTICE_PART2_LONG] =
		{
			"42cfr2.32-1",
			"2024-04-16",
			"us",
			"This record which has been disclosed to you is protected by Federal "
			"confidentiality rules (42 CFR part 2). These rules prohibit you from "
			"using or "
			"disclosing this record, or testimony that describes the information "
			"contained "
			"in this record, in any civil, criminal, administrative, or legislative "
			"proceedings by any Federal, State, or local authority, against the "
			"patient, "
			"unless authorized by the consent of the patient, except as provided at 42 "
			"CFR "
			"2.12(c)(5) or as authorized by a court in accordance with 42 CFR 2.64 or "
			"2.65. "
			"In addition, the Federal rules prohibit you from making any other use or "
			"disclosure of this record unless at least one of the following applies: "
			"(i) "
			"Further use or disclosure is expressly permitted by the written consent "
			"of the "
			"individual whose information is being disclosed in this record or as "
			"otherwise "
			"permitted by 42 CFR part 2. (ii) You are a covered entity or business "
			"associate "
			"and have received the record for treatment, payment, or health care "
			"operations, or "
			"(iii) You have received the record from a covered entity or business "
			"associate "
			"as permitted by 45 CFR part 164, subparts A and E. A general "
			"authorization for "
			"the release of medical or other information is NOT sufficient to meet the "
			"required elements of written consent to further use or redisclose the "
			"record "
			"(see 42 CFR 2.31).",
		},
	[NOTICE_PART2_SHORT] =
		{
			"42cfr2.32-2",
			"2024-04-16",
			"us",
			"42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
		},
	[NOTICE_CONSENT_COPY] =
		{
			"consent-copy",
			"2",
			"us",
			"The scope of the person's consent goes with this disclosure, and the "
			"digest by which a copy of the signed document is known (42 CFR 2.32(b)).",
		},
	[NOTICE_SCOPE_TEXT] =
		{
			"consent-scope",
			"1",
			"us",
			"An explanation of the scope of the person's consent goes with this "
			"disclosure "
			"(42 CFR 2.32(b)).",
		},
	[NOTICE_REDISCLOSE_NONE] =
		{
			"redisclose-none",
			"1",
			"us",
			"Do not pass this on.",
		},
	[NOTICE_REDISCLOSE_OFFICIAL_DUTY] =
		{
			"redisclose-official-duty",
			"1",
			"us",
			"Use this and pass it on only to carry out official duties about the "
			"conditional "
			"release or other action that the consent names (42 CFR 2.35(d)).",
		},
	[NOTICE_REDISCLOSE_HIPAA] =
		{
			"redisclose-hipaa",
			"1",
			"us",
			"A covered entity or business associate may pass this on as the HIPAA "
			"rules allow, "
			"except in proceedings against the person (42 CFR 2.33(b)).",
		},
	[NOTICE_REDISCLOSE_AS_STATED] =
		{
			"redisclose-as-stated",
			"1",
			"us",
			"Pass this on only as the person's consent states.",
		},
};

const struct notice *notice_get(enum notice_code code)
{
	return (unsigned)code < NOTICE_COUNT ? &notices[code] : NULL;
}
