Who comes alone is referred too

People come through the door without anybody having referred them, and the work done for them was in nobody's
figures. Here the intake desk refers them in their own name, with their own word going along, and sees how it ended.
---
person Jordan
intake-desk refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
expect intake-desk gets ReferralResponse about ROOM with status=received
housing-harbor moves ROOM accept
expect ROOM is ACCEPTED for intake-desk
expect rows of intake-desk: caseload: ROOM
# Nobody else, an officer neither, learns of it.
expect parole-north does not see ROOM
expect rows of parole-north: caseload: nothing
intake-desk moves ROOM cancel --reason needs_met_elsewhere
expect housing-harbor gets ReferralCancel about ROOM
expect ROOM is CANCEL_REQUESTED for housing-harbor
housing-harbor moves ROOM confirm-cancel
expect ROOM is CANCELLED for intake-desk
intake-desk moves ROOM close
expect rows of intake-desk: caseload: nothing
