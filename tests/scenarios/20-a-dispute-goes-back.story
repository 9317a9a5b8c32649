A dispute goes back

A provider says "got help", the person says they never had a room. The office does not have to take the end as
it was reported: it disputes it with a reason, the provider answers, and only then is the loop closed.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor moves ROOM start
housing-harbor moves ROOM complete --outcome outcome-1=achieved
expect rows of housing-harbor: caseload: nothing
parole-north moves ROOM dispute --reason outcome_not_seen
expect housing-harbor gets LoopClosed about ROOM with decision=disputed
expect ROOM waits for housing-harbor for parole-north
expect rows of housing-harbor: caseload --officer w-21: ROOM
expect housing-harbor: caseload with nextStep="answer the dispute"
housing-harbor sends OutcomeReport about ROOM with endState=completed, outcomes.0.desiredId=outcome-1, outcomes.0.achievement=partial
expect ROOM waits for parole-north for housing-harbor
parole-north moves ROOM close
expect rows of parole-north: caseload: nothing
expect rows of housing-harbor: caseload: nothing
