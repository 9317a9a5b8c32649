Late news stands where it belongs

A report that comes late used to overwrite what had happened since, or was thrown away. Here it is kept, stands
in the timeline where it happened, and opens nothing that has ended: that takes a new referral which follows.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor moves ROOM start
housing-harbor moves ROOM end --reason moved --outcome outcome-1=partial
expect ROOM is ENDED_EARLY for parole-north
housing-harbor sends ProgressReport about ROOM for referral_coordination with header.occurredAt=-1h
expect ROOM is ENDED_EARLY for parole-north
expect refused illegal_transition: housing-harbor moves ROOM resume
parole-north moves ROOM close
parole-north refers Jordan to housing-harbor as AGAIN with predecessorId={ROOM}
expect housing-harbor gets Referral about AGAIN
expect parole-north: referral show {AGAIN} with predecessor={ROOM}
expect AGAIN is REQUESTED for housing-harbor
expect ROOM is ENDED_EARLY for housing-harbor
