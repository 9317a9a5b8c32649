Accepted is not moved in

HMIS counts a referral as successful when the provider has accepted it, and warns itself that many of
these people were never housed. Here only an outcome report ends a referral as completed, and only the
office that referred closes it.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
expect ROOM is ACCEPTED for parole-north
expect ROOM waits for housing-harbor for parole-north
expect refused outcome_missing: parole-north moves ROOM close
expect refused illegal_transition: housing-harbor moves ROOM complete --outcome outcome-1=achieved
housing-harbor moves ROOM start
housing-harbor moves ROOM complete --outcome outcome-1=achieved
expect ROOM is COMPLETED for parole-north
# The loop is a work queue of its own until the source has seen how it ended.
expect ROOM waits for parole-north for parole-north
parole-north moves ROOM close
expect ROOM waits for nobody for housing-harbor
