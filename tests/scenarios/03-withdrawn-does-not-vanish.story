Withdrawn does not vanish

In Refer-and-monitor a referral that was withdrawn before anybody was assigned disappeared from every
list. Here what has ended stays on the source's list until it has seen how, and leaves the target's; and
one list without what has ended is a choice, not an accident.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
housing-harbor collects
parole-north moves ROOM cancel --reason needs_met_elsewhere
expect ROOM is CANCELLED for parole-north
expect housing-harbor gets ReferralCancel about ROOM
expect rows of parole-north: caseload: ROOM
expect rows of parole-north: caseload --open: nothing
expect rows of housing-harbor: caseload: nothing
expect parole-north: caseload with nextStep="acknowledge or dispute how it ended"
parole-north moves ROOM close
expect rows of parole-north: caseload: nothing
expect ROOM is CANCELLED for housing-harbor
