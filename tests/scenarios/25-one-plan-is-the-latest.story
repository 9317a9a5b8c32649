One plan is the latest

Two versions of a plan both stood as "the latest", and somebody repaired it by hand. Here a referral has one open
plan: while it waits for an answer no other is taken, a returned one comes back under its own name, and what was
approved is not decided again.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
housing-harbor collects
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor sends PlanProposed about ROOM for referral_coordination with planId=plan-1
expect refused illegal_transition: housing-harbor sends PlanProposed about ROOM for referral_coordination with planId=plan-2
expect refused illegal_transition: housing-harbor sends PlanProposed about ROOM for referral_coordination with planId=plan-1
expect parole-north gets PlanProposed about ROOM with planId=plan-1
parole-north sends PlanDecision about ROOM for referral_coordination with planId=plan-1, verdict=returned, reasonText="Evenings only"
expect housing-harbor gets PlanDecision about ROOM with verdict=returned
housing-harbor sends PlanProposed about ROOM for referral_coordination with planId=plan-1, sessions=6
expect parole-north gets PlanProposed about ROOM with planId=plan-1, sessions=6
parole-north sends PlanDecision about ROOM for referral_coordination with planId=plan-1, verdict=approved
expect housing-harbor gets PlanDecision about ROOM with verdict=approved
expect refused unknown_plan: parole-north sends PlanDecision about ROOM for referral_coordination with planId=plan-1, verdict=returned, reasonText="Too late"
expect refused unknown_plan: parole-north sends PlanDecision about ROOM for referral_coordination with planId=plan-9, verdict=approved
