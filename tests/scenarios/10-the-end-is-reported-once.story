The end is reported once

End-of-service reports came twice, and the second overwrote the first. Here sending the same message again
gives the first receipt, and a second report after the end is kept as late news that moves nothing.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor moves ROOM start
housing-harbor moves ROOM complete --outcome outcome-1=achieved
expect ROOM is COMPLETED for parole-north
expect parole-north gets OutcomeReport about ROOM
housing-harbor sends OutcomeReport about ROOM with endState=ended_early, reasonCode=not_engaged
expect ROOM is COMPLETED for parole-north
expect parole-north gets OutcomeReport about ROOM with endState=ended_early
expect refused illegal_transition: housing-harbor moves ROOM start
parole-north moves ROOM close
expect refused illegal_transition: parole-north moves ROOM close
