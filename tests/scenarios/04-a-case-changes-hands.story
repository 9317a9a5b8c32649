A case changes hands

An officer goes on leave. All that she has is given to two colleagues, each list shows it at once, and the
referral remembers who had it before. The other agency learns nothing of that.
---
person Jordan, Sam
parole-north refers Jordan to housing-harbor as ONE
parole-north refers Sam to housing-harbor as TWO
housing-harbor collects
expect rows of parole-north: caseload --officer w-7: nothing
parole-north runs referral assign {ONE} --to w-8 --team east --reason workload --actor boss-1
expect rows of parole-north: caseload --officer w-8: ONE
parole-north runs referral assign --from w-104 --to w-7 --reason leave --actor boss-1
expect rows of parole-north: caseload --officer w-104: nothing
expect rows of parole-north: caseload --officer w-7: TWO
expect rows of parole-north: caseload --team east: ONE
expect parole-north: referral show {TWO} with officer=w-7, assignments.officer=w-104, assignments.reasonCode=leave, assignments.by=boss-1
expect no row of housing-harbor: referral show {TWO} with officer=w-7
expect no row of housing-harbor: referral show {TWO} with assignments.officer=w-104
expect refused unknown_referral: probation-west runs referral assign {ONE} --to w-1 --reason workload --actor w-1
expect refused usage: parole-north runs referral assign --to w-1 --reason workload
# What an officer has is found by the team, too; after that it is the new officer's.
expect refused field_invalid: parole-north runs caseload --whose-move mine
