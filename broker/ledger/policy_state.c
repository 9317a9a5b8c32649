#include "ledger/policy_state.h"

#include "ledger/state.h"

int policy_state_default(struct policy **ret)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	int r = policy_compile(policy_default(), ret, &refusal);

	return r > 0 ? TC_ECORRUPT : r;
}

int ledger_policy_open(struct ledger *ledger)
{
	return policy_state_default(&ledger->policy);
}
