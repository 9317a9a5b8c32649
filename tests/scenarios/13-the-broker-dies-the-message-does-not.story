The broker dies, the message does not

A crash used to leave messages "processing" for ever, or delivered twice. Here a receipt is given only for
what is on disk, a kill changes nothing that was said, and what was lent out is offered again.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
the broker is killed
expect ROOM is REQUESTED for parole-north
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
the broker is killed
expect ROOM is RECEIVED for parole-north
expect parole-north gets ReferralResponse about ROOM
# Acknowledged is acknowledged: it does not come twice.
the broker is killed
expect parole-north gets no ReferralResponse about ROOM
expect housing-harbor gets no Referral about ROOM
