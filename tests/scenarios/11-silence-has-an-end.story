Silence has an end

Requests stayed "sent" for ever. Here every open referral has an owner of the next move and a clock: who has
the move is reminded, both sides hear when it is late, and what nobody ever opened expires.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
expect ROOM is due in 2 working days for housing-harbor
after 1 working days
expect housing-harbor gets ClockNotice about ROOM with kind=reminder, clock=receipt
expect parole-north gets no ClockNotice about ROOM
after 1 working days
expect housing-harbor gets ClockNotice about ROOM with kind=overdue
expect parole-north gets ClockNotice about ROOM with kind=overdue, nextMove=housing-harbor
expect ROOM is REQUESTED for parole-north
after 6 working days
expect ROOM is EXPIRED for parole-north
expect ROOM waits for parole-north for parole-north
expect ROOM for parole-north shows REQUESTED, EXPIRED
